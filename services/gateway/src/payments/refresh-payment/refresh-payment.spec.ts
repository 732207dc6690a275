import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { paymentRefresh } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import { PaymentHouse, type Reply, type Shop, uuidOf } from '../test/payment-house.ts';

describe('refreshing a payment', () => {
  let house: PaymentHouse;
  let shop: Shop;
  let refs = 0;
  beforeAll(async () => {
    house = await PaymentHouse.open({ rereadEveryMs: 60_000 });
    shop = await house.shop();
  });
  afterAll(() => house.close());

  const made = async (phase: string): Promise<string> => {
    refs += 1;
    const { body } = await house.pay(shop);
    await house.tell({ payment: body.id, seq: 1, phase, more: { provider_ref: `R${refs}` } });
    return body.id;
  };
  const refresh = async (payment: string, waitMs = 0, of = shop): Promise<Reply> =>
    (await house.refresh.run({
      caller: of.caller,
      id: uuidOf(payment),
      waitMs,
      gone: new AbortController().signal,
      traceparent: undefined,
    })) as Reply;
  const asked = (payment: string) =>
    house.commands.filter((one) => one.subject === payment && one.type === 'payment.refresh');

  it.each(['requires_customer', 'processing', 'unknown', 'expired', 'declined'])(
    'asks the provider about one that is %s',
    async (phase) => {
      const payment = await made(phase);
      expect(await refresh(payment)).toMatchObject({
        status: 200,
        body: { id: payment, status: phase },
        headers: { 'retry-after': '10' },
      });
      const command = await waitFor('the question', () => asked(payment)[0]);
      expect(paymentRefresh.produce.parse(command.body)).toMatchObject({ subject_id: payment, lane: payment });
    },
  );

  it('is one question however many ask at once, and one more after ten seconds', async () => {
    const payment = await made('processing');
    const replies = await Promise.all(Array.from({ length: 50 }, () => refresh(payment)));
    expect(replies.every((reply) => reply.body.status === 'processing')).toBe(true);
    await waitFor('the question', () => asked(payment).length > 0);
    house.clock.advance(4_500);
    expect((await refresh(payment)).headers).toEqual({ 'retry-after': '6' });
    expect(asked(payment)).toHaveLength(1);
    house.clock.advance(5_500);
    await refresh(payment);
    await waitFor('the second question', () => asked(payment).length === 2);
    expect(new Set(asked(payment).map((one) => (one.body as { op_id: string }).op_id)).size).toBe(2);
  });

  it.each(['succeeded', 'created'])('asks nothing about one that is %s', async (status) => {
    const payment = status === 'created' ? (await house.pay(shop)).body.id : await made(status);
    expect((await refresh(payment, 0)).body.status).toBe(status);
    expect(await house.count('payment WHERE id = $1 AND refreshed_at IS NOT NULL', [uuidOf(payment)])).toBe(0);
  });

  it('answers a caller that waits as soon as the provider has brought news, also of one that had ended', async () => {
    const payment = await made('expired');
    const reply = refresh(payment, 30_000);
    await waitFor('the question', () => asked(payment)[0]);
    await house.tell({ payment, seq: 2, phase: 'succeeded' });
    expect(await reply).toMatchObject({ body: { status: 'succeeded', late: true } });
  });

  it('answers a caller that waits as soon as the provider has answered, though nothing is new', async () => {
    const payment = await made('requires_customer');
    const reply = refresh(payment, 30_000);
    await waitFor('the question', () => asked(payment)[0]);
    await house.tell({ payment, seq: 1, phase: 'requires_customer' });
    expect(await reply).toMatchObject({ body: { status: 'requires_customer' }, headers: { 'retry-after': '10' } });
  });

  it('answers 404 for a payment of another tenant, and asks nothing', async () => {
    const payment = await made('processing');
    await expect(refresh(payment, 0, await house.shop())).rejects.toMatchObject({ status: 404 });
    expect(asked(payment)).toEqual([]);
  });
});
