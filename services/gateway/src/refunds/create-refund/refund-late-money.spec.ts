import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refundStart } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { type Shop, uuidOf } from '../../payments/test/payment-house.ts';
import { BY_HAND, RefundHouse, WITH_BUYER } from '../test/refund-house.ts';

describe('late money under the policy refund', () => {
  let house: RefundHouse;
  beforeAll(async () => {
    house = await RefundHouse.open();
  });
  afterAll(() => house.close());

  const shopThat = async (policy: string, scheme?: string): Promise<Shop> => {
    const shop = await house.house.shop(scheme === undefined ? {} : { scheme });
    await house.house.rows('UPDATE tenant SET late_policy = $2 WHERE id = $1', [shop.caller.tenantId, policy]);
    return shop;
  };
  let refs = 0;
  /** Expired, then paid. */
  const late = async (shop: Shop, more: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    refs += 1;
    const { body } = await house.house.pay(shop);
    await house.house.tell({ payment: body.id, seq: 1, phase: 'expired' });
    await house.house.tell({
      payment: body.id,
      seq: 2,
      phase: 'succeeded',
      more: { provider_ref: `L${refs}`, ...more },
    });
    return body.id;
  };
  const refundsOf = (payment: string) =>
    house.house.rows<{ id: string; status: string }>('SELECT id, status FROM refund WHERE payment_id = $1', [
      uuidOf(payment),
    ]);

  it('goes back by itself: refund, reservation and command come with the fact that told of it, in its round trip', async () => {
    const shop = await shopThat('refund');
    const { body } = await house.house.pay(shop);
    await house.house.tell({ payment: body.id, seq: 1, phase: 'expired' });
    const sent: string[] = [];
    const stop = house.house.worker.onRoundTrip((sql) => {
      if (!sql.includes('outbox')) sent.push(sql);
    });
    await house.house.tell({ payment: body.id, seq: 2, phase: 'succeeded', more: { provider_ref: 'L' } });
    stop();
    expect(sent).toHaveLength(1);
    expect(await house.house.get(shop, body.id)).toMatchObject({
      status: 'succeeded',
      late: true,
      amount_refundable: 0,
    });
    const [row] = await refundsOf(body.id);
    const refund = idFromUuid('ref', row?.id ?? '');
    expect(await house.get(shop, refund)).toMatchObject({
      status: 'pending',
      source: 'late',
      late_refund: true,
      payment: body.id,
      amount: body.amount,
    });
    const command = await waitFor('the start', () => house.commandsOf(refund, 'refund.start')[0]);
    expect(command).toMatchObject({ key: body.id, tenant: shop.caller.tenant, mode: 'test', source: 'gateway' });
    expect(refundStart.produce.parse(command.body)).toMatchObject({
      payment_id: body.id,
      purchase_ref: 'L',
      amount: body.amount,
      start_by: new Date(house.house.clock.now() + 3_600_000).toISOString(),
    });
    expect(await house.attention(body.id)).toEqual([]);
    expect(await house.events(refund)).toEqual(['refund.pending']);
    await house.tell({ refund, seq: 1, phase: 'succeeded' });
    expect(await house.account(shop, body.id)).toEqual({ refunded: body.amount, refundable: 0 });
  });

  it('goes back once, however often and in whatever order it is told', async () => {
    const shop = await shopThat('refund');
    const payment = await late(shop);
    for (const seq of [2, 3, 2, 4]) await house.house.tell({ payment, seq, phase: 'succeeded' });
    expect(await refundsOf(payment)).toHaveLength(1);
    const [one] = await refundsOf(payment);
    const again = house.house.rows(
      `INSERT INTO refund SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).* FROM refund r WHERE id = $1`,
      [one?.id],
    );
    await expect(again).rejects.toThrow('refund_of_late_money');
  });

  it('is for a person after all where it has not gone back', async () => {
    const shop = await shopThat('refund');
    const payment = await late(shop);
    const [row] = await refundsOf(payment);
    await house.tell({ refund: idFromUuid('ref', row?.id ?? ''), seq: 1, phase: 'failed' });
    expect(await house.attention(payment)).toEqual(['late']);
    expect((await house.house.get(shop, payment)).amount_refundable).toBe(149_000);
  });

  it.each([WITH_BUYER, BY_HAND])(
    'is for a person under the scheme %s, which cannot send it back by itself',
    async (scheme) => {
      const shop = await shopThat('refund', scheme);
      const payment = await late(shop);
      expect(await refundsOf(payment)).toEqual([]);
      expect(await house.attention(payment)).toEqual(['late']);
    },
  );

  it('is for a person where the provider’s id of the purchase is not known', async () => {
    const shop = await shopThat('refund');
    const payment = await late(shop, { provider_ref: null });
    expect(await refundsOf(payment)).toEqual([]);
    expect(await house.attention(payment)).toEqual(['late']);
  });

  it.each([
    ['person', ['late']],
    ['keep', []],
  ])('stays where it is under the policy %s', async (policy, open) => {
    const shop = await shopThat(policy);
    const payment = await late(shop);
    expect(await refundsOf(payment)).toEqual([]);
    expect(await house.attention(payment)).toEqual(open);
  });
});
