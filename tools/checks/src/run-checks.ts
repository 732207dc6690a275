import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Check, CheckContext, CheckResult } from './check.ts';
import { timeBudget } from './time-budget.ts';

export interface ChecksOrder {
  root: string;
  phases: readonly (readonly Check[])[];
  /** Fewest tests that a full run must count; undefined where only a part is run. */
  minimumTests: number | undefined;
  /** The run is ended after so long. */
  budgetMs: number;
  /** What it should take at most; printed beside what it took. */
  aimMs: number;
  now: () => number;
  print: (text: string) => void;
}

const HEARTBEAT_MS = 10_000;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Says whether a run counted enough tests, and when the minimum has fallen behind. */
export const judgeMinimum = (counted: number, minimum: number): { problem?: string; hint?: string } => {
  if (counted < minimum) {
    return {
      problem: `${counted} tests were counted, and tools/checks/minimum-tests.json asks for ${minimum}: tests were lost, or lower the number in the commit that removes them`,
    };
  }
  return counted >= minimum + Math.max(20, Math.ceil(minimum * 0.05))
    ? { hint: `Hint: raise "tests" in tools/checks/minimum-tests.json from ${minimum} to ${counted}.` }
    : {};
};

const runOne = async (check: Check, context: CheckContext): Promise<CheckResult> => {
  try {
    return await check.run(context);
  } catch (error) {
    return { passed: 0, failed: 1, problems: [`${check.title} broke: ${String(error)}`] };
  }
};

const line = (title: string, result: CheckResult, ms: number): string =>
  `   ${result.failed === 0 ? 'ok    ' : 'FAILED'} ${title}: ${result.passed} passed, ${result.failed} failed (${seconds(ms)})\n`;

/** Runs one phase and shows its heading, its progress and its time. */
const runPhase = async (heading: string, phase: readonly Check[], order: ChecksOrder, endsAt: number) => {
  order.print(`\n── ${heading} ──\n`);
  const startedAt = order.now();
  const alone = phase.length === 1;
  const waiting = new Set(phase.map(({ title }) => title));
  let quietSince = startedAt;
  const heartbeat = setInterval(() => {
    if (order.now() - quietSince < HEARTBEAT_MS) return;
    order.print(`   … ${[...waiting].join(', ')}: ${seconds(order.now() - startedAt)}\n`);
  }, HEARTBEAT_MS);
  try {
    return await Promise.all(
      phase.map(async (check) => {
        let held = '';
        const say = (text: string): void => {
          if (!alone && check.main !== true) held += text;
          else {
            quietSince = order.now();
            order.print(text);
          }
        };
        const result = await runOne(check, { root: order.root, timeLeftMs: () => endsAt - order.now(), say });
        waiting.delete(check.title);
        order.print(held + (held === '' || held.endsWith('\n') ? '' : '\n'));
        const ms = order.now() - startedAt;
        order.print(line(check.title, result, ms));
        return { title: check.title, result, ms };
      }),
    );
  } finally {
    clearInterval(heartbeat);
  }
};

/**
 * Runs the phases one after the other, whatever fails on the way, and prints `N passed, N failed` as the last line.
 *
 * @returns the exit code: 0 when nothing failed, else 1.
 */
export const runChecks = async (order: ChecksOrder): Promise<0 | 1> => {
  const startedAt = order.now();
  const endsAt = startedAt + order.budgetMs;
  const results: { title: string; result: CheckResult; ms: number }[] = [];
  for (const [index, phase] of order.phases.entries()) {
    const heading = `${index + 1}/${order.phases.length} ${phase.map(({ title }) => title).join(' and ')}`;
    results.push(...(await runPhase(heading, phase, order, endsAt)));
  }

  let passed = 0;
  let failed = 0;
  const problems: string[] = [];
  for (const { title, result } of results) {
    passed += result.passed;
    failed += result.failed;
    problems.push(...result.problems.map((problem) => `${title} › ${problem}`));
  }
  const { problem, hint } = order.minimumTests === undefined ? {} : judgeMinimum(passed + failed, order.minimumTests);
  if (problem !== undefined) {
    failed += 1;
    problems.push(problem);
  }

  const totalMs = order.now() - startedAt;
  const specs = results.flatMap(({ result }) => result.specs ?? []);
  const textOf = (path: string): string => readFileSync(join(order.root, path), 'utf8');
  order.print(`\n${timeBudget({ totalMs, aimMs: order.aimMs, checks: results, specs, textOf })}`);
  order.print(`\n── totals (${seconds(totalMs)}) ──\n`);
  for (const text of problems) order.print(`   · ${text.trimEnd().replaceAll('\n', '\n     ')}\n`);
  if (hint !== undefined) order.print(`   ${hint}\n`);
  order.print(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
};
