import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refundStart } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import type { ApiProblem } from '../../http/api-problem.ts';
import { type Shop, uuidOf } from '../../payments/test/payment-house.ts';
import { BY_HAND, RefundHouse, WITH_BUYER } from '../test/refund-house.ts';

let house: RefundHouse;
let shop: Shop;
beforeAll(async () => {
  house = await RefundHouse.open();
  shop = await house.house.shop();
});
afterAll(() => house.close());

const refusal = async (promise: Promise<unknown>): Promise<ApiProblem> => {
  try {
    await promise;
  } catch (error) {
    return error as ApiProblem;
  }
  throw new Error('was not refused');
};
const sale = async (amount = 10_000, of = shop): Promise<string> => (await house.paid(of, amount)).id;

describe('creating a refund', () => {
  it('reserves, and writes refund, events and start command in one round trip, and sends the command at once', async () => {
    const paid = await house.paid(shop);
    const sent: string[] = [];
    const stop = house.house.app.onRoundTrip((sql) => sent.push(sql));
    const { status, body, headers } = await house.refund(shop, {
      payment: paid.id,
      amount: 4_000,
      desk: 'returns',
      reason: 'Too small',
      metadata: { shift: '7' },
    });
    stop();
    expect(sent).toHaveLength(1);
    expect(status).toBe(201);
    expect(headers).toEqual({ 'retry-after': '1' });
    expect(body).toMatchObject({
      object: 'refund',
      status: 'pending',
      payment: paid.id,
      organization: shop.organization,
      desk: 'returns',
      amount: 4_000,
      currency: paid.currency,
      source: 'api',
      late_refund: false,
      reason: 'Too small',
      next_action: null,
      till: { screen: 'wait', hand_over_goods: false, may_start_another: false },
      provider: { name: paid.provider?.name, id: null, purchase: paid.provider?.id },
      failure: null,
      evidence: null,
      cancel: null,
      metadata: { shift: '7' },
      version: 1,
    });
    expect(await house.account(shop, paid.id)).toEqual({ refunded: 0, refundable: 6_000 });
    const command = await waitFor('the start', () => house.commandsOf(body.id, 'refund.start')[0]);
    expect(command).toMatchObject({ key: paid.id, tenant: shop.caller.tenant, mode: 'test' });
    const [row] = await house.house.rows<{ desk_id: string }>('SELECT desk_id FROM payment WHERE id = $1', [
      uuidOf(paid.id),
    ]);
    expect(refundStart.produce.parse(command.body)).toMatchObject({
      op_id: `${body.id}.start`,
      subject_id: body.id,
      connection_id: idFromUuid('con', shop.connectionId),
      connection_version: 4,
      // The device of the purchase's desk, whatever desk asks.
      device_id: idFromUuid('dsk', row?.desk_id ?? ''),
      trade_point_ref: '1',
      lane: paid.id,
      payment_id: paid.id,
      purchase_ref: paid.provider?.id,
      amount: 4_000,
      currency: paid.currency,
      start_by: new Date(house.house.clock.now() + 60_000).toISOString(),
    });
    expect(await house.events(body.id)).toEqual(['refund.pending']);
    expect((await house.events(paid.id)).at(-1)).toBe('payment.updated');
  });

  it('loses no start to a crash between commit and publish', async () => {
    const payment = await sale();
    const { body } = await house.house.whileNobodyConsumes(() => house.refund(shop, { payment }));
    await house.house.rows(`UPDATE outbox SET created_at = created_at - interval '2 s'`);
    await house.house.outbox.relayOnce();
    const command = await waitFor('the start', () => house.commandsOf(body.id, 'refund.start')[0]);
    expect(refundStart.produce.parse(command.body)).toMatchObject({ subject_id: body.id, amount: 10_000 });
  });

  it('refunds all that is left where no amount is given', async () => {
    const payment = await sale();
    await house.refund(shop, { payment, amount: 3_000 });
    expect((await house.refund(shop, { payment })).body.amount).toBe(7_000);
    expect(await house.account(shop, payment)).toEqual({ refunded: 0, refundable: 0 });
    const problem = await refusal(house.refund(shop, { payment }));
    expect(problem).toMatchObject({ status: 422, code: 'refund_too_much' });
  });

  it('never reserves more than was paid, however many refunds are asked for at once', async () => {
    const payment = await sale();
    const tries = await Promise.allSettled(
      Array.from({ length: 12 }, () => house.refund(shop, { payment, amount: 3_000 })),
    );
    const made = tries.filter((one) => one.status === 'fulfilled');
    const problems = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason as ApiProblem] : []));
    expect(made).toHaveLength(3);
    for (const problem of problems)
      expect(problem).toMatchObject({ code: 'refund_too_much', options: { extra: { amount_refundable: 1_000 } } });
    expect(await house.account(shop, payment)).toEqual({ refunded: 0, refundable: 1_000 });
  });

  it('makes one refund and one start command of twenty identical requests at once', async () => {
    const payment = await sale();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => house.refund(shop, { payment, amount: 1_000 }, 'many')),
    );
    expect(new Set(replies.map((reply) => reply.body.id)).size).toBe(1);
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1);
    expect(replies.filter((reply) => reply.headers['idempotent-replayed'] === 'true')).toHaveLength(19);
    expect(await house.account(shop, payment)).toEqual({ refunded: 0, refundable: 9_000 });
    await waitFor('an empty outbox', async () => (await house.house.count('outbox')) === 0);
    expect(house.commandsOf(replies[0]?.body.id ?? '', 'refund.start')).toHaveLength(1);
  });

  it('gives the first refund back to a repeat in its state of now, even with everything else gone wrong since', async () => {
    const own = await house.house.shop();
    const payment = await sale(10_000, own);
    const { body } = await house.refund(own, { payment }, 'again');
    await house.tell({ refund: body.id, seq: 1, phase: 'succeeded', more: { provider_ref: 'R1' } });
    await house.house.rows(`UPDATE connection SET health = 'down' WHERE id = $1`, [own.connectionId]);
    expect(await house.refund(own, { payment }, 'again')).toMatchObject({
      status: 200,
      headers: { 'idempotent-replayed': 'true' },
      body: { id: body.id, status: 'succeeded' },
    });
    expect(await refusal(house.refund(own, { payment, amount: 1 }, 'again'))).toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
    });
  });

  it.each(['created', 'processing', 'declined', 'unknown'])('refuses a payment that is %s', async (status) => {
    const { body } = await house.house.pay(shop);
    if (status !== 'created') await house.house.tell({ payment: body.id, seq: 1, phase: status });
    expect(await refusal(house.refund(shop, { payment: body.id }))).toMatchObject({
      status: 409,
      code: 'payment_not_refundable',
      options: { extra: { payment: { id: body.id, status } } },
    });
  });

  it('refuses a payment whose id at the provider nobody knows', async () => {
    const paid = await house.paid(shop, 10_000, { provider_ref: null });
    expect(await refusal(house.refund(shop, { payment: paid.id }))).toMatchObject({
      status: 409,
      code: 'payment_not_refundable',
    });
  });

  it('refuses another refund while nobody knows whether an earlier one was carried out', async () => {
    const payment = await sale();
    const { body } = await house.refund(shop, { payment, amount: 1_000 });
    await house.tell({ refund: body.id, seq: 1, phase: 'unknown' });
    expect(await refusal(house.refund(shop, { payment, amount: 1_000 }))).toMatchObject({
      status: 409,
      code: 'refund_in_doubt',
      options: { extra: { refund: { id: body.id } } },
    });
    await house.tell({ refund: body.id, seq: 2, phase: 'failed' });
    expect((await house.refund(shop, { payment, amount: 10_000 })).status).toBe(201);
  });

  it('says what the cashier must do where money goes back by hand, and records that it did', async () => {
    const own = await house.house.shop({ scheme: BY_HAND });
    const payment = await sale(10_000, own);
    const problem = await refusal(house.refund(own, { payment }));
    expect(problem).toMatchObject({ status: 422, code: 'refund_not_supported' });
    expect(Object.keys(problem.options.cashierMessage ?? {})).toEqual(['ru', 'kk', 'en']);
    const { body } = await house.refund(own, {
      payment,
      amount: 4_000,
      source: 'external',
      reason: 'Operation 77 in the app',
    });
    expect(body).toMatchObject({
      status: 'succeeded',
      source: 'external',
      evidence: 'person',
      reason: 'Operation 77 in the app',
      till: { screen: 'refunded' },
    });
    expect(await house.account(own, payment)).toEqual({ refunded: 4_000, refundable: 6_000 });
    expect(await house.events(body.id)).toEqual(['refund.succeeded']);
    expect(house.commandsOf(body.id, 'refund.start')).toEqual([]);
    expect(await refusal(house.refund(own, { payment, amount: 6_001, source: 'external', reason: 'x' }))).toMatchObject(
      { code: 'refund_too_much' },
    );
  });

  it.each([
    [`health = 'unknown'`, 422, 'connection_not_ready'],
    [`health = 'refused'`, 422, 'connection_not_ready'],
    [`health = 'down'`, 503, 'provider_unavailable'],
    ['enabled = false', 422, 'connection_required'],
  ])('reserves nothing while the connection has %s', async (change, status, code) => {
    const own = await house.house.shop();
    const payment = await sale(10_000, own);
    await house.house.rows(`UPDATE connection SET ${change} WHERE id = $1`, [own.connectionId]);
    expect(await refusal(house.refund(own, { payment }))).toMatchObject({ status, code });
    expect(await house.account(own, payment)).toEqual({ refunded: 0, refundable: 10_000 });
  });

  it('goes over the connection of today where the payment’s own has been replaced', async () => {
    const own = await house.house.shop();
    const payment = await sale(10_000, own);
    const next = house.house.ids.uuid();
    await house.house.rows('UPDATE connection SET enabled = false WHERE id = $1', [own.connectionId]);
    await house.house.rows(
      `INSERT INTO connection (id, tenant_id, mode, organization_id, provider, scheme, base_url, health, verifying, version)
       SELECT $1, tenant_id, mode, organization_id, provider, scheme, base_url, 'up', false, 2 FROM connection WHERE id = $2`,
      [next, own.connectionId],
    );
    const { body } = await house.refund(own, { payment });
    const command = await waitFor('the start', () => house.commandsOf(body.id, 'refund.start')[0]);
    expect(command.body).toMatchObject({ connection_id: idFromUuid('con', next), connection_version: 2 });
  });

  it('answers 404 for a payment of another tenant, and of an organization that the key is not for', async () => {
    const payment = await sale();
    const other = await house.house.shop();
    expect(await refusal(house.refund(other, { payment }))).toMatchObject({ status: 404, code: 'not_found' });
    const limited: Shop = { ...shop, caller: { ...shop.caller, organizations: [house.house.ids.uuid()] } };
    expect(await refusal(house.refund(limited, { payment }))).toMatchObject({ status: 404 });
    expect(await house.account(shop, payment)).toEqual({ refunded: 0, refundable: 10_000 });
  });

  it('answers as soon as it has ended where the caller waits, without reading', async () => {
    const payment = await sale();
    const sent: string[] = [];
    const stop = house.house.app.onRoundTrip((sql) => sent.push(sql));
    const reply = house.refund(shop, { payment }, 'waits', 30_000);
    const start = await waitFor('the start', () =>
      house.house.commands.find((one) => one.type === 'refund.start' && one.key === payment),
    );
    await house.tell({ refund: start.subject, seq: 1, phase: 'processing' });
    await house.tell({ refund: start.subject, seq: 2, phase: 'succeeded', more: { provider_ref: 'R77' } });
    expect(await reply).toMatchObject({ status: 201, body: { status: 'succeeded', provider: { id: 'R77' } } });
    stop();
    expect(sent).toHaveLength(1);
  });
});

