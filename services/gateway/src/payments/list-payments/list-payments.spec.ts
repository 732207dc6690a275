import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listPaymentsSchema } from './list-payments.schema.ts';
import { ListPaymentsController } from './list-payments.controller.ts';
import { PaymentHouse, PROVIDER, type Shop } from '../test/payment-house.ts';

describe('listing payments', () => {
  let house: PaymentHouse;
  let shop: Shop;
  let second: Shop;
  let ids: string[];
  beforeAll(async () => {
    house = await PaymentHouse.open();
    shop = await house.shop();
    second = await house.shop({ tenantId: shop.caller.tenantId });
    ids = [];
    for (let n = 0; n < 12; n += 1) {
      const own = n % 3 === 2 ? second : shop;
      const { body } = await house.pay(
        own,
        house.body(own, { desk: own === shop ? `a-${n % 2}` : 'b', reference: `S-${n}` }),
      );
      ids.push(body.id);
      if (n % 4 === 0) await house.tell({ payment: body.id, seq: 1, phase: 'succeeded' });
      // Some in the same millisecond, some not.
      house.clock.advance(n % 2 === 0 ? 0 : 1_000);
    }
  });
  afterAll(() => house.close());

  const list = (query: Record<string, string>, who = shop) =>
    new ListPaymentsController(house.store, house.clock).list(who.caller, listPaymentsSchema.parse(query));
  const found = async (query: Record<string, string>, who = shop): Promise<string[]> =>
    (await list(query, who)).data.map((payment) => payment.id);

  it('shows the newest first, each once, whatever the size of the page', async () => {
    for (const limit of ['1', '5', '12', '100']) {
      const seen: string[] = [];
      for (let after: string | null = ''; after !== null;) {
        const page = await list({ limit, ...(after === '' ? {} : { after }) });
        expect(page.data.length).toBeLessThanOrEqual(Number(limit));
        expect(page.has_more).toBe(page.next !== null);
        seen.push(...page.data.map((payment) => payment.id));
        after = page.next;
      }
      expect(seen).toEqual([...ids].reverse());
    }
  });

  it('has no gap and no repeat where payments are added between two pages', async () => {
    const first = await list({ limit: '5' });
    const { body } = await house.pay(shop, house.body(shop, { desk: 'later' }));
    const rest = await found({ after: first.next ?? '', limit: '100' });
    expect([...first.data.map((payment) => payment.id), ...rest]).toEqual([...ids].reverse());
    await house.rows('DELETE FROM payment WHERE desk = $1', [body.desk]);
  });

  it('filters by status, organization, desk, reference and provider', async () => {
    expect(await found({ status: 'succeeded' })).toEqual([ids[8], ids[4], ids[0]]);
    expect(await found({ status: 'succeeded,created', limit: '100' })).toHaveLength(12);
    expect(await found({ organization: second.organization })).toEqual([ids[11], ids[8], ids[5], ids[2]]);
    expect(await found({ desk: 'a-1' })).toEqual([ids[9], ids[7], ids[3], ids[1]]);
    expect(await found({ reference: 'S-7' })).toEqual([ids[7]]);
    expect(await found({ provider: PROVIDER.name, limit: '100' })).toHaveLength(12);
    expect(await found({ provider: 'another' })).toEqual([]);
  });

  it('filters by creation: from this moment on, before that one', async () => {
    const [at] = await house.rows<{ at: Date }>('SELECT created_at AS at FROM payment WHERE reference = $1', ['S-6']);
    const moment = at?.at.toISOString() ?? '';
    expect(await found({ created_after: moment })).toEqual([ids[11], ids[10], ids[9], ids[8], ids[7], ids[6]]);
    expect(await found({ created_before: moment })).toEqual([ids[5], ids[4], ids[3], ids[2], ids[1], ids[0]]);
  });

  it('shows nothing of another tenant, and of one tenant only what the key is for', async () => {
    expect(await found({}, await house.shop())).toEqual([]);
    const limited: Shop = { ...shop, caller: { ...shop.caller, organizations: [second.organizationId] } };
    expect(await found({}, limited)).toEqual([ids[11], ids[8], ids[5], ids[2]]);
  });

  it('shows test payments to test keys only', async () => {
    expect(await found({}, { ...shop, caller: { ...shop.caller, mode: 'live' } })).toEqual([]);
  });
});
