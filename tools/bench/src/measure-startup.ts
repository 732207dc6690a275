import { open, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { DistributedHouse } from '@tolem/local-stack';
import { type Bench, manyProcesses } from './bench.ts';
import type { BenchOutcome } from './bench-outcome.ts';
import { type AboutBench, type BenchResult, emptyResult } from './bench-result.ts';
import { spreadOf } from './percentiles.ts';
import { ProcessUsage } from './process-usage.ts';
import { startupTable } from './startup-table.ts';

const REPLICA = 1;
const READY_TIMEOUT_MS = 60_000;
/** Shorter than any difference that matters, and far apart for a machine with two cores. */
const LOOK_EVERY_MS = 10;
const PROBE_TIMEOUT_MS = 2_000;
/** What one stop and one start take at most where all is well. */
const RESTART_MS = 10_000;

interface Start {
  servingMs: number;
  readyMs: number;
  cpuMs: number | null;
  rssMb: number | null;
}

/** Stops and starts one process of every service, beside stores that know everything already. */
export async function measureStartup(bench: Bench, about: AboutBench): Promise<BenchOutcome> {
  const house = manyProcesses(bench);
  const startup: NonNullable<BenchResult['startup']> = {};
  const notes: string[] = [];
  for (const name of bench.options.replicas.keys()) {
    const starts = await bench.step(
      `${name}, ${bench.options.times} starts`,
      (step) => startOften(bench, house, name, (text) => step.note(text)),
      (made) => `${made.length} measured`,
    );
    if (starts.length < bench.options.times) notes.push(`the time was over after ${starts.length} starts of ${name}`);
    const found = startsOf(starts);
    if (found !== undefined) startup[name] = found;
  }
  const memory = Object.entries(startup).map(([name, { rss_mb }]) => [name, rss_mb?.median ?? null] as const);
  const result: BenchResult = { ...emptyResult(about), rss_mb: Object.fromEntries(memory), startup };
  return { result, table: startupTable(result, notes), good: notes.length === 0, profiled: undefined };
}

async function startOften(
  bench: Bench,
  house: DistributedHouse,
  name: string,
  note: (text: string) => void,
): Promise<Start[]> {
  const starts: Start[] = [];
  while (starts.length < bench.options.times && performance.now() + RESTART_MS < bench.deadlineMs) {
    const start = await restart(house, name, bench.signal);
    starts.push(start);
    note(`serving after ${Math.round(start.servingMs)} ms, ready after ${Math.round(start.readyMs)} ms`);
  }
  return starts;
}

/** Undefined where there was none. */
export function startsOf(starts: readonly Start[]): NonNullable<BenchResult['startup']>[string] | undefined {
  const of = (value: (start: Start) => number | null): ReturnType<typeof spreadOf> =>
    spreadOf(starts.flatMap((start) => value(start) ?? []));
  const serving_ms = of(({ servingMs }) => servingMs);
  const ready_ms = of(({ readyMs }) => readyMs);
  if (serving_ms === null || ready_ms === null) return undefined;
  return {
    times: starts.length,
    serving_ms,
    ready_ms,
    cpu_ms: of(({ cpuMs }) => cpuMs),
    rss_mb: of(({ rssMb }) => rssMb),
  };
}

async function restart(house: DistributedHouse, name: string, signal: AbortSignal): Promise<Start> {
  const found = () => house.processes().find((one) => one.name === name && one.replica === REPLICA);
  const before = found();
  if (before?.managementUrl === undefined) throw new Error(`${name} ${REPLICA} does not run`);
  await house.stopService(name, REPLICA);
  const { size } = await stat(before.logFile);
  const over = new AbortController();
  const patience = AbortSignal.any([signal, over.signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
  const startedMs = performance.now();
  // It keeps its ports, so that we can look for ourselves, more often than the house does.
  const started = house.startService(name, REPLICA).catch((error: unknown) => {
    over.abort(error);
    throw error;
  });
  const looked = (async () => {
    await until(() => saysThatItServes(before.logFile, size), patience);
    const servingMs = performance.now() - startedMs;
    await until(() => answersReady(`${before.managementUrl ?? ''}/readyz`), patience);
    return { servingMs, readyMs: performance.now() - startedMs, ...(await usedBy(found()?.pid ?? 0)) };
  })();
  const [, start] = await Promise.all([started, looked]);
  return start;
}

async function until(look: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await look())) await pause(LOOK_EVERY_MS, undefined, { signal });
}

async function saysThatItServes(logFile: string, from: number): Promise<boolean> {
  const log = await open(logFile, 'r');
  try {
    const length = (await log.stat()).size - from;
    if (length <= 0) return false;
    const { buffer, bytesRead } = await log.read(Buffer.alloc(length), 0, length, from);
    return /^\{"event":"serving".*\n/m.test(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await log.close();
  }
}

async function answersReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

async function usedBy(pid: number): Promise<{ cpuMs: number | null; rssMb: number | null }> {
  const usage = await ProcessUsage.of([{ name: 'started', pid, family: false }]);
  const [cpuMs, memoryMb] = await Promise.all([usage.cpuMs(), usage.memoryMb()]);
  return { cpuMs: cpuMs['started'] ?? null, rssMb: memoryMb['started'] ?? null };
}
