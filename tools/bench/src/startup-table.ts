import type { BenchResult, Spread } from './bench-result.ts';
import { columns, number } from './columns.ts';
import { headLines } from './result-table.ts';

const MOST_READY_MS = 3_000;

/** How long the services take to start, for people. */
export function startupTable(result: BenchResult, notes: readonly string[]): string {
  const rows = Object.entries(result.startup ?? {}).map(([name, found]) => [
    name,
    String(found.times),
    ...[found.serving_ms, found.ready_ms, found.cpu_ms, found.rss_mb].map(shown),
    found.ready_ms.most <= MOST_READY_MS ? 'yes' : 'no',
  ]);
  const lines = [
    ...headLines(result),
    ...notes.map((note) => `Note: ${note}`),
    '',
    'Median (least … most) from the start of the process:',
    '',
    ...columns([
      ['service', 'starts', 'serves, ms', 'ready, ms', 'CPU-ms until then', 'MB then', `within ${MOST_READY_MS} ms`],
      ...rows,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

const shown = (spread: Spread | null): string =>
  spread === null ? '-' : `${number(spread.median, 0)} (${number(spread.least, 0)} … ${number(spread.most, 0)})`;
