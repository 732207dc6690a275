import { canMove, isFinal, type PaymentStatus } from '@tolem/domain';
import type { BankRow } from './bank-row.ts';
import type { Sale } from './sale.ts';
import type { ToldPayment } from './told-payment.ts';

/** A payment as the API shows it. */
export interface OurPayment {
  id: string;
  status: PaymentStatus;
  late: boolean;
  amount: number | null;
  reference: string | null;
  version: number;
  /** Epoch ms. */
  created_at: number;
}

/** Everything that anybody knows about the same sales. */
export interface Books {
  sales: readonly Sale[];
  ours: readonly OurPayment[];
  /** At least the purchases of these sales. */
  bank: readonly BankRow[];
  /** As they were read by cursor, of these payments at least. */
  events: readonly ToldPayment[];
  /** Ids that the cursor gave more than once. */
  eventsTwice: readonly string[];
  /** One entry per delivered event. */
  webhooks: readonly ToldPayment[];
  webhooksForged: number;
}

/** Past it nothing may be sent to the bank (data-model §4: created + 20 s). */
const START_WITHIN_MS = 20_000;
/** The last look at the deadline is at the first byte; until the headers are read lies the way to a bank on a busy machine. */
const ON_THE_WAY_MS = 1_000;
const PAID = 'Processed';

/** Everything in which they differ, one sentence each; empty: they agree. */
export function differencesIn(books: Books): string[] {
  const payments = new Map(books.ours.map((payment) => [payment.id, payment]));
  return [
    ...books.sales.flatMap((sale) => atTheTill(sale, payments)),
    ...oneEach(books),
    ...books.ours.flatMap((payment) => inOurBooks(payment)),
    ...atTheBank(books, payments),
    ...inTheEvents(books),
    ...inTheWebhooks(books),
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
function oneEach({ sales, ours }: Books): string[] {
  const keys = new Set(sales.map(({ key }) => key));
  const counted = Map.groupBy(ours, ({ reference }) => reference ?? '');
  return [...counted].flatMap(([key, made]) => [
    ...(made.length > 1 ? [`${key} has ${made.length} payments: ${made.map(({ id }) => id).join(', ')}`] : []),
    ...(keys.has(key) ? [] : [`${made.map(({ id }) => id).join(', ')}: nobody asked for it`]),
  ]);
}

function inOurBooks({ id, status }: OurPayment): string[] {
  return isFinal(status) ? [] : [`${id} is ${status}, which is no end`];
}

function atTheBank({ bank }: Books, payments: ReadonlyMap<string, OurPayment>): string[] {
  const purchases = Map.groupBy(bank, ({ external_id: id }) => id ?? '');
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

function inTheEvents({ ours, events, eventsTwice }: Books): string[] {
  const perPayment = Map.groupBy(events, ({ payment }) => payment);
  return [
    ...eventsTwice.map((event) => `${event} was read twice`),
    ...ours.flatMap((payment) => {
      const told = perPayment.get(payment.id) ?? [];
      return [...lastAgrees(payment, told, 'events'), ...onlyForward(payment.id, told)];
    }),
  ];
}

/** A state that was overwritten by an older one shows here even where it was put right again. */
function onlyForward(id: string, told: readonly ToldPayment[]): string[] {
  return told.flatMap((event, at) => {
    const before = told[at - 1];
    if (before === undefined) return [];
    const risen = event.version > before.version;
    const allowed = event.status === before.status || canMove(before.status, event.status);
    return risen && allowed
      ? []
      : [`${id} went from ${before.status} (${before.version}) to ${event.status} (${event.version}) in the events`];
  });
}

function inTheWebhooks({ ours, events, webhooks, webhooksForged }: Books): string[] {
  const payments = new Set(ours.map(({ id }) => id));
  const delivered = new Set(webhooks.map(({ event }) => event));
  const missing = events.filter(({ event, payment }) => payments.has(payment) && !delivered.has(event));
  const perPayment = Map.groupBy(webhooks, ({ payment }) => payment);
  return [
    ...(webhooksForged > 0 ? [`${webhooksForged} webhooks had a wrong signature`] : []),
    ...missing.map(({ event, payment, status }) => `${event} (${payment} ${status}) never came as a webhook`),
    ...ours.flatMap((payment) => lastAgrees(payment, perPayment.get(payment.id) ?? [], 'webhooks')),
  ];
}

/** Of what was told about a payment, in any order, the newest says what our books say. */
function lastAgrees(ours: OurPayment, told: readonly ToldPayment[], where: string): string[] {
  const last = told.reduce<ToldPayment | undefined>(
    (newest, each) => (newest === undefined || each.version > newest.version ? each : newest),
    undefined,
  );
  if (last === undefined) return [`${ours.id} is not in the ${where}`];
  const agrees = last.status === ours.status && last.late === ours.late && last.version <= ours.version;
  return agrees ? [] : [`${ours.id} is ${ours.status} and the ${where} end with ${last.status}`];
}
