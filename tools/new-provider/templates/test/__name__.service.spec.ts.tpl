import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, __Name__House } from './__name__-house.ts';

describe('payments with __title__', () => {
  let house: __Name__House;
  let shop: Connection;

  beforeAll(async () => {
    house = await __Name__House.open();
    shop = await house.connect();
  });
  afterAll(() => house.close());

  it('a payment is shown as a QR, scanned, paid and told in two snapshots', async () => {
    const payment = house.pay(shop, { amountMinor: 149_050 });
    const ref = await house.shown(payment);
    house.provider.set(ref, 'seen');
    house.provider.set(ref, 'paid');
    await house.ended(payment);
    expect(house.provider.purchasesOf(payment)).toEqual([
      { id: ref, order: payment, amount: '1490.50', status: 'paid' },
    ]);
    expect(house.phases(payment)).toEqual(['requires_customer', 'succeeded']);
    expect(house.state(payment)).toMatchObject({ amount: 149_050, slip: { transaction_id: `t-${ref}` } });
  });

  it('is declined when the provider says so', async () => {
    const payment = house.pay(shop);
    house.provider.set(await house.shown(payment), 'declined');
    expect(await house.ended(payment)).toMatchObject({
      phase: 'declined',
      failure: { code: 'declined', provider_code: 'declined' },
    });
  });

  it('expires when nobody scans, and only after one last question', async () => {
    const payment = house.pay(shop);
    await house.shown(payment);
    expect(await house.ended(payment)).toMatchObject({ phase: 'expired', evidence: 'inferred' });
  });

  it('a refusal ends it with the provider’s code', async () => {
    house.provider.next('refused');
    const payment = house.pay(shop);
    expect(await house.ended(payment)).toMatchObject({
      phase: 'failed',
      failure: { code: 'limit_exceeded', provider_code: 'amount_too_large', cashier_key: 'limit_exceeded' },
    });
    expect(house.provider.purchasesOf(payment)).toEqual([]);
  });

  it('a lost answer is repeated once; only the second code is shown, and money is taken once', async () => {
    house.provider.next('answer_lost');
    const payment = house.pay(shop);
    const ref = await house.shown(payment);
    house.provider.set(ref, 'paid');
    expect(await house.ended(payment)).toMatchObject({ phase: 'succeeded', provider_ref: ref });
    const made = house.provider.purchasesOf(payment);
    expect(made.map(({ status }) => status)).toEqual(['waiting', 'paid']);
    expect(made[1]?.id).toBe(ref);
  });

  it('an answer lost twice fails the payment', async () => {
    house.provider.next('answer_lost', 'answer_lost');
    const payment = house.pay(shop);
    expect(await house.ended(payment)).toMatchObject({ phase: 'failed', failure: { code: 'provider_unavailable' } });
    expect(house.provider.purchasesOf(payment)).toHaveLength(2);
  });

  it('is not sent after its deadline', async () => {
    const payment = house.pay(shop, { startBy: house.clock.now() });
    expect(await house.ended(payment)).toMatchObject({ phase: 'failed', failure: { code: 'not_started' } });
    expect(house.provider.purchasesOf(payment)).toEqual([]);
  });

  it('a service that stops while the buyer pays finds the payment again when it starts', async () => {
    const payment = house.pay(shop);
    const ref = await house.shown(payment);
    await house.stop();
    house.provider.set(ref, 'paid');
    await house.start();
    await house.ended(payment);
    expect(house.phases(payment)).toEqual(['requires_customer', 'succeeded']);
  });

  it('a connection is up where the provider serves it, and refused where it does not', async () => {
    expect((await house.connect()).state).toMatchObject({ health: 'up', trade_points: null });
    expect((await house.connect(house.certificates.foreign)).state).toMatchObject({
      health: 'refused',
      reason: { code: 'certificate_refused' },
    });
    house.provider.closeShop(true);
    expect((await house.connect()).state).toMatchObject({ health: 'refused', reason: { code: 'shop_not_active' } });
    house.provider.closeShop(false);
  });

  it('no private key gets into the log or the news', () => {
    expect(house.log.length).toBeGreaterThan(0);
    expect([...house.log, JSON.stringify(house.events)].join('\n')).not.toContain('PRIVATE KEY');
  });
});
