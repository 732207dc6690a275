import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refundChoose } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import type { Shop } from '../../payments/test/payment-house.ts';
import { RefundHouse, WITH_BUYER } from '../test/refund-house.ts';

let house: RefundHouse;
let shop: Shop;
beforeAll(async () => {
  house = await RefundHouse.open();
  shop = await house.house.shop({ scheme: WITH_BUYER });
  await house.house.pay(shop);
});
afterAll(() => house.close());

const asked = async (amount?: number): Promise<string> =>
  (await house.refund(shop, { desk: 'desk-01', ...(amount === undefined ? {} : { amount }) })).body.id;

describe('choosing the purchase of a refund', () => {
  it('finds our payment by the provider’s id, reserves there and sends the choice, in one round trip', async () => {
    const paid = await house.paid(shop);
    const ref = paid.provider?.id ?? '';
    const refund = await asked();
    await house.offer(refund, 1, { ref: 'other', amount: 5 }, { ref, amount: 10_000 });
    expect(await house.get(shop, refund)).toMatchObject({
      next_action: { type: 'choose_purchase', purchases: [{ ref: 'other' }, { ref, amount: 10_000 }] },
      till: { screen: 'choose_purchase' },
    });
    const sent: string[] = [];
    const stop = house.house.app.onRoundTrip((sql) => sent.push(sql));
    const { body } = await house.chosen(shop, refund, { purchase: ref, amount: 2_500 });
    stop();
    expect(sent).toHaveLength(1);
    expect(body).toMatchObject({
      status: 'requires_customer',
      payment: paid.id,
      amount: 2_500,
      provider: { purchase: ref },
      next_action: null,
      till: { screen: 'wait' },
    });
    expect(await house.account(shop, paid.id)).toEqual({ refunded: 0, refundable: 7_500 });
    const command = await waitFor('the choice', () => house.commandsOf(refund, 'refund.choose')[0]);
    expect(command.key).toBe(paid.id);
    expect(refundChoose.produce.parse(command.body)).toMatchObject({
      payment_id: paid.id,
      purchase_ref: ref,
      amount: 2_500,
      lane: paid.id,
      start_by: new Date(house.house.clock.now() + 60_000).toISOString(),
    });
    await house.tell({ refund, seq: 3, phase: 'succeeded', more: { amount: 2_500, purchase_ref: ref } });
    expect(await house.account(shop, paid.id)).toEqual({ refunded: 2_500, refundable: 7_500 });
  });

  it('refunds a purchase that was not made here without a payment, up to what the provider lists', async () => {
    const refund = await asked();
    await house.offer(refund, 1, { ref: 'foreign', amount: 800 });
    await expect(house.chosen(shop, refund, { purchase: 'foreign', amount: 801 })).rejects.toMatchObject({
      code: 'refund_too_much',
    });
    expect((await house.chosen(shop, refund, { purchase: 'foreign' })).body).toMatchObject({
      payment: null,
      amount: 800,
      provider: { purchase: 'foreign' },
    });
    await house.tell({ refund, seq: 2, phase: 'succeeded', more: { amount: 800, purchase_ref: 'foreign' } });
    expect(await house.get(shop, refund)).toMatchObject({ status: 'succeeded', payment: null });
  });

  it('gives the refunds of one purchase that was not made here one lane, and those of any other another', async () => {
    const far = 'f'.repeat(128);
    const laneOf = async (of: Shop, ref: string): Promise<string> => {
      const refund = (await house.refund(of, { desk: 'desk-01', amount: 100 })).body.id;
      await house.offer(refund, 1, { ref, amount: 800 });
      const start = await waitFor('the start', () => house.commandsOf(refund, 'refund.start')[0]);
      // Until the purchase is known nothing may hold it up.
      expect(start.key).toBe(refund);
      await house.chosen(of, refund, { purchase: ref });
      const command = await waitFor('the choice', () => house.commandsOf(refund, 'refund.choose')[0]);
      const { lane } = refundChoose.produce.parse(command.body);
      expect(command.key).toBe(lane);
      return lane;
    };
    const another = await house.house.shop({ scheme: WITH_BUYER });
    await house.house.pay(another, house.house.body(another, { desk: 'desk-01' }));
    const one = await laneOf(shop, far);
    expect(await laneOf(shop, far)).toBe(one);
    const others = [await laneOf(shop, `${far.slice(1)}g`), await laneOf(another, far)];
    expect(new Set([one, ...others]).size).toBe(3);
  });

  it('refuses more than is left, and a purchase in doubt, and reserves nothing then', async () => {
    const paid = await house.paid(shop);
    const ref = paid.provider?.id ?? '';
    const first = (await house.refund(shop, { payment: paid.id, amount: 6_000 })).body.id;
    const refund = await asked();
    await house.offer(refund, 1, { ref, amount: 10_000 });
    await expect(house.chosen(shop, refund, { purchase: ref, amount: 4_001 })).rejects.toMatchObject({
      code: 'refund_too_much',
      options: { extra: { amount_refundable: 4_000 } },
    });
    await house.tell({ refund: first, seq: 1, phase: 'unknown' });
    await expect(house.chosen(shop, refund, { purchase: ref, amount: 1 })).rejects.toMatchObject({
      code: 'refund_in_doubt',
    });
    expect(await house.account(shop, paid.id)).toEqual({ refunded: 0, refundable: 4_000 });
  });

  it('moves the reservation where the buyer picks another purchase than was meant', async () => {
    const [meant, picked] = [await house.paid(shop), await house.paid(shop)];
    const refund = (await house.refund(shop, { payment: meant.id, amount: 3_000 })).body.id;
    await house.offer(refund, 1, { ref: picked.provider?.id ?? '', amount: 10_000 });
    const { body } = await house.chosen(shop, refund, { purchase: picked.provider?.id ?? '' });
    expect(body).toMatchObject({ payment: picked.id, amount: 3_000 });
    expect(await house.account(shop, meant.id)).toEqual({ refunded: 0, refundable: 10_000 });
    expect(await house.account(shop, picked.id)).toEqual({ refunded: 0, refundable: 7_000 });
  });

  it('is idempotent, and takes no second choice', async () => {
    const paid = await house.paid(shop);
    const ref = paid.provider?.id ?? '';
    const refund = await asked();
    await house.offer(refund, 1, { ref, amount: 10_000 }, { ref: 'x', amount: 10_000 });
    const choices = await Promise.all(
      Array.from({ length: 5 }, () => house.chosen(shop, refund, { purchase: ref, amount: 1_000 })),
    );
    expect(new Set(choices.map(({ body }) => body.version))).toEqual(new Set([choices[0]?.body.version]));
    expect(await house.account(shop, paid.id)).toEqual({ refunded: 0, refundable: 9_000 });
    for (const other of [{ purchase: 'x' }, { purchase: ref, amount: 1_001 }])
      await expect(house.chosen(shop, refund, other)).rejects.toMatchObject({
        status: 409,
        code: 'refund_already_chosen',
      });
  });

  it('is refused while nothing is offered, and for what was not offered', async () => {
    const refund = await asked();
    await expect(house.chosen(shop, refund, { purchase: 'x' })).rejects.toMatchObject({
      status: 409,
      code: 'refund_not_waiting',
    });
    await house.offer(refund, 1, { ref: 'a', amount: 1 });
    await expect(house.chosen(shop, refund, { purchase: 'b' })).rejects.toMatchObject({
      status: 422,
      code: 'purchase_not_offered',
    });
    const other = await house.house.shop();
    await expect(house.chosen(other, refund, { purchase: 'a' })).rejects.toMatchObject({ status: 404 });
  });

  it('that the provider refuses gives the reservation back', async () => {
    const paid = await house.paid(shop);
    const refund = await asked();
    await house.offer(refund, 1, { ref: paid.provider?.id ?? '', amount: 10_000 });
    await house.chosen(shop, refund, { purchase: paid.provider?.id ?? '' });
    expect((await house.account(shop, paid.id)).refundable).toBe(0);
    await house.tell({ refund, seq: 2, phase: 'failed' });
    expect(await house.account(shop, paid.id)).toEqual({ refunded: 0, refundable: 10_000 });
  });

  it('waits for the end of the refund where the caller does', async () => {
    const paid = await house.paid(shop);
    const ref = paid.provider?.id ?? '';
    const refund = await asked();
    await house.offer(refund, 1, { ref, amount: 10_000 });
    const reply = house.chosen(shop, refund, { purchase: ref }, 30_000);
    await waitFor('the choice', () => house.commandsOf(refund, 'refund.choose')[0]);
    await house.tell({ refund, seq: 2, phase: 'processing' });
    await house.tell({ refund, seq: 3, phase: 'succeeded' });
    expect((await reply).body.status).toBe('succeeded');
  });
});

