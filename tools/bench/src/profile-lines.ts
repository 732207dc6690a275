import { columns } from './columns.ts';
import type { Cost, ProfileCosts } from './profile-table.ts';

const SHOWN_FUNCTIONS = 25;
const SHOWN_PACKAGES = 15;

/** The costs in a profile for people: self time of the JavaScript thread, by function and by package. */
export function profileLines(
  whose: string,
  { busyMs, idleMs, functions, packages }: ProfileCosts,
  operations: number,
): string {
  const whole = busyMs + idleMs;
  const busy = whole === 0 ? 0 : (busyMs / whole) * 100;
  const cells = ({ share, selfMs }: Cost): string[] => [
    `${(share * 100).toFixed(1)} %`,
    (selfMs / Math.max(1, operations)).toFixed(3),
  ];
  const byFunction = functions.slice(0, SHOWN_FUNCTIONS).map((cost) => [cost.what, cost.package, ...cells(cost)]);
  const byPackage = packages.slice(0, SHOWN_PACKAGES).map((cost) => [cost.what, ...cells(cost)]);
  return [
    '',
    `Profile of ${whose}: JavaScript ran ${busy.toFixed(0)} % of ${(whole / 1_000).toFixed(1)} s; shares of that time`,
    '',
    ...columns([['function', 'whose', 'self', 'ms each'], ...byFunction]),
    '',
    ...columns([['package with what it makes the platform do', 'self', 'ms each'], ...byPackage]),
    '',
  ].join('\n');
}
