import type { SpecTime } from './time-budget.ts';

/** One line of the totals: what a check counted, and what has to be mended. */
export interface CheckResult {
  passed: number;
  failed: number;
  /** What is wrong, a sentence or a few lines each; empty when nothing failed. */
  problems: string[];
  /** How long each spec file took, where the check ran any. */
  specs?: readonly SpecTime[];
}

export interface CheckContext {
  root: string;
  /** Time that is left of the whole run. */
  timeLeftMs: () => number;
  /** Shows progress at once where a check runs alone or is the `main` one; otherwise it appears when the check ends. */
  say: (text: string) => void;
}

export interface Check {
  title: string;
  /** The longest of its phase: what it says is shown as it comes, and the others leave the processors to it. */
  main?: true;
  run: (context: CheckContext) => Promise<CheckResult>;
}

export const passedOnce: CheckResult = { passed: 1, failed: 0, problems: [] };
export const failedOnce = (problem: string): CheckResult => ({ passed: 0, failed: 1, problems: [problem] });
