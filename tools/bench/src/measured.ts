import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { COUNTERS_SETTLE_MS, type DatabaseCounts } from './database-counts.ts';
import { difference, type PerProcess } from './process-usage.ts';

export interface Measured<T> {
  outcome: T;
  wallMs: number;
  cpuMs: PerProcess;
  /** While the load was on. */
  memoryMb: PerProcess;
  /** CPU-ms per second of the house standing idle before. */
  idleCpuMsPerSecond: PerProcess;
  counts: DatabaseCounts;
}

/** `settle` and `measured` together add so much to the work itself. */
export const MEASURING_MS = 2 * COUNTERS_SETTLE_MS;

/**
 * Runs `work` and reads what it cost every process and PostgreSQL. `work` calls `atFullLoad` when memory should be read.
 */
export async function measured<T>(
  bench: Bench,
  work: (atFullLoad: () => Promise<void>) => Promise<T>,
): Promise<Measured<T>> {
  const { usage, house, signal } = bench;
  const settle = async (): Promise<void> => void (await pause(COUNTERS_SETTLE_MS, undefined, { signal }));

  const idleFrom = await usage.cpuMs();
  const idleFromMs = performance.now();
  await bench.step('Standing idle until the counters have settled', settle);
  const idle = perSecond(difference(idleFrom, await usage.cpuMs()), performance.now() - idleFromMs);
  await house.counter.reset();

  let memoryMb: PerProcess | undefined;
  const before = await usage.cpuMs();
  const startedMs = performance.now();
  const outcome = await work(async () => {
    memoryMb ??= await usage.memoryMb();
  });
  const wallMs = performance.now() - startedMs;
  const cpuMs = difference(before, await usage.cpuMs());
  memoryMb ??= await usage.memoryMb();
  const counts = await bench.step('Reading the counters', () => house.counter.read(settle));
  return { outcome, wallMs, cpuMs, memoryMb, idleCpuMsPerSecond: idle, counts };
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
