import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fingerprint } from '../../http/attempt.ts';
import { METHOD, PaymentHouse, PROVIDER, type Reply, type Shop, uuidOf } from '../test/payment-house.ts';
import type { ImportPaymentBody } from './import-payment.schema.ts';

describe('importing a sale', () => {
  let house: PaymentHouse;
  let shop: Shop;
  let refs = 0;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    shop = await house.shop();
  });
  afterAll(() => house.close());

  const sale = (changes: Partial<ImportPaymentBody> = {}, of = shop): ImportPaymentBody => {
    refs += 1;
    return {
      organization: of.organization,
      desk: 'desk-01',
      trade_point: of.tradePoints[0],
      provider_ref: `OLD-${refs}`,
      amount: 70_000,
      currency: PROVIDER.currency,
      method: { type: METHOD.type },
      paid_at: '2026-03-01T10:15:00+05:00',
      ...changes,
    };
  };
  const take = async (body: ImportPaymentBody, key = house.key(), of = shop): Promise<Reply> => {
    const attempt = { route: 'POST /v1/payments/import', key, hash: fingerprint('/v1/payments/import', body) };
    return (await house.import.run(of.caller, attempt, body)) as Reply;
  };

  it('makes a paid payment that can be refunded, tells of it as imported only, and sends nothing', async () => {
    const body = sale({ reference: 'old sale' });
    const sent: string[] = [];
    const stop = house.app.onRoundTrip((sql) => sent.push(sql));
    const reply = await take(body);
    stop();
    expect(sent).toHaveLength(1);
    expect(reply).toMatchObject({
      status: 201,
      body: {
        status: 'succeeded',
        imported: true,
        paid_at: '2026-03-01T05:15:00.000Z',
        amount: 70_000,
        amount_refundable: 70_000,
        reference: 'old sale',
        provider: { name: PROVIDER.name, id: body.provider_ref },
      },
    });
    const events = await house.rows('SELECT type FROM event WHERE subject = $1', [uuidOf(reply.body.id)]);
    expect(events).toEqual([{ type: 'payment.imported' }]);
    expect(house.commands.filter((one) => one.subject === reply.body.id)).toEqual([]);
  });

  it('takes the same request once, and its key is not that of a create', async () => {
    const body = sale();
    const replies = await Promise.all(Array.from({ length: 10 }, () => take(body, 'import once')));
    expect(new Set(replies.map((reply) => reply.body.id)).size).toBe(1);
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1);
    expect((await house.pay(shop, house.body(shop), 'import once')).status).toBe(201);
  });

  it('refuses a sale that is here already and says which payment it is', async () => {
    const body = sale();
    const { body: first } = await take(body);
    await expect(take(body)).rejects.toMatchObject({
      status: 409,
      code: 'payment_already_known',
      options: { extra: { payment: { id: first.id, status: 'succeeded' } } },
    });
  });

  it('lets one of ten imports of a sale at once have it', async () => {
    const body = sale();
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => take(body)));
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    for (const one of tries)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'payment_already_known' });
  });

  it('locks its reference as any paid payment does', async () => {
    const { body } = await take(sale({ reference: 'R-1' }));
    await expect(take(sale({ reference: 'R-1' }))).rejects.toMatchObject({
      code: 'reference_locked',
      options: { extra: { payment: { id: body.id } } },
    });
  });

  it('finds a desk by its trade point, and asks for one where none stands there', async () => {
    const { desk: _, ...body } = sale();
    await take(sale());
    expect((await take(body)).body.desk).toBe('desk-01');
    const { desk: __, ...elsewhere } = sale({ trade_point: shop.tradePoints[2] });
    await expect(take(elsewhere)).rejects.toMatchObject({ status: 422, code: 'desk_required' });
  });

  it.each<[string, Partial<ImportPaymentBody>, string]>([
    ['another currency', { currency: 'EUR' }, 'currency_not_supported'],
    ['a sale of tomorrow', { paid_at: '2030-01-01T00:00:00Z' }, 'paid_in_future'],
    ['an amount beyond the limit', { amount: 100_000_001 }, 'amount_too_large'],
  ])('refuses %s', async (_, changes, code) => {
    await expect(take(sale(changes))).rejects.toMatchObject({ status: 422, code });
  });

  it('answers 404 for an organization of another tenant', async () => {
    await expect(take(sale({}, await house.shop()))).rejects.toMatchObject({ status: 404 });
  });
});
