import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import type { BenchOutcome } from './bench-outcome.ts';
import { type AboutBench, type BenchResult, emptyResult } from './bench-result.ts';
import { BusySpan } from './busy-span.ts';
import { COUNTERS_SETTLE_MS } from './database-counts.ts';
import { idleTable } from './idle-table.ts';
import { difference, mapValues, type PerProcess, perSecond } from './process-usage.ts';
import { perOperation } from './rounded.ts';
import { runPayments } from './run-payments.ts';

const PAYMENTS_S = 5;

/** A house that has carried out a few payments and has nothing to do any more. */
export async function measureIdle(bench: Bench, about: AboutBench): Promise<BenchOutcome> {
  const { house, usage, signal, options } = bench;
  await bench.ledger.setBuyers({ scan_ms: 500, confirm_ms: 1_500 }, signal);
  const { step } = await bench.step(
    'A few payments',
    (shown) =>
      runPayments(bench, { label: 'few', rate: options.rate, seconds: PAYMENTS_S }, (text) => shown.note(text)),
    (done) => `${done.step.ok} succeeded`,
  );
  if (step.errors > 0) throw new Error(`the payments broke: ${step.firstError ?? 'unknown'}`);
  await bench.step('Waiting until all is quiet', () => pause(COUNTERS_SETTLE_MS, undefined, { signal }));

  await house.distributed?.counter.count();
  await house.counter.countStatements();
  const wakeUps = await usage.wakeUps();
  const span = await BusySpan.open(usage);
  await bench.step(`Nothing to do for ${options.seconds} s, measured`, () =>
    pause(options.seconds * 1_000, undefined, { signal }),
  );
  const { wallMs, cpuMs, othersCores } = await span.close();
  const woken = difference(wakeUps, await usage.wakeUps());
  const memoryMb = await usage.memoryMb();
  const shared = await house.distributed?.counter.read();
  const counts = await house.counter.read(() => Promise.resolve());
  const seconds = wallMs / 1_000;
  const sum = (values: readonly number[] | undefined): number | null =>
    values === undefined
      ? null
      : perOperation(
          values.reduce((total, value) => total + value, 0),
          seconds,
        );
  const result: BenchResult = {
    ...emptyResult(about),
    rss_mb: { ...memoryMb },
    idle: {
      seconds: Math.round(seconds * 100) / 100,
      cpu_percent: rounded(perSecond(cpuMs, wallMs), 10),
      wake_ups_per_second: rounded(perSecond(woken, wallMs), 1),
      statements_per_second: sum(counts.statements?.map(({ calls }) => calls)),
      redis_commands_per_second: sum(shared?.redis.map(({ calls }) => calls)),
      kafka_bytes_per_second: sum(shared?.kafka.map(({ bytes }) => bytes)),
      wal_bytes_per_second: sum([counts.walBytes]),
    },
  };
  return {
    result,
    table: idleTable(result, { counts, shared, seconds, othersCores }),
    good: true,
    // Divided by seconds, as there are no payments.
    profiled: { rate: 1, run: (profiledS) => pause(profiledS * 1_000, undefined, { signal }) },
  };
}

/** CPU-ms per second are tenths of a percent of a core. */
const rounded = (values: PerProcess, divisor: number): Record<string, number | null> => ({
  ...mapValues(values, (value) => perOperation(value, divisor)),
});
