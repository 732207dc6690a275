import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Output, PlainFailure, Progress, REPOSITORY, tolemFolder } from '@tolem/local-stack';
import { BankLedger } from './bank-ledger.ts';
import type { Bench } from './bench.ts';
import { BenchHouse, type OpenHouse } from './bench-house.ts';
import { type BenchName, type BenchOptions, profileSeconds } from './bench-options.ts';
import { writeResult } from './bench-result.ts';
import { commitOf } from './commit.ts';
import { CpuProfiler } from './cpu-profiler.ts';
import { HttpLoad } from './http-load.ts';
import { measureCreate } from './measure-create.ts';
import { measurePayments } from './measure-payments.ts';
import { measurePoll } from './measure-poll.ts';
import { measureRead } from './measure-read.ts';
import type { Measurement } from './measurement.ts';
import { ProcessUsage } from './process-usage.ts';
import { profileLines } from './profile-lines.ts';
import { costsOf } from './profile-table.ts';
import { registerDesks } from './register-desks.ts';
import { resultOf } from './result-of.ts';
import { resultTable } from './result-table.ts';

/** What a run that should be over still gets; a house that hangs must not hang us. */
const GRACE_MS = 60_000;

const MEASURES: Record<BenchName, (bench: Bench) => Promise<Measurement>> = {
  payments: measurePayments,
  create: measureCreate,
  read: measureRead,
  poll: measurePoll,
};

/** Starts a house, measures, writes the result and takes everything down, whatever happens. Answers the exit code. */
export async function runBench(
  options: BenchOptions,
  output: Output,
  signals: { stopping: AbortSignal; hurry: AbortSignal },
): Promise<number> {
  const startedMs = performance.now();
  const progress = new Progress(output);
  const folder = join(tolemFolder().dir, 'bench');
  const tooLong = AbortSignal.timeout(options.minutes * 60_000 + GRACE_MS);
  const stopping = AbortSignal.any([signals.stopping, tooLong]);
  const house = new BenchHouse({
    folder,
    // The short timers would end a payment that nobody pays before it is measured.
    timers: options.name === 'create' || options.name === 'poll' ? 'bank' : 'local',
    inspect: options.flame,
    progress,
    stopping,
    hurry: signals.hurry,
  });
  let load: HttpLoad | undefined;
  try {
    const opened = await Promise.race([house.open(), house.failure]);
    load = new HttpLoad(opened.gatewayUrl, opened.chain.apiKey);
    const bench = await benchOf(options, opened, load, progress, startedMs, stopping);
    const code = await Promise.race([measureAndWrite(bench, folder), house.failure]);
    progress.line();
    return code;
  } catch (error) {
    if (signals.stopping.aborted) return 130;
    progress.line(`The logs of this run are in ${join(folder, 'logs')}`);
    if (!tooLong.aborted) throw error;
    throw new PlainFailure(`The run was not over a minute after its ${options.minutes}.`, { cause: error });
  } finally {
    await load?.close();
    await house.close();
  }
}

async function benchOf(
  options: BenchOptions,
  house: OpenHouse,
  load: HttpLoad,
  progress: Progress,
  startedMs: number,
  signal: AbortSignal,
): Promise<Bench> {
  const desks = await progress.step(
    'Cash desks',
    () => registerDesks(house, options.desks, signal),
    (made) => `${made.length} registered`,
  );
  return {
    options,
    house,
    load,
    ledger: new BankLedger(house.sandboxControl),
    usage: await ProcessUsage.of(house.pids),
    places: desks.map((desk) => ({ organization: house.chain.organization, desk })),
    runId: `bench-${randomBytes(6).toString('hex')}`,
    deadlineMs: startedMs + options.minutes * 60_000,
    signal,
    step: (title, work, outcome) => progress.step(title, work, outcome),
    line: (text) => progress.line(text),
  };
}

async function measureAndWrite(bench: Bench, folder: string): Promise<number> {
  const { name } = bench.options;
  const measurement = await MEASURES[name](bench);
  const about = { name, commit: await commitOf(REPOSITORY), cores: availableParallelism() };
  const result = resultOf(about, measurement);
  const table = resultTable(result, measurement);
  const path = await writeResult(folder, result, table, Date.now());
  bench.line();
  for (const line of table.trimEnd().split('\n')) bench.line(line);
  if (bench.options.flame) await profile(bench, measurement, path);
  bench.line();
  bench.line(`Written to ${path}.json`);
  return result.errors === 0 && measurement.run !== undefined ? 0 : 1;
}

async function profile(bench: Bench, { profiled, run }: Measurement, path: string): Promise<void> {
  const port = bench.house.inspectPort;
  if (profiled === undefined || run === undefined || port === undefined) return;
  const seconds = profileSeconds(bench.options);
  if (performance.now() + seconds * 1_000 > bench.deadlineMs) {
    throw new PlainFailure('There was no time left for the profile: give more --minutes.');
  }
  bench.line();
  const profiler = await CpuProfiler.start(port);
  await bench.step(`The same load for ${seconds} s, profiled`, (step) => profiled(seconds, (text) => step.note(text)));
  const lines = profileLines(costsOf(await profiler.stop(`${path}.cpuprofile`)), run.rate * seconds);
  await appendFile(`${path}.txt`, lines);
  for (const line of lines.trimEnd().split('\n')) bench.line(line);
  bench.line(`The profile for Chrome's developer tools or speedscope: ${path}.cpuprofile`);
}
