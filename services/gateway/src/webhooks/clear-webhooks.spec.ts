import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PaymentHouse, type Shop } from '../payments/test/payment-house.ts';
import { WebhookHouse } from './test/webhook-house.ts';

const DAY_MS = 86_400_000;

let house: PaymentHouse;
let shop: Shop;
let other: Shop;
let webhooks: WebhookHouse;
beforeAll(async () => {
  house = await PaymentHouse.open();
  [shop, other] = [await house.shop(), await house.shop()];
  webhooks = new WebhookHouse(house);
  for (const one of [shop, other]) {
    await webhooks.endpoint(one.caller.tenantId, 'http://127.0.0.1:9/');
    await house.pay(one);
  }
});
afterAll(() => house.close());

/** An event and its delivery, so many days old by the database's own clock, on which removal depends. */
async function aged(days: number): Promise<void> {
  const [row] = await house.rows<{ ms: number }>('SELECT floor(extract(epoch FROM now()) * 1000)::float8 AS ms');
  const at = new Date((row?.ms ?? 0) - days * DAY_MS);
  await house.rows(
    `WITH made AS (
       INSERT INTO event (id, created_at, tenant_id, mode, type, subject, version, snapshot)
       SELECT id_beside(uuid_floor($1)), $1, tenant_id, mode, 'test', gen_random_uuid(), 1, '{}' FROM event LIMIT 1
       RETURNING id, tenant_id, mode)
     INSERT INTO webhook_delivery (endpoint_id, event_id, id, tenant_id, mode, type, next_at, created_at)
     SELECT gen_random_uuid(), id, id_beside(id), tenant_id, mode, 'test', $1, $1 FROM made`,
    [at],
  );
}

const counts = async () => [
  await house.count(`event WHERE type = 'test'`),
  await house.count(`webhook_delivery WHERE type = 'test'`),
];

describe('what is old', () => {
  it('goes after 30 days with a grace of an hour, event and delivery together, and what is younger stays', async () => {
    const [row] = await house.rows<{ ms: number }>('SELECT floor(extract(epoch FROM now()) * 1000)::float8 AS ms');
    house.clock.stepWall((row?.ms ?? 0) - house.clock.now());
    for (const days of [400, 31, 30.02, 29]) await aged(days);
    expect(await counts()).toEqual([4, 4]);
    await webhooks.clear.clearOnce();
    expect(await counts()).toEqual([2, 2]);
  });

  it('is removed by that one function only, which touches nothing young whatever it is told', async () => {
    const before = await house.count('event');
    await expect(house.app.query('SELECT remove_old_events(now(), 10)')).rejects.toThrow('permission denied');
    await expect(house.worker.query('DELETE FROM event')).rejects.toThrow('permission denied');
    await house.worker.query(`SELECT remove_old_events(now() + interval '1 year', 1000)`);
    expect(await house.count('event')).toBe(before - 1);
    expect(await house.count(`event WHERE created_at < now() - interval '30 days'`)).toBe(0);
  });
});

describe('row-level security of webhooks', () => {
  it.each(['webhook_endpoint', 'webhook_delivery'])(
    'shows no row of %s without a tenant, and one tenant its own only',
    async (table) => {
      expect(await house.app.query(`SELECT FROM ${table}`)).toHaveLength(0);
      const seen: { tenant_id: string }[] = await house.app.asTenant(shop.caller.tenantId, (manager) =>
        manager.query(`SELECT tenant_id FROM ${table}`),
      );
      expect(new Set(seen.map((row) => row.tenant_id))).toEqual(new Set([shop.caller.tenantId]));
      expect(
        new Set((await house.worker.query<{ t: string }>(`SELECT tenant_id AS t FROM ${table}`)).map(({ t }) => t))
          .size,
      ).toBe(2);
    },
  );

  it('lets nobody move an endpoint to another tenant, and the public role change no delivery', async () => {
    const as = (sql: string) => house.app.asTenant(shop.caller.tenantId, (manager) => manager.query(sql));
    await expect(as(`UPDATE webhook_endpoint SET tenant_id = '${other.caller.tenantId}'`)).rejects.toThrow(
      'row-level security',
    );
    await expect(as(`UPDATE webhook_delivery SET state = 'delivered'`)).rejects.toThrow('permission denied');
    await expect(as('DELETE FROM webhook_endpoint')).rejects.toThrow('permission denied');
  });
});
