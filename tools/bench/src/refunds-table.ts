import type { BenchResult } from './bench-result.ts';
import { columns, number } from './columns.ts';

type LostAnswers = NonNullable<BenchResult['refunds']>['with_lost_answers'];

/** What became of refunds while answers were lost, for people; stands below the table of the run without losses. */
export function lostAnswersLines(found: LostAnswers): string {
  const { sent, lost, ended, lost_took_ms: took, disagreements, returned_twice: twice } = found;
  const lines = [
    '',
    `The same once more with ${lost} answers lost: ${sent} sent`,
    ...columns([
      ['ended as', 'refunds'],
      ...Object.entries(ended).map(([status, count]) => [status, String(count)]),
      ['told differently by the bank (aim: 0)', String(disagreements)],
      ['returned twice (aim: 0)', String(twice)],
    ]),
    `  a refund whose answer was lost took p50 ${number(took?.p50, 0)} ms, p99 ${number(took?.p99, 0)} ms (waits scaled down, see the README)`,
  ];
  return `${lines.join('\n')}\n`;
}
