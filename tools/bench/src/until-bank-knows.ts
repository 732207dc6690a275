import { setTimeout as pause } from 'node:timers/promises';
import type { BankPayment } from './bank-ledger.ts';
import type { Bench } from './bench.ts';

const TIMEOUT_MS = 15_000;
const POLL_MS = 200;

/** Reads the bank's books until all these payments are in them, or the patience is over. */
export async function untilBankKnows(bench: Bench, payments: Iterable<string>): Promise<Map<string, BankPayment>> {
  const wanted = [...payments];
  const known = new Map<string, BankPayment>();
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    for (const [payment, row] of await bench.ledger.read(bench.signal)) known.set(payment, row);
    if (wanted.every((payment) => known.has(payment)) || performance.now() > deadline) return known;
    await pause(POLL_MS, undefined, { signal: bench.signal });
  }
}
