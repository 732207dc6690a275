import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Output, PlainFailure, Progress, REPOSITORY, tolemFolder } from '@tolem/local-stack';
import { BankLedger } from './bank-ledger.ts';
import type { Bench } from './bench.ts';
import type { BenchHouse, OpenHouse } from './bench-house.ts';
import { type BenchName, type BenchOptions, profileSeconds } from './bench-options.ts';
import type { BenchOutcome } from './bench-outcome.ts';
import { type AboutBench, writeResult } from './bench-result.ts';
import { commitOf } from './commit.ts';
import { CpuProfiler } from './cpu-profiler.ts';
import { EmbeddedHouse } from './embedded-house.ts';
import { HttpLoad } from './http-load.ts';
import { ManyProcesses } from './many-processes.ts';
import { measureCertificate } from './measure-certificate.ts';
import { measureCreate } from './measure-create.ts';
import { measureIdle } from './measure-idle.ts';
import { measurePayments } from './measure-payments.ts';
import { measurePoll } from './measure-poll.ts';
import { measureRead } from './measure-read.ts';
import { measureRefunds, REFUND_WAITS } from './measure-refunds.ts';
import { measureRolling } from './measure-rolling.ts';
import { measureScheduler } from './measure-scheduler.ts';
import { measureStartup } from './measure-startup.ts';
import { measureWaiting } from './measure-waiting.ts';
import type { Measurement } from './measurement.ts';
import { ProcessUsage } from './process-usage.ts';
import { profileLines } from './profile-lines.ts';
import { costsOf } from './profile-table.ts';
import { registerDesks } from './register-desks.ts';
import { resultOf } from './result-of.ts';
import { resultTable } from './result-table.ts';
import { WaitingPayments } from './waiting-payments.ts';

/** What a run that should be over still gets; a house that hangs must not hang us. */
const GRACE_MS = 60_000;

/** A load whose costs are counted per operation. */
const ofLoad =
  (measure: (bench: Bench) => Promise<Measurement>) =>
  async (bench: Bench, about: AboutBench): Promise<BenchOutcome> => {
    const measurement = await measure(bench);
    const { run, profiled } = measurement;
    const result = resultOf(about, measurement);
    return {
      result,
      table: resultTable(result, measurement),
      good: result.errors === 0 && run !== undefined,
      profiled: run === undefined || profiled === undefined ? undefined : { rate: run.rate, run: profiled },
    };
  };

const MEASURES: Record<BenchName, (bench: Bench, about: AboutBench) => Promise<BenchOutcome>> = {
  payments: ofLoad(measurePayments),
  create: ofLoad(measureCreate),
  read: ofLoad(measureRead),
  poll: ofLoad(measurePoll),
  refunds: measureRefunds,
  waiting: measureWaiting,
  certificate: measureCertificate,
  startup: measureStartup,
  idle: measureIdle,
  rolling: measureRolling,
};

/** Starts a house, measures, writes the result and takes everything down, whatever happens. Answers the exit code. */
export async function runBench(
  options: BenchOptions,
  output: Output,
  signals: { stopping: AbortSignal; hurry: AbortSignal },
): Promise<number> {
  if (options.noCall) return runScheduler(options, output, signals);
  const startedMs = performance.now();
  const progress = new Progress(output);
  const folder = join(tolemFolder().dir, 'bench');
  const tooLong = AbortSignal.timeout(options.minutes * 60_000 + GRACE_MS);
  const stopping = AbortSignal.any([signals.stopping, tooLong]);
  const waiting = options.name === 'waiting' ? WaitingPayments.of(options) : undefined;
  const input = {
    folder,
    // The short timers would end a payment that nobody pays before it is measured.
    timers: options.name === 'create' || options.name === 'poll' ? ('bank' as const) : ('local' as const),
    inspect: options.flame,
    ...(options.name === 'refunds' ? { environment: REFUND_WAITS } : {}),
    ...(waiting === undefined ? {} : { prepareBank: (bank: string) => waiting.writeBankBooks(bank) }),
    progress,
    stopping,
    hurry: signals.hurry,
  };
  const house: BenchHouse = options.embedded
    ? new EmbeddedHouse(input)
    : new ManyProcesses({ ...input, replicas: options.replicas });
  let load: HttpLoad | undefined;
  try {
    const opened = await Promise.race([house.open(), house.failure]);
    load = new HttpLoad(opened.gatewayUrls, opened.chain.apiKey);
    const bench = await benchOf(options, opened, { load, waiting }, progress, startedMs, stopping);
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

/** No house: the schedule and its Redis alone. */
async function runScheduler(
  options: BenchOptions,
  output: Output,
  signals: { stopping: AbortSignal },
): Promise<number> {
  const progress = new Progress(output);
  const folder = join(tolemFolder().dir, 'bench');
  const about = {
    ...{ name: options.name, mode: 'distributed' as const },
    ...{ commit: await commitOf(REPOSITORY), cores: availableParallelism() },
  };
  const { result, table, good } = await measureScheduler(
    { options, folder, progress, signal: signals.stopping },
    about,
  );
  const path = await writeResult(folder, result, table, Date.now());
  progress.line();
  for (const line of table.trimEnd().split('\n')) progress.line(line);
  progress.line();
  progress.line(`Written to ${path}.json`);
  return good ? 0 : 1;
}

async function benchOf(
  options: BenchOptions,
  house: OpenHouse,
  { load, waiting }: Pick<Bench, 'load' | 'waiting'>,
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
    waiting,
    ledger: new BankLedger(house.sandboxControl),
    usage: await ProcessUsage.of(house.processes),
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
  const { mode } = bench.house;
  const about = { name, mode, commit: await commitOf(REPOSITORY), cores: availableParallelism() };
  const { result, table, good, profiled } = await MEASURES[name](bench, about);
  const path = await writeResult(folder, result, table, Date.now());
  bench.line();
  for (const line of table.trimEnd().split('\n')) bench.line(line);
  if (bench.options.flame && profiled !== undefined) await profile(bench, profiled, path);
  bench.line();
  bench.line(`Written to ${path}.json`);
  return good ? 0 : 1;
}

/** All services at once, under the same load. */
async function profile(bench: Bench, again: NonNullable<BenchOutcome['profiled']>, path: string): Promise<void> {
  const seconds = profileSeconds(bench.options);
  if (performance.now() + seconds * 1_000 > bench.deadlineMs) {
    throw new PlainFailure('There was no time left for the profile: give more --minutes.');
  }
  bench.line();
  const profilers = await Promise.all(
    bench.house.inspectors.map(async ({ name, port }) => ({ name, profiler: await CpuProfiler.start(port) })),
  );
  await bench.step(`The same for ${seconds} s, profiled`, (step) => again.run(seconds, (text) => step.note(text)));
  for (const { name, profiler } of profilers) {
    const file = `${path}-${name}.cpuprofile`;
    const lines = profileLines(name, costsOf(await profiler.stop(file)), again.rate * seconds);
    await appendFile(`${path}.txt`, lines);
    for (const line of lines.trimEnd().split('\n')) bench.line(line);
    bench.line(`The profile for Chrome's developer tools or speedscope: ${file}`);
  }
}
