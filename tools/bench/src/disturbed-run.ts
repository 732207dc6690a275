import type { BankPayment } from './bank-ledger.ts';
import { type AboutBench, type BenchResult, emptyResult } from './bench-result.ts';
import { latenciesOf } from './payment-latencies.ts';
import { percentilesOf } from './percentiles.ts';
import type { PerProcess } from './process-usage.ts';
import type { PaymentsRun } from './run-payments.ts';
import type { TillRecord } from './till.ts';

/** What is the same of every run of payments that something else disturbs: the figures of the whole run, and its first error. */
export function disturbedRun(
  about: AboutBench,
  { step, records, bank, latencies }: PaymentsRun,
  memoryMb: PerProcess,
): { result: BenchResult; notes: string[] } {
  const unfinished = step.sent - step.ok - step.errors;
  const errors = step.errors + unfinished;
  const result = {
    ...emptyResult(about),
    steps: [{ rate: step.rate, sent: step.sent, ok: step.ok, errors }],
    latency_ms: { ...figuresOf(records, bank), button_to_door: percentilesOf(latencies.buttonToDoor) },
    rss_mb: { ...memoryMb },
    errors,
  };
  const notes = [
    ...(step.firstError === null ? [] : [`the first error: ${step.firstError}`]),
    ...(unfinished === 0 ? [] : [`${unfinished} payments never ended`]),
  ];
  return { result, notes };
}

export function figuresOf(records: readonly TillRecord[], bank: ReadonlyMap<string, BankPayment>) {
  const { createToQr, factToTill } = latenciesOf(records, bank);
  return { create_to_qr: percentilesOf(createToQr), fact_to_till: percentilesOf(factToTill) };
}
