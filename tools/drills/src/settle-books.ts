import { z } from 'zod';
import { readBank } from './bank-row.ts';
import { differencesIn, type OurPayment } from './books.ts';
import type { DrillHouse } from './drill-house.ts';
import { paymentAnswer, type Sale } from './sale.ts';
import { until } from './until.ts';

/** Beyond the lease of a webhook whose process died with it (60 s). */
const SETTLE_MS = 100_000;
const page = z.looseObject({ data: z.array(paymentAnswer), next: z.string().nullable() });

/**
 * Compares the books of these sales until they agree. Events and webhooks may come a little later than what they tell of,
 * so that what still differs at the end is what differs.
 *
 * @param sinceMs before the first of these sales and after the last one of others
 */
export async function settleBooks(
  house: DrillHouse,
  sales: readonly Sale[],
  sinceMs: number,
  timeoutMs = SETTLE_MS,
): Promise<string[]> {
  let differences: string[] = [];
  await until(
    async () => {
      differences = await compare(house, sales, sinceMs);
      return differences.length === 0 ? true : undefined;
    },
    timeoutMs,
    house.house.ending,
  );
  return differences;
}

async function compare(house: DrillHouse, sales: readonly Sale[], sinceMs: number): Promise<string[]> {
  const ours = await readOurs(house, sinceMs);
  const { control } = house.house.sandbox;
  const bank = await readBank(control, house.house.ending);
  return differencesIn({
    sales,
    ours,
    bank: bank.filter(({ calls }) => (calls[0]?.at ?? 0) >= sinceMs),
    events: house.events.told,
    eventsTwice: house.events.twice,
    webhooks: house.webhooks.told,
    webhooksForged: house.webhooks.forged,
  });
}

/** Every payment that was created since then. */
async function readOurs({ server }: DrillHouse, sinceMs: number): Promise<OurPayment[]> {
  const payments: OurPayment[] = [];
  const since = new Date(sinceMs).toISOString();
  let after: string | null = '';
  while (after !== null) {
    const path = `/v1/payments?limit=100&created_after=${since}${after === '' ? '' : `&after=${after}`}`;
    const answer = await server.request({ method: 'GET', path });
    if (answer.status !== 200) throw new Error(`GET ${path} was answered with ${answer.status}: ${answer.text}`);
    const read: z.output<typeof page> = page.parse(JSON.parse(answer.text));
    payments.push(...read.data);
    after = read.next;
  }
  return payments;
}
