import { displayDuration } from '@tolem/local-stack';
import type { ChainCounts } from './chain-server.ts';
import type { DrillResult } from './drill-result.ts';

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
  const reasons = Object.entries(unpaid).map(([reason, count]) => `${count} ${reason}`);
  const repeats = REPEATS.flatMap(([name, title]) => (requests[name] === 0 ? [] : [`${requests[name]} ${title}`]));
  return [
    `${result.name}: ${result.title} (${displayDuration(result.faultMs)})`,
    `  payments   ${payments}, ${succeeded} paid${reasons.length === 0 ? '' : `, ${reasons.join(', ')}`}`,
    `  recovered  ${recoveryMs === null ? 'NOT WITHIN A MINUTE' : `after ${displayDuration(recoveryMs)}`}; create to QR p99 of the whole drill ${createToQrP99Ms === null ? 'none' : displayDuration(createToQrP99Ms)}`,
    `  repeats    ${repeats.length === 0 ? 'none' : repeats.join(', ')} of ${requests.requests} requests`,
    ...result.notes.map((note) => `  note       ${note}`),
    ...result.ended.map((process) => `  note       ${process} ended by itself and was started again`),
    `  books      ${differences.length === 0 ? 'agree' : `DIFFER in ${differences.length} places`}`,
    ...differences.slice(0, SHOWN_DIFFERENCES).map((difference) => `             ${difference}`),
  ];
}
