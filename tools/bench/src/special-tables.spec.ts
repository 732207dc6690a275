import { describe, expect, it } from '@jest/globals';
import { benchResult, emptyResult } from './bench-result.ts';
import { certificateTable } from './certificate-table.ts';
import { idleTable } from './idle-table.ts';
import { startsOf } from './measure-startup.ts';
import { lostAnswersLines } from './refunds-table.ts';
import { rollingTable } from './rolling-table.ts';
import { startupTable } from './startup-table.ts';
import { waitingTable } from './waiting-table.ts';

const about = { mode: 'distributed', commit: 'abc1234', cores: 2 } as const;

describe('the starts of a service', () => {
  const starts = [
    { servingMs: 1_400, readyMs: 1_900, cpuMs: 900, rssMb: 150 },
    { servingMs: 1_300, readyMs: 3_100, cpuMs: null, rssMb: 152 },
    { servingMs: 1_500, readyMs: 1_800, cpuMs: 1_000, rssMb: 151 },
  ];

  it('are told by the middle, the least and the most, and miss the aim when one of them does', () => {
    const found = startsOf(starts);
    if (found === undefined) throw new Error('there were starts');
    expect(found).toMatchObject({ times: 3, ready_ms: { least: 1_800, median: 1_900, most: 3_100 } });
    const quick = startsOf(starts.slice(0, 1));
    const result = {
      ...emptyResult({ name: 'startup', ...about }),
      startup: { kaspi: found, ...(quick === undefined ? {} : { gateway: quick }) },
    };
    expect(benchResult.parse(result)).toEqual(result);
    const table = startupTable(result, []);
    expect(table).toMatch(/kaspi +3 +1400 \(1300 … 1500\) +1900 \(1800 … 3100\) +900 \(900 … 1000\) .* no\n/);
    expect(table).toMatch(/gateway +1 +1400 .* yes\n/);
  });

  it('are nothing where the time was over before the first', () => {
    expect(startsOf([])).toBeUndefined();
  });
});

describe('a house with nothing to do', () => {
  it('is shown by process, with what was asked of the stores each second, a dash where that is unknown', () => {
    const result = {
      ...emptyResult({ name: 'idle', ...about }),
      rss_mb: { kaspi: 140, kafka: 400 },
      idle: {
        ...{
          seconds: 60,
          cpu_percent: { kaspi: 0.85, kafka: null },
          wake_ups_per_second: { kaspi: 30.5, kafka: null },
        },
        ...{ statements_per_second: 2.5, redis_commands_per_second: null },
        ...{ kafka_bytes_per_second: 0, wal_bytes_per_second: 12 },
      },
    };
    expect(benchResult.parse(result)).toEqual(result);
    const counts = {
      statements: [{ query: 'SELECT claim()', calls: 150, totalMs: 6, walRecords: 0 }],
      ...{ outboxRows: 0, progressEvents: 0, walBytes: 720 },
    };
    const table = idleTable(result, { counts, shared: undefined, seconds: 60, othersCores: 0 });
    expect(table).toMatch(/kaspi +0\.85 +140 +30\.5\n/);
    expect(table).toMatch(/kafka +- +400 +-\n/);
    expect(table).toMatch(/commands of Redis +-\n/);
    expect(table).toMatch(/reads +2\.500 +0\.100 +SELECT claim\(\)/);
  });
});

describe('a rolling restart', () => {
  const latency = { p50: 10, p95: 40, p99: 900 };
  const result = {
    ...emptyResult({ name: 'rolling', ...about }),
    steps: [{ rate: 50, sent: 3_000, ok: 2_999, errors: 1 }],
    latency_ms: { create_to_qr: latency, button_to_door: null, fact_to_till: latency },
    errors: 1,
    rolling: {
      ...{ rate: 50, restarts_ms: 9_000, during_payments: 470 },
      restarts: [{ process: 'kaspi-1', stop_ms: 700, start_ms: 2_100 }],
      during: { create_to_qr: { p50: 12, p95: 300, p99: 2_500 }, fact_to_till: null },
    },
  };

  it('is shown with what failed, apart for the time of the restarts, and with each of them', () => {
    expect(benchResult.parse(result)).toEqual(result);
    const table = rollingTable(result, ['the first error: POST answered 503']);
    expect(table).toContain('Failed requests: 1 (aim: 0)');
    expect(table).toContain('Note: the first error: POST answered 503');
    expect(table).toMatch(/create → QR, whole run +10\.0 +40\.0 +900\.0/);
    expect(table).toMatch(/create → QR, during the restarts +12\.0 +300\.0 +2500\.0/);
    expect(table).toMatch(/kaspi-1 +700 +2100\n/);
  });
});

