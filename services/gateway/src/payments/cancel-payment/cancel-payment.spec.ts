import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { paymentCancel } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import { PaymentHouse, PROVIDER, type Reply, type Shop, uuidOf } from '../test/payment-house.ts';

describe('cancelling a payment', () => {
  let house: PaymentHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    shop = await house.shop();
  });
  afterAll(() => house.close());

  const cancel = async (id: string, reason?: string, who = shop): Promise<Reply> =>
    (await house.cancel.run(who.caller, { id: uuidOf(id) }, reason, undefined)) as Reply;
  const cancelKey = async (key: string, who = shop): Promise<Reply> =>
    (await house.cancel.run(who.caller, { key }, undefined, undefined)) as Reply;
  const cancelsOf = (id: string): number =>
    house.commands.filter((command) => command.type === 'payment.cancel' && command.subject === id).length;

  it('is noted, sent to the provider and shown in one round trip, while the payment stays what it is', async () => {
    const { body: payment } = await house.pay(shop);
    const sent: string[] = [];
    const stop = house.app.onRoundTrip((sql) => sent.push(sql));
    const { status, body } = await cancel(payment.id, 'buyer left');
    stop();
    expect(sent).toHaveLength(1);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'created',
      version: 2,
      cancel: { result: 'pending' },
      till: { screen: 'wait', may_start_another: false },
    });
    const command = await waitFor('the cancel', () =>
      house.commands.find((one) => one.type === 'payment.cancel' && one.subject === payment.id),
    );
    expect(command).toMatchObject({ key: payment.id, tenant: shop.caller.tenant });
    expect(paymentCancel.produce.parse(command.body)).toMatchObject({ subject_id: payment.id, reason: 'buyer left' });
  });

  it('is not lost by a crash between commit and publish', async () => {
    const { body: payment } = await house.pay(shop);
    await waitFor('the start', () => house.commands.find((command) => command.subject === payment.id));
    await house.whileNobodyConsumes(() => cancel(payment.id));
    await house.rows(`UPDATE outbox SET created_at = created_at - interval '2 s'`);
    await house.outbox.relayOnce();
    const command = await waitFor('the cancel', () =>
      house.commands.find((one) => one.type === 'payment.cancel' && one.subject === payment.id),
    );
    expect(command).toMatchObject({ key: payment.id, topic: `commands.${PROVIDER.name}`, tenant: shop.caller.tenant });
    expect(paymentCancel.produce.parse(command.body)).toMatchObject({ lane: payment.id });
  });

  it('is sent once, however often and however many at once ask for it', async () => {
    const { body: payment } = await house.pay(shop);
    const replies = await Promise.all(Array.from({ length: 10 }, () => cancel(payment.id)));
    const again = await cancel(payment.id);
    expect(new Set([...replies, again].map((reply) => reply.body.cancel?.requested_at)).size).toBe(1);
    expect(again.body.version).toBe(2);
    await waitFor('an empty outbox', async () => (await house.count('outbox')) === 0);
    expect(cancelsOf(payment.id)).toBe(1);
  });

  it('that is still pending is sent again when it is asked for again ten seconds later, under an id of its own', async () => {
    const { body: payment } = await house.pay(shop);
    await house.tell({ payment: payment.id, seq: 1, phase: 'requires_customer', more: { cancel: null } });
    const first = await cancel(payment.id, 'buyer left');
    await house.tell({
      payment: payment.id,
      seq: 2,
      phase: 'requires_customer',
      more: { cancel: { result: 'pending' } },
    });
    house.clock.advance(9_999);
    expect((await cancel(payment.id)).body.cancel).toEqual(first.body.cancel);
    await waitFor('the cancel', () => cancelsOf(payment.id) === 1);
    house.clock.advance(1);
    const again = await Promise.all(Array.from({ length: 5 }, () => cancel(payment.id)));
    await waitFor('the second cancel', () => cancelsOf(payment.id) === 2);
    const shown = { requested_at: new Date(house.clock.now()).toISOString(), result: 'pending' };
    expect(again.map((reply) => reply.body.cancel)).toEqual(again.map(() => shown));
    expect(await house.get(shop, payment.id)).toMatchObject({ status: 'requires_customer', cancel: shown });
    await waitFor('an empty outbox', async () => (await house.count('outbox')) === 0);
    const sent = house.commands
      .filter((command) => command.type === 'payment.cancel' && command.subject === payment.id)
      .map((command) => paymentCancel.produce.parse(command.body));
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map((command) => command.op_id)).size).toBe(2);
    // Who asks again without a word does not take the first one's reason back.
    expect(sent.map((command) => command.reason)).toEqual(['buyer left', 'buyer left']);
  });

  it.each(['created', 'unknown'])('of one that is %s can be asked for again too', async (phase) => {
    const { body: payment } = await house.pay(shop);
    if (phase !== 'created') await house.tell({ payment: payment.id, seq: 1, phase });
    await cancel(payment.id);
    house.clock.advance(10_000);
    await cancel(payment.id);
    await waitFor('both cancels', () => cancelsOf(payment.id) === 2);
  });

  it.each(['canceled', 'succeeded'])('is not sent again once the payment is %s', async (phase) => {
    const { body: payment } = await house.pay(shop);
    await cancel(payment.id);
    await house.tell({ payment: payment.id, seq: 1, phase });
    const before = await house.get(shop, payment.id);
    house.clock.advance(60_000);
    expect((await cancel(payment.id)).body).toEqual(before);
    await waitFor('an empty outbox', async () => (await house.count('outbox')) === 0);
    expect(cancelsOf(payment.id)).toBe(1);
  });

  it('is sent once where a program of the release before asks, which names no time', async () => {
    const { body: payment } = await house.pay(shop);
    await cancel(payment.id);
    house.clock.advance(60_000);
    const [answer] = await house.store.call<{ outcome: string }>('cancel_payment', shop.caller, {
      id: uuidOf(payment.id),
      reason: null,
      now: new Date(house.clock.now()).toISOString(),
      event_id: crypto.randomUUID(),
      tombstone_id: crypto.randomUUID(),
      outbox: {},
    });
    expect(answer?.outcome).toBe('unchanged');
  });

  it.each([
    ['canceled', 'done'],
    ['expired', 'done'],
    ['declined', 'done'],
    ['failed', 'done'],
    ['succeeded', 'refused'],
  ])('ends when the payment ends: %s means %s', async (phase, result) => {
    const { body: payment } = await house.pay(shop);
    await cancel(payment.id);
    await house.tell({ payment: payment.id, seq: 1, phase });
    expect((await house.get(shop, payment.id)).cancel?.result).toBe(result);
  });

  it('shows what the provider says of it while the payment is open', async () => {
    const { body: payment } = await house.pay(shop);
    await cancel(payment.id);
    await house.tell({
      payment: payment.id,
      seq: 1,
      phase: 'requires_customer',
      more: { cancel: { result: 'pending' } },
    });
    expect(await house.get(shop, payment.id)).toMatchObject({
      status: 'requires_customer',
      cancel: { result: 'pending' },
    });
  });

  it('is not possible on a paid payment and sends nothing', async () => {
    const { body: payment } = await house.pay(shop);
    await house.tell({ payment: payment.id, seq: 1, phase: 'succeeded' });
    const { status, body } = await cancel(payment.id);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'succeeded',
      cancel: { result: 'not_possible' },
      till: { screen: 'paid', hand_over_goods: true },
    });
    await waitFor('an empty outbox', async () => (await house.count('outbox')) === 0);
    expect(cancelsOf(payment.id)).toBe(0);
  });

  it('changes nothing of a payment that ended unpaid', async () => {
    const { body: payment } = await house.pay(shop);
    await house.tell({ payment: payment.id, seq: 1, phase: 'expired' });
    const { body } = await cancel(payment.id);
    expect(body).toMatchObject({ status: 'expired', version: 2, cancel: null });
  });

  it('answers 404 for a payment of another tenant, and of an organization that the key may not see', async () => {
    const { body: payment } = await house.pay(shop);
    const other = await house.shop();
    const limited: Shop = { ...shop, caller: { ...shop.caller, organizations: [other.organizationId] } };
    for (const who of [other, limited]) {
      await expect(cancel(payment.id, undefined, who)).rejects.toMatchObject({ status: 404, code: 'not_found' });
    }
    expect((await house.get(shop, payment.id)).cancel).toBeNull();
  });

  it('finds a payment by the key that it was created with', async () => {
    const { body: payment } = await house.pay(shop, house.body(shop), 'lost-answer');
    expect((await cancelKey('lost-answer')).body).toMatchObject({ id: payment.id, cancel: { result: 'pending' } });
  });

  it('leaves a tombstone for an unknown key, so that a late create starts nothing', async () => {
    const { status, body: tombstone } = await cancelKey('never-arrived');
    expect(status).toBe(200);
    expect(tombstone).toMatchObject({
      status: 'canceled',
      amount: null,
      organization: null,
      cancel: { result: 'done' },
    });
    expect((await cancelKey('never-arrived')).body).toEqual(tombstone);
    const late = await house.pay(shop, house.body(shop), 'never-arrived');
    expect(late).toMatchObject({
      status: 200,
      headers: { 'idempotent-replayed': 'true' },
      body: { id: tombstone.id, status: 'canceled' },
    });
    expect(house.commands.filter((command) => command.subject === tombstone.id)).toEqual([]);
    expect(await house.get(shop, tombstone.id)).toMatchObject({
      status: 'canceled',
      till: { screen: 'not_paid', may_start_another: true },
    });
  });

  it('makes either a tombstone or a cancelled payment of a create and a cancel that race', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const key = `race-${turn}`;
      const [created, cancelled] = await Promise.all([house.pay(shop, house.body(shop), key), cancelKey(key)]);
      expect(created.body.id).toBe(cancelled.body.id);
      expect(cancelled.body.cancel).not.toBeNull();
      expect(await house.count('payment WHERE idem_key = $1', [key])).toBe(1);
    }
  });

  it('keeps the keys of two tenants apart', async () => {
    const other = await house.shop();
    const { body: payment } = await house.pay(shop, house.body(shop), 'same-key');
    expect((await cancelKey('same-key', other)).body).toMatchObject({ status: 'canceled', amount: null });
    expect((await house.get(shop, payment.id)).cancel).toBeNull();
  });
});
