import { z } from 'zod';
import { readBank } from './bank-books.ts';
import { differencesIn } from './books.ts';
import { jsonOf } from './chain-server.ts';
import type { DrillHouse } from './drill-house.ts';
import type { Load } from './load.ts';
import { refundAnswer } from './refund-till.ts';
import { paymentAnswer } from './sale.ts';
import { until } from './until.ts';

/** Beyond the lease of a webhook whose process died with it (60 s). */
const SETTLE_MS = 100_000;
const next = z.string().nullable();
const payments = z.looseObject({ data: z.array(paymentAnswer), next });
const refunds = z.looseObject({
  data: z.array(refundAnswer.transform((refund) => ({ ...refund, late: false }))),
  next,
});

/**
 * Compares the books of these sales and refunds until they agree. Events and webhooks may come a little later than what
 * they tell of, so that what still differs at the end is what differs.
 *
 * @param sinceMs before the first of these sales and after the last one of others
 */
export async function settleBooks(
  house: DrillHouse,
  load: Pick<Load, 'sales' | 'refunds'>,
  sinceMs: number,
  timeoutMs = SETTLE_MS,
): Promise<string[]> {
  let differences: string[] = [];
  await until(
    async () => {
      differences = await compare(house, load, sinceMs);
      return differences.length === 0 ? true : undefined;
    },
    timeoutMs,
    house.house.ending,
  );
  return differences;
}

async function compare(
  house: DrillHouse,
  { sales, refunds: asked }: Pick<Load, 'sales' | 'refunds'>,
  sinceMs: number,
): Promise<string[]> {
  const since = new Date(sinceMs).toISOString();
  return differencesIn({
    ...{ sales, asked },
    payments: await readAll(house, `/v1/payments?limit=100&created_after=${since}`, payments),
    refunds: await readAll(house, `/v1/refunds?limit=100&created_after=${since}`, refunds),
    bank: await readBank(house.house.sandbox.control, sinceMs, house.house.ending),
    events: house.events.told,
    eventsTwice: house.events.twice,
    webhooks: house.webhooks.told,
    webhooksForged: house.webhooks.forged,
  });
}

/** Every page of a list. */
async function readAll<T>(
  { server }: DrillHouse,
  list: string,
  page: z.ZodType<{ data: T[]; next: string | null }>,
): Promise<T[]> {
  const all: T[] = [];
  let after: string | null = '';
  while (after !== null) {
    const path: string = after === '' ? list : `${list}&after=${after}`;
    const read: { data: T[]; next: string | null } = page.parse(
      jsonOf(path, await server.request({ method: 'GET', path })),
    );
    all.push(...read.data);
    after = read.next;
  }
  return all;
}