describe('a certificate that is replaced under load', () => {
  it('is shown with what failed, apart for the payments that were under way meanwhile, and how long each took', () => {
    const latency = { p50: 10, p95: 40, p99: 90 };
    const result = {
      ...emptyResult({ name: 'certificate', ...about }),
      steps: [{ rate: 100, sent: 3_000, ok: 3_000, errors: 0 }],
      latency_ms: { create_to_qr: latency, button_to_door: null, fact_to_till: null },
      certificate: {
        ...{ rate: 100, replacements_ms: [180, 210], during_payments: 1_040 },
        during: { create_to_qr: { p50: 11, p95: 42, p99: 95 }, fact_to_till: null },
      },
    };
    expect(benchResult.parse(result)).toEqual(result);
    const table = certificateTable(result, []);
    expect(table).toContain('100 payments/s: 3000 sent, 1040 of them');
    expect(table).toContain('Failed requests: 0 (aim: 0)');
    expect(table).toMatch(/create → QR, during the replacements +11\.0 +42\.0 +95\.0\n/);
    expect(table).toMatch(/\n {2}2 +210\n/);
  });
});

describe('refunds whose answers are lost', () => {
  it('are shown by how they ended, with what the books say differently and what went back twice', () => {
    const withLost = {
      ...{ sent: 300, lost: 20, ended: { succeeded: 299, failed: 1 } },
      ...{ lost_took_ms: { p50: 10_400, p95: 31_000, p99: 33_500 }, disagreements: 1, returned_twice: 0 },
    };
    const lines = lostAnswersLines(withLost);
    expect(lines).toContain('with 20 answers lost: 300 sent');
    expect(lines).toMatch(/succeeded +299\n +failed +1\n/);
    expect(lines).toMatch(/told differently by the bank \(aim: 0\) +1\n/);
    expect(lines).toMatch(/returned twice \(aim: 0\) +0\n/);
    expect(lines).toContain('p50 10400 ms, p99 33500 ms');
  });
});

describe('payments that wait for their buyers', () => {
  const result = {
    ...emptyResult({ name: 'waiting', ...about }),
    waiting: {
      ...{ payments: 100_000, interval_s: 60, seconds: 120, questions: 200_000, questions_per_second: 1_666.7 },
      lateness_ms: { p50: 12, p95: 60, p99: 110 },
      cpu_ms_per_question: { kaspi: 0.3, redis: null },
      bytes_per_payment: { kaspi: 12, 'redis, as it says': 640 },
      rows_written: 0,
    },
  };

  it('are shown with lateness, CPU and memory for each, and what PostgreSQL wrote', () => {
    expect(benchResult.parse(result)).toEqual(result);
    const table = waitingTable(result, { notes: ['a note'], statements: [], othersCores: 0.5 });
    expect(table).toContain('Note: a note');
    expect(table).toContain('200000 questions, 1666.7/s; other programs kept 0.50 cores busy');
    expect(table).toContain('Rows written by PostgreSQL: 0 (aim: 0)');
    expect(table).toMatch(/question later than due +12\.0 +60\.0 +110\.0\n/);
    expect(table).toMatch(/kaspi +0\.300\n +redis +-\n/);
    expect(table).toMatch(/redis, as it says +640\n/);
  });

  it('have no rows to count where no database took part', () => {
    const alone = { ...result, waiting: { ...result.waiting, rows_written: null } };
    expect(waitingTable(alone, { notes: [], statements: [], othersCores: null })).toContain('PostgreSQL: - (aim: 0)');
  });
});
