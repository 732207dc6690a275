import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { BusySpan } from './busy-span.ts';
import { COUNTERS_SETTLE_MS, type DatabaseCounts } from './database-counts.ts';
import { difference, type PerProcess } from './process-usage.ts';

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
  await house.counter.countStatements();

  let memoryMb: PerProcess | undefined;
  const span = await BusySpan.open(usage);
  const outcome = await work(async () => {
    memoryMb ??= await usage.memoryMb();
  });
  const used = await span.close();
  memoryMb ??= await usage.memoryMb();
  const counts = await bench.step('Reading the counters', () => house.counter.read(settle));
  return { outcome, ...used, memoryMb, idleCpuMsPerSecond: idle, counts, rampOperations };
}

function perSecond(used: PerProcess, ms: number): PerProcess {
  const of = (value: number | null): number | null => (value === null ? null : (value * 1_000) / ms);
  return {
    standalone: of(used.standalone),
    postgres: of(used.postgres),
    sandbox: of(used.sandbox),
    load_generator: of(used.load_generator),
  };
}
