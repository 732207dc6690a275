import { canMove, isFinal, type PaymentStatus, refundCanMove } from '@tolem/domain';
import type { BankBooks, BankRow } from './bank-books.ts';
import { type OurRefund, refundDifferences } from './refund-books.ts';
import type { AskedRefund } from './refund-till.ts';
import type { Sale } from './sale.ts';
import { type Shown, type Tellers, toldDifferences } from './told-differences.ts';

/** A payment as the API shows it. */
export interface OurPayment extends Shown<PaymentStatus> {
  amount: number | null;
  reference: string | null;
  /** What has gone back, and what can still go back. */
  amount_refunded: number;
  amount_refundable: number;
  /** Epoch ms. */
  created_at: number;
}

/** Everything that anybody knows about the same sales. */
export interface Books extends Tellers {
  sales: readonly Sale[];
  /** What was to go back for them. */
  asked: readonly AskedRefund[];
  payments: readonly OurPayment[];
  refunds: readonly OurRefund[];
  bank: BankBooks;
  /** Ids that the cursor gave more than once. */
  eventsTwice: readonly string[];
  webhooksForged: number;
}

/** Past it nothing may be sent to the bank (data-model §4: created + 20 s). */
const START_WITHIN_MS = 20_000;
/** The last look at the deadline is at the first byte; until the headers are read lies the way to a bank on a busy machine. */
const ON_THE_WAY_MS = 5_000;
const PAID = 'Processed';

/** Everything in which they differ, one sentence each; empty: they agree. */
export function differencesIn(books: Books): string[] {
  const { payments: ours, refunds, events, webhooks, eventsTwice, webhooksForged } = books;
  const payments = new Map(ours.map((payment) => [payment.id, payment]));
  return [
    ...books.sales.flatMap((sale) => atTheTill(sale, payments)),
    ...oneEach(books),
    ...ours.flatMap((payment) => inOurBooks(payment)),
    ...atTheBank(books.bank.purchases, payments),
    ...refundDifferences({ asked: books.asked, ours: refunds, payments, bank: books.bank }),
    ...eventsTwice.map((event) => `${event} was read twice`),
    ...(webhooksForged > 0 ? [`${webhooksForged} webhooks had a wrong signature`] : []),
    ...toldDifferences(ours, events.payments, webhooks.payments, canMove),
    ...toldDifferences(refunds, events.refunds, webhooks.refunds, refundCanMove),
  ];
}

function atTheTill(sale: Sale, payments: ReadonlyMap<string, OurPayment>): string[] {
  if (sale.error !== undefined) return [`${sale.key}: its till has no end of it: ${sale.error}`];
  const payment = payments.get(sale.payment ?? '');
  if (payment === undefined) return [`${sale.key}: ${sale.payment ?? 'its payment'} is not in our books`];
  const wrong = payment.reference !== sale.key || payment.amount !== sale.amountMinor;
  const later = payment.status === sale.told || (payment.status === 'succeeded' && payment.late);
  return [
    ...(wrong
      ? [`${payment.id} is ${payment.reference} over ${payment.amount}, not ${sale.key} over ${sale.amountMinor}`]
      : []),
    ...(later ? [] : [`${payment.id}: its till was told ${sale.told}, our books say ${payment.status}`]),
  ];
}

/** A key makes one payment, however often it is repeated. */
function oneEach({ sales, payments }: Books): string[] {
  const keys = new Set(sales.map(({ key }) => key));
  const counted = Map.groupBy(payments, ({ reference }) => reference ?? '');
  return [...counted].flatMap(([key, made]) => [
    ...(made.length > 1 ? [`${key} has ${made.length} payments: ${made.map(({ id }) => id).join(', ')}`] : []),
    ...(keys.has(key) ? [] : [`${made.map(({ id }) => id).join(', ')}: nobody asked for it`]),
  ]);
}

function inOurBooks({ id, status }: OurPayment): string[] {
  return isFinal(status) ? [] : [`${id} is ${status}, which is no end`];
}

function atTheBank(rows: readonly BankRow[], payments: ReadonlyMap<string, OurPayment>): string[] {
  const purchases = Map.groupBy(rows, ({ external_id: id }) => id ?? '');
  const strangers = [...purchases.keys()].filter((id) => !payments.has(id));
  return [
    ...strangers.map((id) => `the bank has a purchase of ${id === '' ? 'nobody' : id}, which we do not know`),
    ...[...payments.values()].flatMap((payment) => atTheBankOf(payment, purchases.get(payment.id) ?? [])),
  ];
}

function atTheBankOf({ id, status, amount, created_at: createdMs }: OurPayment, rows: readonly BankRow[]): string[] {
  const paid = rows.filter((row) => row.status === PAID);
  const late = rows
    .flatMap(({ calls }) => calls.filter(({ call }) => call === 'qr/create'))
    .map(({ at }) => at - createdMs)
    .filter((afterMs) => afterMs > START_WITHIN_MS + ON_THE_WAY_MS);
  return [
    ...(paid.length > 1 ? [`${id} was paid ${paid.length} times at the bank`] : []),
    ...(paid.length > 0 && status !== 'succeeded' ? [`${id} was paid at the bank and is ${status} here`] : []),
    ...(paid.length === 0 && status === 'succeeded' ? [`${id} is succeeded here and was not paid at the bank`] : []),
    ...rows
      .filter((row) => row.amount !== amount)
      .map((row) => `${id} is over ${amount} here and over ${row.amount} at the bank`),
    ...late.map((afterMs) => `${id}: qr/create arrived at the bank ${afterMs} ms after its creation`),
  ];
}
