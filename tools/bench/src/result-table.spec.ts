import { describe, expect, it } from '@jest/globals';
import type { Measurement } from './measurement.ts';
import { resultOf } from './result-of.ts';
import { resultTable } from './result-table.ts';

const unknown = { standalone: null, postgres: null, sandbox: null, load_generator: null };
const about = { name: 'payments', mode: 'embedded', commit: null, cores: 2 } as const;
const measurement: Measurement = {
  operation: 'payment',
  goodRate: 75,
  notes: ['the steps ended at 100/s: 3 errors'],
  steps: [],
  run: {
    ...{ outcome: undefined, wallMs: 1, cpuMs: unknown, memoryMb: unknown, idleCpuMsPerSecond: unknown },
    ...{
      othersCores: 1.4,
      rate: 37.5,
      sent: 10,
      operations: 10,
      errors: 0,
      further: {},
      facts: [],
      rampOperations: 0,
      shared: undefined,
    },
    latencies: { create_to_qr: { p50: 7.25, p95: 20, p99: 39 } },
    counts: { statements: null, outboxRows: 30, progressEvents: 10, walBytes: 50_000 },
  },
  profiled: undefined,
};
const shown = (changed: Measurement): string => resultTable(resultOf(about, changed), changed);

describe('the table for people', () => {
  it('shows the good rate, why the steps ended, and each figure beside its aim', () => {
    const table = shown(measurement);
    expect(table).toContain('Last good rate: 75 payments/s (aim: at least 200)');
    expect(table).toContain('Note: the steps ended at 100/s: 3 errors');
    expect(table).toMatch(/create → QR.* 7\.3 +20\.0 +39\.0 +p50 ≤ 8, p99 ≤ 40/);
    expect(table).toMatch(/messages +4\.00/);
  });

  it('shows a dash, never a zero, for what was not measured', () => {
    const table = shown(measurement);
    expect(table).toMatch(/standalone +- +- +-/);
    expect(table).toMatch(/writing round trips +-/);
  });

  it('says when other programs spoilt the figures, and only then', () => {
    expect(shown(measurement)).toContain('other programs kept 1.40 cores busy, so these figures say little');
    const { run } = measurement;
    if (run === undefined) throw new Error('there was a run');
    expect(shown({ ...measurement, run: { ...run, othersCores: 0.05 } })).not.toContain('say little');
  });

  it('ends with its notes where nothing could be measured', () => {
    const table = shown({ ...measurement, goodRate: 0, run: undefined });
    expect(table.trimEnd().split('\n').at(-1)).toBe('Note: the steps ended at 100/s: 3 errors');
  });

  it('of a house of many processes has its own aims, a line per process and what Redis and Kafka did', () => {
    const { run } = measurement;
    if (run === undefined) throw new Error('there was a run');
    const cpuMs = { kaspi: 20, kafka: 30, postgres: 5, redis: 5, sandbox: 900, load_generator: 900 };
    const shared = {
      redis: [{ name: 'evalsha', calls: 25, totalMs: 1 }],
      kafka: [{ topic: 'tolem.commands.kaspi', bytes: 4_000, records: 10, batches: 5 }],
    };
    const changed = { ...measurement, run: { ...run, cpuMs, memoryMb: cpuMs, shared } };
    const table = resultTable(resultOf({ ...about, mode: 'distributed' }, changed), changed);
    expect(table).toContain('Last good rate: 75 payments/s (aim: at least 150)');
    expect(table).toMatch(/create → QR.* p50 ≤ 10, p99 ≤ 50/);
    expect(table).toMatch(/kafka +3\.00 +30/);
    expect(table).toMatch(/total_ours_and_stores +6\.00.*\n +aim of the total: at most 8/);
    expect(table).toMatch(/evalsha +2\.500 +0\.100/);
    expect(table).toMatch(/tolem\.commands\.kaspi +1\.000 +0\.500 +400\.000/);
  });
});
