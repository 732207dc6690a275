import { type BankPayment, createCall, factToldAtMs } from './bank-ledger.ts';
import type { TillRecord } from './till.ts';

export interface PaymentLatencies {
  /** Till's POST to the QR at the till, minus the bank's own time for it. */
  createToQr: number[];
  /** The same with the bank's time in it. */
  createToQrWhole: number[];
  /** Till's POST to the create's arrival at the bank. */
  buttonToDoor: number[];
  /** The bank's first answer that says paid to the last byte at the till. */
  factToTill: number[];
  /** Till's POST to the last byte of the final answer. */
  life: number[];
  /** Questions that the bank was asked about these payments. */
  questions: number;
}

/**
 * Joins what the tills and what the bank saw, by payment. Both clocks are this machine's wall clock in whole
 * milliseconds, so a difference between the two processes is exact to ±1 ms; a negative one counts as it is.
 */
export function latenciesOf(records: readonly TillRecord[], bank: ReadonlyMap<string, BankPayment>): PaymentLatencies {
  const found: PaymentLatencies = {
    createToQr: [],
    createToQrWhole: [],
    buttonToDoor: [],
    factToTill: [],
    life: [],
    questions: 0,
  };
  for (const record of records) {
    const atBank = record.payment === null ? undefined : bank.get(record.payment);
    found.questions += atBank?.calls.filter((one) => one.call === 'payment/status').length ?? 0;
    if (record.error !== undefined) continue;
    found.life.push(record.lifeMs);
    const create = createCall(atBank);
    const toldAtMs = factToldAtMs(atBank);
    if (record.createToQrMs !== null) {
      found.createToQrWhole.push(record.createToQrMs);
      if (create !== undefined && create.tookMs !== null) found.createToQr.push(record.createToQrMs - create.tookMs);
    }
    if (create !== undefined) found.buttonToDoor.push(create.atMs - record.sentAtMs);
    if (toldAtMs !== null) found.factToTill.push(record.endedAtMs - toldAtMs);
  }
  return found;
}

/** Payments that till and bank do not agree about: what succeeded here must be paid there, once. */
export function disagreements(records: readonly TillRecord[], bank: ReadonlyMap<string, BankPayment>): string[] {
  return records.flatMap((record) => {
    if (record.error !== undefined || record.payment === null) return [];
    const atBank = bank.get(record.payment);
    if (atBank === undefined) return [`the bank does not know ${record.payment}, which succeeded`];
    if (atBank.status !== 'Processed') return [`${record.payment} succeeded, and the bank says ${atBank.status}`];
    return [];
  });
}
