import { z } from 'zod';
import type { KaspiShop } from './kaspi-shop.ts';
import { listOf, type Payment, paymentView, type Refund, refundView } from './views.ts';

const eventView = z.looseObject({
  type: z.string(),
  data: z.looseObject({ object: z.looseObject({ id: z.string() }) }),
});
const FINAL = /\.(succeeded|declined|expired|canceled|failed|imported)$/;

/**
 * What the bank and the tenants of these organizations hold against each other: each paid purchase stands once in the
 * books of one of them, each refund too, and each end was told once.
 */
export async function booksDiffer(shops: readonly KaspiShop[]): Promise<string[]> {
  const payments: Payment[] = [];
  const refunds: Refund[] = [];
  const told: string[] = [];
  for (const { api } of shops) {
    payments.push(...(await all(api, paymentView, '/v1/payments')));
    refunds.push(...(await all(api, refundView, '/v1/refunds')));
    for (const { type, data } of await events(api)) if (FINAL.test(type)) told.push(`${data.object.id} ${type}`);
  }
  const paid = payments.filter(({ status, imported }) => status === 'succeeded' && !imported);
  const returned = refunds.filter(({ status, source }) => status === 'succeeded' && source !== 'external');
  const ours = [
    ...paid.map(({ provider, amount }) => `sale ${provider.id} ${amount}`),
    ...returned.map(({ provider, amount }) => `refund ${provider.id} of ${provider.purchase} ${amount}`),
  ];
  const rows = (await shops[0]?.bank.ledger()) ?? [];
  const taxIds = new Set(shops.map(({ taxId }) => taxId));
  const theirs = rows
    .filter((row) => taxIds.has(row.tax_id) && row.status === 'Processed' && row.kind !== 'refund_code')
    .map(({ kind, id, payment_id: of, amount }) =>
      kind === 'refund' ? `refund ${id} of ${of} ${amount}` : `sale ${id} ${amount}`,
    );
  const ends = [
    // Late money: the end that was told first was told to be over.
    ...payments.filter(({ late }) => late).map(({ id }) => `${id} payment.expired`),
    ...payments.map(({ id, status, imported }) => `${id} payment.${imported ? 'imported' : status}`),
    ...refunds.map(({ id, status }) => `${id} refund.${status}`),
  ];
  return [...missing('not with us', theirs, ours), ...missing('not at the bank', ours, theirs), ...twice(ours)].concat(
    [...missing('not told', ends, told), ...missing('told, but not so', told, ends), ...twice(told)],
    paid.length === 0 || returned.length === 0 ? ['nothing was sold or returned'] : [],
  );
}

const missing = (how: string, from: readonly string[], among: readonly string[]): string[] =>
  from.filter((one) => !among.includes(one)).map((one) => `${how}: ${one}`);

const twice = (entries: readonly string[]): string[] =>
  entries.filter((one, at) => entries.indexOf(one) !== at).map((one) => `twice: ${one}`);

async function all<S extends z.ZodType>(api: KaspiShop['api'], view: S, path: string): Promise<z.output<S>[]> {
  const found: z.output<S>[] = [];
  for (let after = ''; ;) {
    const { data, next } = await api.ask(listOf(view), 'GET', `${path}?limit=100${after}`);
    found.push(...data);
    if (next === null) return found;
    after = `&after=${encodeURIComponent(next)}`;
  }
}

/** A cursor never ends; an empty page is the end for now. */
async function events(api: KaspiShop['api']): Promise<z.output<typeof eventView>[]> {
  const found: z.output<typeof eventView>[] = [];
  for (let after = ''; ;) {
    const { data, next } = await api.ask(listOf(eventView), 'GET', `/v1/events?limit=100${after}`);
    found.push(...data);
    if (data.length === 0 || next === null) return found;
    after = `&after=${encodeURIComponent(next)}`;
  }
}
