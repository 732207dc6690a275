import type { DrillResult } from './drill-result.ts';

type Shown = Pick<DrillResult, 'recoveryMs' | 'requests' | 'ended' | 'differences'>;

/** What a drill must not show, one sentence each; empty: it was passed. `seen` is what the drill itself has seen. */
export function drillFailures({ recoveryMs, requests, ended, differences }: Shown, seen: readonly string[]): string[] {
  return [
    ...(recoveryMs === null ? ['not recovered within a minute'] : []),
    ...seen,
    ...ended.map((process) => `${process} ended by itself`),
    ...(requests.failed === 0 ? [] : [`${requests.failed} requests had no answer after a minute of repeats`]),
    ...(differences.length === 0 ? [] : [`the books differ in ${differences.length} places`]),
  ];
}
