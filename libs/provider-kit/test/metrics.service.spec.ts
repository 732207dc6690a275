import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { Gate } from './gate.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { type Shop } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;
let shop: Shop;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
  shop = await house.openShop(replica);
});
afterAll(() => house.close());

/** What a line of the page shows; undefined where it is not there. */
async function shown(name: string, labels: Readonly<Record<string, string>>): Promise<number | undefined> {
  const lines = (await replica.metrics.text()).split('\n').filter((line) => line.startsWith(`${name}{`));
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = lines.find((one) => wanted.every((label) => one.includes(label)));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

async function age(table: 'operation' | 'subject', column: 'subject_id' | 'id', id: string): Promise<void> {
  const db = await house.sql();
  await db.query(`UPDATE ${table} SET created_at = now() - interval '90 s' WHERE ${column} = $1`, [id]);
}

describe('the metrics page of a provider service', () => {
  const sent = { provider: 'dummy', kind: 'payment.start', state: 'sent' };

  it('shows how many operations are under way, how old the oldest is, and none when they have ended', async () => {
    expect(await shown('tolem_operations', sent)).toBeUndefined();
    const held = new Gate();
    const payments = [1, 2].map(() => house.payment(shop, { method: 'dummy_once' }));
    for (const { id } of payments) house.dummy.script(id, { beforeStart: held });
    await replica.send(...payments.map((payment) => house.begin(payment)));
    await waitFor('both calls', () => held.arrived === 2);
    await age('operation', 'subject_id', payments[1]?.id ?? '');
    expect(await shown('tolem_operations', sent)).toBe(2);
    const oldestS = await shown('tolem_operation_oldest_seconds', sent);
    expect(oldestS).toBeGreaterThanOrEqual(90);
    expect(oldestS).toBeLessThan(3_600);
    held.open();
    for (const payment of payments) await house.until(payment, 'requires_customer');
    expect(await shown('tolem_operations', sent)).toBeUndefined();
    expect(await shown('tolem_operation_oldest_seconds', sent)).toBeUndefined();
  });

  it('shows what is in doubt until a person has closed it', async () => {
    const unknown = { ...sent, state: 'unknown' };
    const payment = house.payment(shop, { method: 'dummy_invoice' });
    house.dummy.script(payment.id, { starts: ['lost_after'] });
    await replica.send(house.begin(payment));
    await house.until(payment, 'unknown');
    await age('operation', 'subject_id', payment.id);
    expect(await shown('tolem_operations', unknown)).toBe(1);
    expect(await shown('tolem_operation_oldest_seconds', unknown)).toBeGreaterThanOrEqual(90);
  });

  it('shows what somebody still has to look at, by phase, with the age of the oldest', async () => {
    const waits = { provider: 'dummy', phase: 'requires_customer' };
    const before = (await shown('tolem_subjects', waits)) ?? 0;
    const payment = house.payment(shop, { method: 'dummy_invoice' });
    house.dummy.script(payment.id, { askedForOnly: { is: 'asked_for_only', customerWithinMs: 86_400_000 } });
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    await age('subject', 'id', payment.id);
    expect(await shown('tolem_subjects', waits)).toBe(before + 1);
    expect(await shown('tolem_subject_oldest_seconds', waits)).toBeGreaterThanOrEqual(90);
  });
});
