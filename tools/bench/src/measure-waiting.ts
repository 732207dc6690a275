import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Bench } from './bench.ts';
import type { BenchOutcome } from './bench-outcome.ts';
import { type AboutBench, type BenchResult, emptyResult } from './bench-result.ts';
import { BusySpan } from './busy-span.ts';
import { COUNTERS_SETTLE_MS } from './database-counts.ts';
import { percentilesOf } from './percentiles.ts';
import { pollingIn } from './polling-in.ts';
import { mapValues, type PerProcess } from './process-usage.ts';
import { redisMemory } from './redis-commands.ts';
import { perOperation } from './rounded.ts';
import { waitingTable } from './waiting-table.ts';

const LOOK_MS = 2_000;
/** Rows that were put into the tables are found by the re-seeding, within half a minute. */
const SEEDED_WITHIN_MS = 60_000;
const BYTES_PER_MB = 1_048_576;

/** Payments that wait for their buyers, many at once: what it costs to ask about them while nothing happens. */
export async function measureWaiting(bench: Bench, about: AboutBench): Promise<BenchOutcome> {
  const { house, options, signal, usage, waiting } = bench;
  if (waiting === undefined) throw new Error('nobody waits');
  const settle = (): Promise<void> => pause(COUNTERS_SETTLE_MS, undefined, { signal });
  await bench.step('Waiting until the house is calm', settle);
  const before = await memoryOf(bench);
  await bench.step(`Putting ${waiting.count} waiting payments into the tables`, () => waiting.writeRows(house));
  const inTime = await bench.step(
    'Waiting until each has been asked about once',
    () => untilAsked(bench, waiting.count),
    (all) => (all ? '' : 'not all of them'),
  );

  const written = await rowsWritten(house.databaseUrl);
  await house.counter.countStatements();
  const span = await BusySpan.open(usage);
  const fromMs = Date.now();
  await bench.step(`Asking for ${options.seconds} s, measured`, () =>
    pause(options.seconds * 1_000, undefined, { signal }),
  );
  const toMs = Date.now();
  const used = await span.close();
  const after = await memoryOf(bench);
  const counts = await bench.step('Reading the counters', () => house.counter.read(settle));
  const rows = (await rowsWritten(house.databaseUrl)) - written;
  const bank = await bench.step('Reading the books of the bank', () => bench.ledger.readAll(signal));
  const polling = pollingIn(bank.values(), { fromMs, toMs, intervalMs: options.interval * 1_000 });
  const seconds = (toMs - fromMs) / 1_000;
  const result: BenchResult = {
    ...emptyResult(about),
    rss_mb: { ...(await usage.memoryMb()) },
    errors: polling.unanswered,
    waiting: {
      ...{ payments: waiting.count, interval_s: options.interval, seconds },
      questions: polling.asked,
      questions_per_second: Math.round((polling.asked / seconds) * 10) / 10,
      lateness_ms: percentilesOf(polling.latenessMs),
      cpu_ms_per_question: { ...mapValues(used.cpuMs, (ms) => perOperation(ms, polling.asked)) },
      bytes_per_payment: growthPer(before, after, waiting.count),
      rows_written: rows,
    },
  };
  const due = waiting.count / options.interval;
  const notes = [
    ...(inTime ? [] : ['not every payment was asked about before the measured part began']),
    ...(polling.asked < due * seconds * 0.95
      ? [`${(due * seconds).toFixed(0)} questions were due: this machine does not keep up`]
      : []),
    ...(polling.unanswered === 0 ? [] : [`${polling.unanswered} questions were not answered`]),
  ];
  const table = waitingTable(result, { notes, statements: counts.statements ?? [], othersCores: used.othersCores });
  return {
    ...{ result, table, good: polling.unanswered === 0 && rows === 0 && polling.asked > 0 },
    profiled: {
      rate: polling.asked / seconds,
      run: (profiledS) => pause(profiledS * 1_000, undefined, { signal }),
    },
  };
}

/** Bytes by process, and what Redis says that it uses. */
async function memoryOf({ house, usage }: Bench): Promise<PerProcess> {
  const processes = mapValues(await usage.memoryMb(), (mb) => (mb === null ? null : mb * BYTES_PER_MB));
  if (house.distributed === undefined) return processes;
  return { ...processes, 'redis, as it says': await redisMemory(house.distributed.house.redisUrl) };
}

const ASKERS = /^(kaspi|redis|standalone|gateway)/;

/** Of those that have something to do with waiting payments. */
function growthPer(before: PerProcess, after: PerProcess, count: number): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(before)
      .filter(([name]) => ASKERS.test(name))
      .map(([name, from]) => {
        const to = after[name] ?? null;
        return [name, from === null || to === null ? null : Math.round((to - from) / count)];
      }),
  );
}

/** False where the patience was over before. */
async function untilAsked({ house, options, signal }: Bench, count: number): Promise<boolean> {
  const already = await questionsSoFar(house.managementUrls);
  const deadlineMs = performance.now() + SEEDED_WITHIN_MS + options.interval * 2_000;
  while (performance.now() < deadlineMs) {
    await pause(LOOK_MS, undefined, { signal });
    if ((await questionsSoFar(house.managementUrls)) - already >= count) return true;
  }
  return false;
}

async function questionsSoFar(managementUrls: readonly string[]): Promise<number> {
  let sum = 0;
  for (const url of managementUrls) {
    const page = await (await fetch(`${url}/metrics`)).text();
    for (const [, value] of page.matchAll(/^tolem_poll_lateness_seconds_count(?:\{[^}]*\})? (\d+)/gm)) {
      sum += Number(value);
    }
  }
  return sum;
}

/** In all tables of the services since the server was started. */
async function rowsWritten(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ sum: string }>(
      'SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) AS sum FROM pg_stat_user_tables',
    );
    return Number(rows[0]?.sum ?? 0);
  } finally {
    await client.end();
  }
}
