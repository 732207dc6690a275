import type { BenchResult } from './bench-result.ts';
import { columns, number } from './columns.ts';
import type { DatabaseCounts } from './database-counts.ts';
import { headLines, sharedLines, statementLines } from './result-table.ts';
import type { SharedCounts } from './shared-counter.ts';

export interface IdleCounts {
  counts: DatabaseCounts;
  shared: SharedCounts | undefined;
  seconds: number;
  othersCores: number | null;
}

/** What a house costs that has nothing to do, for people. */
export function idleTable(result: BenchResult, { counts, shared, seconds, othersCores }: IdleCounts): string {
  const { idle, rss_mb } = result;
  const rows = Object.entries(idle?.cpu_percent ?? {}).map(([name, percent]) => [
    name,
    number(percent),
    number(rss_mb[name], 0),
    number(idle?.wake_ups_per_second[name], 1),
  ]);
  const perSecond = [
    ['statements', number(idle?.statements_per_second)],
    ['commands of Redis', number(idle?.redis_commands_per_second)],
    ['bytes in Kafka’s logs', number(idle?.kafka_bytes_per_second, 0)],
    ['bytes of write-ahead log', number(idle?.wal_bytes_per_second, 0)],
  ];
  const lines = [
    ...headLines(result),
    '',
    `Nothing to do for ${number(seconds, 0)} s (aim: less than 1 % of a core per service)`,
    '',
    ...columns([['process', '% of a core', 'MB', 'wake-ups/s'], ...rows]),
    `  other programs kept ${number(othersCores)} cores busy meanwhile`,
    '',
    ...columns([['per second', ''], ...perSecond]),
    ...(shared === undefined ? [] : sharedLines(shared, seconds)),
    ...statementLines(counts.statements ?? [], seconds),
  ];
  return `${lines.join('\n')}\n`;
}
