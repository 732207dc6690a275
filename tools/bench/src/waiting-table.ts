import type { BenchResult } from './bench-result.ts';
import { columns, number } from './columns.ts';
import type { CountedStatement } from './database-counts.ts';
import { headLines, statementLines } from './result-table.ts';

export interface BesideWaiting {
  notes: readonly string[];
  statements: readonly CountedStatement[];
  othersCores: number | null;
}

/** What waiting payments cost, for people. */
export function waitingTable(result: BenchResult, { notes, statements, othersCores }: BesideWaiting): string {
  const { waiting } = result;
  if (waiting === undefined) throw new Error('a table of waiting payments needs them');
  const { payments, interval_s, seconds, questions, questions_per_second, lateness_ms: late } = waiting;
  const lines = [
    ...headLines(result),
    ...notes.map((note) => `Note: ${note}`),
    '',
    `${payments} payments wait, each asked about every ${interval_s} s; ${number(seconds, 0)} s measured`,
    `${questions} questions, ${number(questions_per_second, 1)}/s; other programs kept ${number(othersCores)} cores busy`,
    `Rows written by PostgreSQL: ${waiting.rows_written ?? '-'} (aim: 0)`,
    '',
    ...columns([
      ['ms', 'p50', 'p95', 'p99'],
      ['question later than due', ...[late?.p50, late?.p95, late?.p99].map((value) => number(value, 1))],
    ]),
    '',
    ...columns([
      ['process', 'CPU-ms per question'],
      ...Object.entries(waiting.cpu_ms_per_question).map(([name, ms]) => [name, number(ms, 3)]),
    ]),
    '',
    ...columns([
      ['memory', 'bytes per waiting payment'],
      ...Object.entries(waiting.bytes_per_payment).map(([name, bytes]) => [name, number(bytes, 0)]),
    ]),
    ...(statements.length === 0 ? [] : ['', ...statementLines(statements, questions)]),
  ];
  return `${lines.join('\n')}\n`;
}
