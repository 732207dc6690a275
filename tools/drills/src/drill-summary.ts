import type { DrillResult } from './drill-result.ts';

/** The last lines of a run and its exit code: 1 where any drill was not passed, whatever the books say. */
export function drillSummary(results: readonly Pick<DrillResult, 'name' | 'failures' | 'differences'>[]): {
  readonly lines: readonly string[];
  readonly exitCode: 0 | 1;
} {
  const differ = results.filter(({ differences }) => differences.length > 0).length;
  const failed = results.filter(({ failures }) => failures.length > 0);
  return {
    lines: [
      differ === 0 ? 'The books agree after every drill.' : `THE BOOKS DIFFER after ${differ} drills.`,
      ...(failed.length === 0 ? [] : [`${failed.length} of ${results.length} drills FAILED:`]),
      ...failed.flatMap(({ name, failures }) => failures.map((failure) => `  ${name}: ${failure}`)),
    ],
    exitCode: failed.length === 0 ? 0 : 1,
  };
}
