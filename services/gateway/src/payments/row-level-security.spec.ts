import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PaymentHouse, type Shop } from './test/payment-house.ts';

describe('row-level security of payments and events', () => {
  let house: PaymentHouse;
  let shop: Shop;
  let other: Shop;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    [shop, other] = [await house.shop(), await house.shop()];
    for (const one of [shop, other])
      await house.tell({ payment: (await house.pay(one)).body.id, seq: 1, phase: 'unknown' });
  });
  afterAll(() => house.close());

  it.each(['payment', 'event', 'attention'])(
    'shows no row of %s without a tenant, and one tenant its own only',
    async (table) => {
      expect(await house.app.query(`SELECT FROM ${table}`)).toHaveLength(0);
      const seen: { tenant_id: string }[] = await house.app.asTenant(shop.caller.tenantId, (manager) =>
        manager.query(`SELECT tenant_id FROM ${table}`),
      );
      expect(new Set(seen.map((row) => row.tenant_id))).toEqual(new Set([shop.caller.tenantId]));
    },
  );

  it.each(['payment', 'attention'])('lets nobody write a row of %s for another tenant', async (table) => {
    const move = house.app.asTenant(shop.caller.tenantId, (manager) =>
      manager.query(`UPDATE ${table} SET tenant_id = '${other.caller.tenantId}'`),
    );
    await expect(move).rejects.toThrow('row-level security');
  });

  it.each(['UPDATE event SET type = type', 'DELETE FROM event', 'DELETE FROM payment', 'DELETE FROM attention'])(
    'lets neither role do: %s',
    async (sql) => {
      await expect(house.app.query(sql)).rejects.toThrow('permission denied');
      await expect(house.worker.query(sql)).rejects.toThrow('permission denied');
    },
  );

  it('forgets the tenant with the statement that set it', async () => {
    await house.get(shop, (await house.pay(shop)).body.id);
    const tenants = await Promise.all(
      Array.from({ length: 20 }, () =>
        house.app.query<{ t: string | null }>(`SELECT nullif(current_setting('tolem.tenant', true), '') AS t`),
      ),
    );
    expect(new Set(tenants.flat().map((row) => row.t))).toEqual(new Set([null]));
  });
});
