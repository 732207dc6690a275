import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { BusySpan } from './busy-span.ts';
import { COUNTERS_SETTLE_MS, type DatabaseCounts } from './database-counts.ts';
import { difference, type PerProcess, perSecond } from './process-usage.ts';
import type { SharedCounts } from './shared-counter.ts';

export interface Measured<T> {
  outcome: T;
  wallMs: number;
  cpuMs: PerProcess;
  /** Cores that other programs of this machine kept busy meanwhile. */
  othersCores: number | null;
  /** While the load was on. */
  memoryMb: PerProcess;
  /** CPU-ms per second just before, when nothing came in (in `poll` the house was asking already). */
  idleCpuMsPerSecond: PerProcess;
  counts: DatabaseCounts;
  /** Only where there are Redis and Kafka. */
  shared: SharedCounts | undefined;
  /** Operations before the run whose rows are in `counts` too. */
  rampOperations: number;
}

/** What measuring adds to the work itself. */
export const MEASURING_MS = 2 * COUNTERS_SETTLE_MS + 6_000;

/** Idle database connections close after a while, and opening them again is not what a steady load costs. */
export const RAMP_S = 3;

/**
 * Runs `work` and reads what it cost every process and PostgreSQL. `work` calls `atFullLoad` when memory should be read.
 * `ramp` brings the same load for a moment before and answers how many operations that were.
 */
export async function measured<T>(
  bench: Bench,
  ramp: () => Promise<number>,
  work: (atFullLoad: () => Promise<void>) => Promise<T>,
): Promise<Measured<T>> {
  const { usage, house, signal } = bench;
  const settle = async (): Promise<void> => void (await pause(COUNTERS_SETTLE_MS, undefined, { signal }));

  const idleFrom = await usage.cpuMs();
  const idleFromMs = performance.now();
  await bench.step('Waiting until the counters have settled', settle);
  const idle = perSecond(difference(idleFrom, await usage.cpuMs()), performance.now() - idleFromMs);
  await house.counter.countRows();
  const rampOperations = await bench.step('Getting up to speed', ramp);
  await house.distributed?.counter.count();
  await house.counter.countStatements();

  let memoryMb: PerProcess | undefined;
  const span = await BusySpan.open(usage);
  const outcome = await work(async () => {
    memoryMb ??= await usage.memoryMb();
  });
  const used = await span.close();
  memoryMb ??= await usage.memoryMb();
  const shared = await house.distributed?.counter.read();
  const counts = await bench.step('Reading the counters', () => house.counter.read(settle));
  return { outcome, ...used, memoryMb, idleCpuMsPerSecond: idle, counts, shared, rampOperations };
}