describe('canceling a refund', () => {
  it('asks the provider while no money can have left, and gives the reservation back when it is through', async () => {
    const paid = await house.paid(shop);
    const refund = (await house.refund(shop, { payment: paid.id })).body.id;
    await house.offer(refund, 1, { ref: 'x', amount: 1 });
    expect(await house.canceled(shop, refund, 'The buyer left')).toMatchObject({
      status: 'requires_customer',
      cancel: { result: 'pending' },
    });
    await house.canceled(shop, refund);
    await waitFor('the cancel', () => house.commandsOf(refund, 'refund.cancel').length === 1);
    expect(house.commandsOf(refund, 'refund.cancel')).toMatchObject([
      { key: paid.id, body: { reason: 'The buyer left', op_id: `${refund}.cancel` } },
    ]);
    await house.tell({ refund, seq: 2, phase: 'canceled' });
    expect(await house.get(shop, refund)).toMatchObject({ status: 'canceled', cancel: { result: 'done' } });
    expect(await house.account(shop, paid.id)).toEqual({ refunded: 0, refundable: 10_000 });
    expect(house.commandsOf(refund, 'refund.cancel')).toHaveLength(1);
  });

  it('is not possible once money may have left, and shows that it was refused where money was quicker', async () => {
    const [late, quick] = [
      (await house.refund(shop, { payment: (await house.paid(shop)).id })).body.id,
      (await house.refund(shop, { payment: (await house.paid(shop)).id })).body.id,
    ];
    await house.tell({ refund: late, seq: 1, phase: 'processing' });
    expect(await house.canceled(shop, late)).toMatchObject({
      status: 'processing',
      cancel: { result: 'not_possible' },
    });
    await house.canceled(shop, quick);
    await house.tell({ refund: quick, seq: 1, phase: 'succeeded' });
    expect(await house.get(shop, quick)).toMatchObject({ status: 'succeeded', cancel: { result: 'refused' } });
    expect(house.commandsOf(late, 'refund.cancel')).toEqual([]);
  });
});
