import type { BenchResult } from './bench-result.ts';
import { columns, number } from './columns.ts';
import type { Percentiles } from './percentiles.ts';
import { headLines } from './result-table.ts';

/** What a rolling restart cost the tills, for people. */
export function rollingTable(result: BenchResult, notes: readonly string[]): string {
  const { rolling, latency_ms, errors, steps } = result;
  if (rolling === undefined) throw new Error('a table of restarts needs restarts');
  const sent = steps.reduce((sum, step) => sum + step.sent, 0);
  const lines = [
    ...headLines(result),
    ...notes.map((note) => `Note: ${note}`),
    '',
    `${rolling.rate} payments/s: ${sent} sent, ${rolling.during_payments} of them waited for their QR during the restarts`,
    `Failed requests: ${errors} (aim: 0)`,
    '',
    ...columns([
      ['ms', 'p50', 'p95', 'p99', 'aim'],
      ['create → QR, whole run', ...three(latency_ms.create_to_qr), 'p99 < 5000'],
      ['create → QR, during the restarts', ...three(rolling.during.create_to_qr), 'p99 < 5000'],
      ['the bank says paid → till, whole run', ...three(latency_ms.fact_to_till), ''],
      ['the bank says paid → till, during the restarts', ...three(rolling.during.fact_to_till), ''],
    ]),
    '',
    ...columns([
      ['restart', 'stop, ms', 'start until ready, ms'],
      ...rolling.restarts.map((one) => [one.process, number(one.stop_ms, 0), number(one.start_ms, 0)]),
      ['all of them', number(rolling.restarts_ms, 0), ''],
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

const three = (found: Percentiles | null): string[] =>
  [found?.p50, found?.p95, found?.p99].map((value) => number(value, 1));
