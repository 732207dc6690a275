import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  displayDuration,
  forgetStack,
  isAlive,
  type Output,
  Progress,
  stackFolder,
  tolemFolder,
} from '@tolem/local-stack';
import { DrillHouse, forgetDir, REPLICAS } from './drill-house.ts';
import { drillLines } from './drill-line.ts';
import type { DrillOptions } from './drill-options.ts';
import type { DrillResult } from './drill-result.ts';
import { drillSummary } from './drill-summary.ts';
import { type RefundWaits, refundWaits } from './refund-waits.ts';
import { runDrill } from './run-drill.ts';

/** Twice what a run of all drills takes with `--long`. */
const LONGEST_MS = 3 * 3_600_000;

/** Starts a house, runs the drills one after another, writes what they showed. Answers the exit code. */
export async function runDrills(
  options: DrillOptions,
  output: Output,
  signals: { stopping: AbortSignal; hurry: AbortSignal },
): Promise<number> {
  const progress = new Progress(output);
  const folder = join(tolemFolder().dir, 'drills');
  await mkdir(folder, { recursive: true });
  await forgetEarlierHouses(folder);
  const dir = join(folder, `house-${process.pid}`);
  const stopping = AbortSignal.any([signals.stopping, AbortSignal.timeout(LONGEST_MS)]);
  const crashes = options.drills.some(({ name }) => name.startsWith('crash-'));
  let house: DrillHouse | undefined;
  const results: DrillResult[] = [];
  try {
    const waits = refundWaits(options.scale);
    house = await DrillHouse.open({ dir, crashes, refundWaits: waits, progress, stopping, hurry: signals.hurry });
    progress.line();
    progress.line(
      `${options.rate} payments per second through ${REPLICAS} gateways and ${REPLICAS} kaspi; waits scaled by ${options.scale}`,
    );
    progress.line(waitsLine(waits));
    await Promise.race([runAll(house, options, progress, results), house.house.failure]);
    const path = join(folder, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`);
    const { rate, scale, long } = options;
    const figures = { rate, scale, long, replicas: REPLICAS, refund_waits: waits, drills: results };
    await writeFile(path, `${JSON.stringify(figures, null, 2)}\n`);
    const { lines, exitCode } = drillSummary(results);
    progress.line();
    for (const line of lines) progress.line(line);
    progress.line(`Written to ${path}; the logs are in ${stackFolder(tolemFolder(dir)).logs}`);
    return exitCode;
  } catch (error) {
    if (signals.stopping.aborted) return 130;
    progress.line(`The logs of this run are in ${stackFolder(tolemFolder(dir)).logs}`);
    throw house?.house.brokenBy ?? error;
  } finally {
    await house?.close();
  }
}

async function runAll(
  house: DrillHouse,
  { drills, rate, scale, long }: DrillOptions,
  progress: Progress,
  results: DrillResult[],
): Promise<void> {
  const runId = `drill-${randomBytes(4).toString('hex')}`;
  for (const [at, drill] of drills.entries()) {
    const result = await progress.step(`${drill.name}: ${drill.title}`, (step) =>
      runDrill(drill, { house, rate, scale, long, runId: `${runId}-${at}`, say: (text) => step.note(text) }),
    );
    results.push(result);
    for (const line of drillLines(result).slice(1)) progress.line(`  ${line}`);
  }
}

function waitsLine({ writeTimeoutMs, resolveAfterMs, unchangedOverMs, endsWithinMs }: RefundWaits): string {
  const [write, resolve, unchanged, ends] = [writeTimeoutMs, resolveAfterMs, unchangedOverMs, endsWithinMs].map((ms) =>
    displayDuration(ms),
  );
  return `a return of money may take ${write}, is not judged for ${resolve}, needs the bank's books unchanged over ${unchanged}; every refund ends within ${ends}`;
}

/** A run that was killed leaves its data, and every run its logs, until the next one. */
async function forgetEarlierHouses(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^house-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await forgetStack(stackFolder(tolemFolder(join(folder, name))));
    await forgetDir(join(folder, name));
  }
}
