import { displayDuration } from '@tolem/local-stack';
import type { ChainCounts } from './chain-server.ts';
import type { DrillResult, RefundsResult } from './drill-result.ts';

const SHOWN_DIFFERENCES = 20;

const REPEATS: readonly [keyof ChainCounts, string][] = [
  ['refused', 'refused'],
  ['cut', 'cut'],
  ['timedOut', 'timed out'],
  ['unavailable', '503'],
  ['broken', 'other 5xx'],
  ['failed', 'FAILED'],
];

/** One drill for people, several lines. */
export function drillLines(result: DrillResult): string[] {
  const { payments, succeeded, unpaid, requests, recoveryMs, createToQrP99Ms, differences } = result;
  const repeats = REPEATS.flatMap(([name, title]) => (requests[name] === 0 ? [] : [`${requests[name]} ${title}`]));
  return [
    `${result.name}: ${result.title} (${displayDuration(result.faultMs)})`,
    `  payments   ${[payments, `${succeeded} paid`, ...reasonsOf(unpaid)].join(', ')}`,
    `  refunds    ${refundsLine(result.refunds)}`,
    `  recovered  ${recoveryMs === null ? 'NOT WITHIN A MINUTE' : `after ${displayDuration(recoveryMs)}`}; create to QR p99 of the whole drill ${createToQrP99Ms === null ? 'none' : displayDuration(createToQrP99Ms)}`,
    `  repeats    ${repeats.length === 0 ? 'none' : repeats.join(', ')} of ${requests.requests} requests`,
    ...result.notes.map((note) => `  note       ${note}`),
    ...result.ended.map((process) => `  note       ${process} ended by itself and was started again`),
    ...result.failures.map((failure) => `  FAILED     ${failure}`),
    `  books      ${differences.length === 0 ? 'agree' : `DIFFER in ${differences.length} places`}`,
    ...differences.slice(0, SHOWN_DIFFERENCES).map((difference) => `             ${difference}`),
  ];
}

function refundsLine({ asked, succeeded, inferred, unknown, unreturned, slowestMs }: RefundsResult): string {
  return [
    asked,
    `${succeeded} succeeded${inferred === 0 ? '' : ` (${inferred} found out by reading)`}`,
    ...reasonsOf(unreturned),
    ...(unknown === 0 ? [] : [`${unknown} unknown meanwhile`]),
    ...(slowestMs === null ? [] : [`the slowest took ${displayDuration(slowestMs)}`]),
  ].join(', ');
}

const reasonsOf = (reasons: Readonly<Record<string, number>>): string[] =>
  Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
