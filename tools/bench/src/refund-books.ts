import type { BankCall, BankPayment, BankRefund } from './bank-ledger.ts';
import type { RefundRecord } from './refund-till.ts';

/** The wall clocks of two processes agree to a millisecond. */
const CLOCK_MS = 1;

export interface RefundBooks {
  /** What the bank and we tell differently about, a sentence for each. */
  disagreements: string[];
  /** The bank's ids of purchases of which more went back than was asked for. */
  returnedTwice: string[];
}

/** Compares what the tills saw with what the bank did: a refund that succeeded went back once, any other one not at all. */
export function compareBooks(records: readonly RefundRecord[], bank: readonly BankRefund[]): RefundBooks {
  const returned = Map.groupBy(bank, ({ payment_id: payment }) => payment ?? '');
  const books: RefundBooks = { disagreements: [], returnedTwice: [] };
  for (const { sold, amountMinor, status, error } of records) {
    const rows = returned.get(sold.bankId) ?? [];
    const sumMinor = rows.reduce((sum, { amount }) => sum + amount, 0);
    if (sumMinor > amountMinor) books.returnedTwice.push(sold.bankId);
    const wantedMinor = status === 'succeeded' ? amountMinor : 0;
    if (sumMinor === wantedMinor && error === undefined) continue;
    const why = error === undefined ? '' : ` (${error})`;
    books.disagreements.push(`${sold.payment}: ${status} here${why}, ${sumMinor} of ${amountMinor} went back there`);
  }
  return books;
}

/** The bank's own time for the calls of a refund: reading before it and the return itself, and nothing of ours; ms. */
export function bankTimeMs(
  record: RefundRecord,
  payment: BankPayment | undefined,
  bank: readonly BankRefund[],
): number {
  const own = [
    ...(payment?.calls ?? []).filter((call) => call.call === 'payment/details'),
    ...bank.filter(({ payment_id: id }) => id === record.sold.bankId).flatMap(({ calls }) => calls),
  ];
  return own
    .filter(({ at }) => at >= record.sentAtMs - CLOCK_MS && at <= record.endedAtMs + CLOCK_MS)
    .reduce((sum, call) => sum + tookMs(call), 0);
}

const tookMs = ({ at, answered_at: answeredAt }: BankCall): number => (answeredAt === null ? 0 : answeredAt - at);
