import type { BenchResult } from './bench-result.ts';
import { columns, number } from './columns.ts';
import type { Percentiles } from './percentiles.ts';
import { headLines } from './result-table.ts';

/** What the replacement of a certificate cost the tills, for people. */
export function certificateTable(result: BenchResult, notes: readonly string[]): string {
  const { certificate, latency_ms, errors, steps } = result;
  if (certificate === undefined) throw new Error('a table of replacements needs replacements');
  const sent = steps.reduce((sum, step) => sum + step.sent, 0);
  const lines = [
    ...headLines(result),
    ...notes.map((note) => `Note: ${note}`),
    '',
    `${certificate.rate} payments/s: ${sent} sent, ${certificate.during_payments} of them waited for their QR between the first and the last replacement`,
    `Failed requests: ${errors} (aim: 0)`,
    '',
    ...columns([
      ['ms', 'p50', 'p95', 'p99'],
      ['create → QR, whole run', ...three(latency_ms.create_to_qr)],
      ['create → QR, during the replacements', ...three(certificate.during.create_to_qr)],
      ['the bank says paid → till, whole run', ...three(latency_ms.fact_to_till)],
      ['the bank says paid → till, during the replacements', ...three(certificate.during.fact_to_till)],
    ]),
    '',
    ...columns([
      ['replacement', 'asked for until in use, ms'],
      ...certificate.replacements_ms.map((tookMs, at) => [String(at + 1), number(tookMs, 0)]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

const three = (found: Percentiles | null): string[] =>
  [found?.p50, found?.p95, found?.p99].map((value) => number(value, 1));
