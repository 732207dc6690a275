import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis, type PollClaim, type PollEntry, RedisPollSchedule } from '@tolem/coordination';
import { PlainFailure, type Progress, startRedis } from '@tolem/local-stack';
import { benchFolder, forgetHouse, makeBenchFolder } from './bench-house.ts';
import type { BenchOptions } from './bench-options.ts';
import type { BenchOutcome } from './bench-outcome.ts';
import { type AboutBench, type BenchResult, emptyResult } from './bench-result.ts';
import { BusySpan } from './busy-span.ts';
import { percentilesOf } from './percentiles.ts';
import { LOAD_GENERATOR, mapValues, ProcessUsage } from './process-usage.ts';
import { redisMemory, redisPid } from './redis-commands.ts';
import { perOperation } from './rounded.ts';
import { waitingTable } from './waiting-table.ts';

/** As provider services ask for it. */
const CLAIM_LIMIT = 200;
const LEASE_MS = 14_000;
const LONGEST_SLEEP_MS = 250;
const SHORTEST_SLEEP_MS = 50;
const ENTRIES_AT_ONCE = 1_000;
const CONNECTIONS = 500;
const READY_MS = 10_000;

export interface SchedulerRun {
  options: BenchOptions;
  folder: string;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * The schedule of waiting payments alone, in its Redis: each entry comes due, is claimed, and is put back for its next
 * time, as after a question that brought no news. Nobody is asked, so that the figures are the scheduler's.
 */
export async function measureScheduler(run: SchedulerRun, about: AboutBench): Promise<BenchOutcome> {
  const { options, folder, progress, signal } = run;
  await makeBenchFolder(folder);
  const { dir } = benchFolder(folder);
  const server = await progress.step('Redis', () => startRedis({ dataDir: join(dir, 'redis') }));
  const handle = connectRedis({
    url: server.url,
    commandTimeoutMs: READY_MS,
    onError: (error, what) => progress.line(`  ${what}: ${error.message}`),
  });
  try {
    if (!(await handle.whenReady(READY_MS))) throw new PlainFailure('Redis cannot be reached.');
    const schedule = new RedisPollSchedule(handle, { name: 'bench', maxEntries: options.payments });
    const emptyBytes = await redisMemory(server.url);
    await progress.step(`Planning ${options.payments} entries over ${options.interval} s`, () =>
      fill(schedule, options, signal),
    );
    const bytes = (await redisMemory(server.url)) - emptyBytes;
    const usage = await ProcessUsage.of([{ name: 'redis', pid: await redisPid(server.url), family: false }]);
    const span = await BusySpan.open(usage);
    const latenessMs = await progress.step(
      `Claiming what is due for ${options.seconds} s, measured`,
      () => drive(schedule, options, signal),
      (late) => `${late.length} claims`,
    );
    const used = await span.close();
    const cpu = mapValues(used.cpuMs, (ms) => perOperation(ms, latenessMs.length));
    const { [LOAD_GENERATOR]: scheduler, ...others } = cpu;
    const result: BenchResult = {
      ...emptyResult(about),
      waiting: {
        ...{ payments: options.payments, interval_s: options.interval, seconds: options.seconds },
        questions: latenessMs.length,
        questions_per_second: Math.round((latenessMs.length / options.seconds) * 10) / 10,
        lateness_ms: percentilesOf(latenessMs),
        cpu_ms_per_question: { ...others, scheduler: scheduler ?? null },
        bytes_per_payment: { redis: Math.round(bytes / options.payments) },
        rows_written: null,
      },
    };
    const due = (options.payments / options.interval) * options.seconds;
    const notes = [
      'the scheduler alone: nothing is called, and no other process runs',
      ...(latenessMs.length < due * 0.95 ? [`${due.toFixed(0)} were due: this machine does not keep up`] : []),
    ];
    const table = waitingTable(result, { notes, statements: [], othersCores: used.othersCores });
    return { result, table, good: latenessMs.length > 0, profiled: undefined };
  } finally {
    await handle.close();
    await server.stop();
    await forgetHouse(dir);
  }
}

async function fill(schedule: RedisPollSchedule, options: BenchOptions, signal: AbortSignal): Promise<void> {
  const { payments, interval } = options;
  const startedAt = Date.now();
  for (let from = 0; from < payments; from += ENTRIES_AT_ONCE) {
    signal.throwIfAborted();
    const size = Math.min(ENTRIES_AT_ONCE, payments - from);
    const entries = Array.from({ length: size }, (_, at): PollEntry => entryOf(from + at, options, startedAt));
    await schedule.addMissing(entries);
  }
  // What fell due while the others were planned is not late.
  await schedule.markSeeded();
  if (Date.now() - startedAt > interval * 1_000) throw new PlainFailure('Planning took longer than the interval.');
}

/** Evenly over the interval that begins when the planning is certainly over. */
function entryOf(number: number, { payments, interval }: BenchOptions, startedAt: number): PollEntry {
  const planningMs = Math.min(interval * 500, Math.ceil(payments / 10));
  const plan = {
    ...{ tenant: 'ten_01m82q7j79etb8k4ns03xnagzc', mode: 'test', connectionId: `con_${number % CONNECTIONS}` },
    ...{ method: 'kaspi_qr', providerRef: String(16_000_000_000 + number) },
    waiting: { intervalMs: interval * 1_000, confirmWithinMs: 3_600_000, until: startedAt + 3_600_000 },
    ...{ seen: false, traceparent: null, asked: 0 },
  };
  return {
    id: `pay_${String(number).padStart(26, '0')}`,
    dueAt: startedAt + planningMs + Math.floor((number * interval * 1_000) / payments),
    payload: JSON.stringify(plan),
    group: plan.connectionId,
  };
}

/** As a provider service does it; answers how late each claim was. */
async function drive(schedule: RedisPollSchedule, options: BenchOptions, signal: AbortSignal): Promise<number[]> {
  const latenessMs: number[] = [];
  const first = await schedule.claim(1, LEASE_MS);
  // The planning may have ended before the first entry is due.
  const waitMs = first.claims.length > 0 ? 0 : (first.nextDueAt ?? Date.now()) - Date.now();
  if (waitMs > 0) await pause(waitMs, undefined, { signal });
  const endMs = performance.now() + options.seconds * 1_000;
  const again = (claim: PollClaim): Promise<boolean> =>
    schedule.reschedule(claim, { dueAt: Date.now() + options.interval * 1_000, payload: claim.payload });
  await Promise.all(first.claims.map(again));
  while (performance.now() < endMs) {
    signal.throwIfAborted();
    const { claims, nextDueAt } = await schedule.claim(CLAIM_LIMIT, LEASE_MS);
    const now = Date.now();
    for (const { dueAt } of claims) latenessMs.push(now - dueAt);
    await Promise.all(claims.map(again));
    const restMs = (nextDueAt ?? now + LONGEST_SLEEP_MS) - Date.now();
    if (claims.length < CLAIM_LIMIT) {
      await pause(Math.min(Math.max(restMs, SHORTEST_SLEEP_MS), LONGEST_SLEEP_MS), undefined, { signal });
    }
  }
  return latenessMs;
}