describe('creating a refund without a payment', () => {
  it('asks the buyer where the connection works that way, through the device of the desk', async () => {
    const own = await house.house.shop({ scheme: WITH_BUYER });
    await house.house.pay(own);
    const { body, status } = await house.refund(own, { desk: 'desk-01', amount: 500 });
    expect({ status, body }).toMatchObject({ status: 201, body: { payment: null, amount: 500, desk: 'desk-01' } });
    const command = await waitFor('the start', () => house.commandsOf(body.id, 'refund.start')[0]);
    const [desk] = await house.house.rows<{ id: string }>('SELECT id FROM desk WHERE organization_id = $1', [
      own.organizationId,
    ]);
    expect(refundStart.produce.parse(command.body)).toMatchObject({
      payment_id: null,
      purchase_ref: null,
      amount: 500,
      lane: body.id,
      device_id: idFromUuid('dsk', desk?.id ?? ''),
      trade_point_ref: '1',
    });
  });

  it('makes an unknown desk where its trade point is named, and asks for it otherwise', async () => {
    const own = await house.house.shop({ scheme: WITH_BUYER });
    expect(await refusal(house.refund(own, { desk: 'unheard-of' }))).toMatchObject({
      status: 422,
      code: 'trade_point_required',
    });
    const [point = ''] = own.tradePoints;
    expect((await house.refund(own, { desk: 'unheard-of', trade_point: point })).status).toBe(201);
    expect(await house.house.count(`desk WHERE external_id = 'unheard-of'`)).toBe(1);
  });

  it('asks for the payment where no buyer picks it', async () => {
    await house.house.pay(shop);
    expect(await refusal(house.refund(shop, { desk: 'desk-01' }))).toMatchObject({
      status: 422,
      code: 'payment_required',
    });
  });

  it('takes no more than the organization’s limit, and no desk of another tenant', async () => {
    const own = await house.house.shop({ scheme: WITH_BUYER, maxAmount: 5_000 });
    await house.house.pay(own, house.house.body(own, { amount: 1 }));
    expect(await refusal(house.refund(own, { desk: 'desk-01', amount: 5_001 }))).toMatchObject({
      code: 'amount_too_large',
    });
    const limited: Shop = { ...own, caller: { ...own.caller, organizations: [house.house.ids.uuid()] } };
    expect(await refusal(house.refund(limited, { desk: 'desk-01' }))).toMatchObject({ status: 404 });
  });
});
