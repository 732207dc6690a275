import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENTS_TOPIC, produce, type RefundState, refundState } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import { GatewayHarness, PROVIDER, type Shop } from '../test/gateway-harness.ts';
import { tellPayment } from '../payments/test/provider-facts.ts';
import { refundViewSchema } from './refund.view.ts';

let house: GatewayHarness;
let shop: Shop;
let refs = 0;
beforeAll(async () => {
  house = await GatewayHarness.start();
  shop = await house.onboard();
});
afterAll(() => house.close());

const paid = async (): Promise<string> => {
  const { body } = await shop.api.post('/v1/payments', {
    organization: shop.organization,
    desk: 'desk-03',
    trade_point: shop.tradePoints[0],
    amount: 10_000,
    currency: PROVIDER.currency,
    method: { type: PROVIDER.methods[0]?.type },
  });
  const id = String(body['id']);
  refs += 1;
  tellPayment(house, id, 1, 'succeeded', { provider_ref: `P${refs}`, amount: 10_000 });
  await waitFor('the money', async () => (await shop.api.get(`/v1/payments/${id}`)).body['status'] === 'succeeded');
  return id;
};
const tell = (refund: string, seq: number, phase: RefundState['phase'], more: Partial<RefundState> = {}): void => {
  const time = new Date(house.clock.now()).toISOString();
  const address = {
    id: house.ids.next('msg'),
    source: PROVIDER.name,
    subject: refund,
    time,
    tenant: null,
    mode: 'test' as const,
    topic: EVENTS_TOPIC,
    key: refund,
  };
  house.tell(
    produce(refundState, address, {
      subject_id: refund,
      seq,
      op_id: null,
      observed_at: time,
      provider_ref: null,
      purchase_ref: null,
      amount: null,
      next_action: null,
      failure: null,
      evidence: 'stated',
      ...more,
      phase: phase ?? 'unheard_of',
    }),
  );
};
const is = (refund: string, status: string) =>
  waitFor(`a refund that is ${status}`, async () => {
    const reply = await shop.api.get(`/v1/refunds/${refund}`);
    return reply.at('/status') === status ? reply : undefined;
  });

describe('refunds over HTTP', () => {
  it('go from the request to the money in one call with ?wait=, and tell of it in the events', async () => {
    const payment = await paid();
    house.onCommand((command) => {
      if (command.type !== 'refund.start') return;
      tell(command.subject, 1, 'processing');
      tell(command.subject, 2, 'succeeded', { provider_ref: 'R1', amount: 4_000 });
    });
    const reply = await shop.api.post('/v1/refunds?wait=20', { payment, amount: 4_000 });
    house.onCommand(() => undefined);
    expect(reply.status).toBe(201);
    expect(reply.headers.get('retry-after')).toBeNull();
    const refund = refundViewSchema.strict().parse(reply.body);
    expect(refund).toMatchObject({ status: 'succeeded', amount: 4_000, provider: { id: 'R1' } });
    expect((await shop.api.get(`/v1/payments/${payment}`)).body).toMatchObject({
      amount_refunded: 4_000,
      amount_refundable: 6_000,
    });
    const events = await waitFor('the events', async () => {
      const list = (await shop.api.get(`/v1/events?subject=${refund.id}`)).list();
      return list.at(-1)?.['type'] === 'refund.succeeded' ? list : undefined;
    });
    expect(events[0]).toMatchObject({ type: 'refund.pending' });
    expect(events.at(-1)).toMatchObject({ data: { object: { object: 'refund', id: refund.id, status: 'succeeded' } } });
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['neither payment nor desk', { payment: undefined }, 400, '/desk'],
    ['a float', { amount: 1.5 }, 400, '/amount'],
    ['zero', { amount: 0 }, 400, '/amount'],
    ['an unknown field', { tip: 1 }, 400, '/tip'],
    ['a source that only the house may use', { source: 'late' }, 400, '/source'],
    ['an external one without evidence', { source: 'external', amount: 5 }, 400, '/reason'],
    ['an external one without an amount', { source: 'external', reason: 'x' }, 400, '/amount'],
    ['lines', { lines: [{ line: 1 }] }, 422, '/lines'],
  ])('are refused with a pointer for %s', async (_, changes, status, pointer) => {
    const reply = await shop.api.post('/v1/refunds', { payment: 'pay_06dz3k8v7x4w9s2r5n1m0qyt3c', ...changes });
    expect({ status: reply.status, pointer: reply.at('/errors/0/pointer') }).toEqual({ status, pointer });
  });

  it('need an Idempotency-Key and the scope refunds:write', async () => {
    const payment = await paid();
    expect((await shop.api.post('/v1/refunds', { payment }, { 'idempotency-key': '' })).status).toBe(400);
    const key = await house.operator.post(`/v1/tenants/${shop.tenant}/api_keys`, {
      mode: 'test',
      scopes: ['payments:write'],
    });
    const weak = house.api(key.string('/secret'));
    expect((await weak.post('/v1/refunds', { payment })).status).toBe(403);
    expect((await weak.get('/v1/refunds')).status).toBe(200);
  });

  it('show the buyer’s code as a picture while there is something to scan', async () => {
    const refund = (await shop.api.post('/v1/refunds', { payment: await paid() })).string('/id');
    expect((await shop.api.get(`/v1/refunds/${refund}/qr.svg`)).body).toMatchObject({ code: 'qr_not_available' });
    const expires_at = new Date(house.clock.now() + 60_000).toISOString();
    tell(refund, 1, 'requires_customer', { next_action: { type: 'show_qr', qr: 'SCAN ME', expires_at } });
    const shown = await is(refund, 'requires_customer');
    expect(shown.at('/next_action/qr_svg')).toBe(`/v1/refunds/${refund}/qr.svg`);
    expect((await shop.api.get(`/v1/refunds/${refund}/qr.txt`)).text).toBe('SCAN ME');
    expect((await shop.api.get(`/v1/refunds/${refund}/qr.svg`)).headers.get('content-type')).toContain('svg');
    expect((await shop.api.get(`/v1/refunds/${refund}/qr.png?size=128`)).status).toBe(200);
  });

  it('take a choice and a cancel', async () => {
    const payment = await paid();
    const ref = (await shop.api.get(`/v1/payments/${payment}`)).string('/provider/id');
    const refund = (await shop.api.post('/v1/refunds', { payment, amount: 100 })).string('/id');
    tell(refund, 1, 'requires_customer', {
      next_action: { type: 'choose_purchase', purchases: [{ ref, amount: 10_000, at: null }] },
    });
    await is(refund, 'requires_customer');
    expect((await shop.api.post(`/v1/refunds/${refund}/choose`, { purchase: 'none' })).body).toMatchObject({
      code: 'purchase_not_offered',
    });
    expect(await shop.api.post(`/v1/refunds/${refund}/choose`, { purchase: ref })).toMatchObject({
      status: 200,
      body: { amount: 100, payment },
    });
    expect((await shop.api.post(`/v1/refunds/${refund}/cancel`)).body).toMatchObject({ cancel: { result: 'pending' } });
    tell(refund, 2, 'canceled');
    expect((await is(refund, 'canceled')).at('/cancel/result')).toBe('done');
  });

  it('are listed newest first, page by page, by what one looks for', async () => {
    const payment = await paid();
    const made: string[] = [];
    for (const amount of [1, 2, 3])
      made.push((await shop.api.post('/v1/refunds', { payment, amount, reference: `L${amount}` })).string('/id'));
    const ids = async (query: string): Promise<unknown[]> =>
      (await shop.api.get(`/v1/refunds?${query}`)).list().map((one) => one['id']);
    expect(await ids(`payment=${payment}`)).toEqual(made.toReversed());
    const first = await shop.api.get(`/v1/refunds?payment=${payment}&limit=2`);
    expect(first.at('/has_more')).toBe(true);
    expect(await ids(`payment=${payment}&limit=2&after=${first.string('/next')}`)).toEqual([made[0]]);
    expect(await ids('reference=L2')).toEqual([made[1]]);
    tell(made[2] ?? '', 1, 'failed');
    await is(made[2] ?? '', 'failed');
    expect(await ids(`payment=${payment}&status=failed,canceled`)).toEqual([made[2]]);
    expect(await ids(`organization=${shop.organization}&desk=desk-03&payment=${payment}`)).toHaveLength(3);
    expect(await ids(`payment=${payment}&created_before=2020-01-01T00:00:00Z`)).toEqual([]);
    const other = await house.onboard();
    expect((await other.api.get(`/v1/refunds?payment=${payment}`)).list()).toEqual([]);
    expect((await other.api.get(`/v1/refunds/${made[0]}`)).status).toBe(404);
  });

  it('that nobody knows the end of are resolved by a person over the API', async () => {
    const payment = await paid();
    const refund = (await shop.api.post('/v1/refunds', { payment, amount: 7 })).string('/id');
    tell(refund, 1, 'unknown');
    await is(refund, 'unknown');
    const [open] = (await shop.api.get(`/v1/attention?refund=${refund}`)).list();
    expect(open).toMatchObject({ kind: 'unknown', refund, payment, status: 'open' });
    expect((await shop.api.get(`/v1/attention?payment=${payment}`)).list()).toHaveLength(1);
    const waiting = shop.api.get(`/v1/refunds/${refund}?wait=20`);
    const reply = await shop.api.post(`/v1/attention/${String(open?.['id'])}/resolve`, {
      outcome: 'succeeded',
      reason: 'The bank shows it',
    });
    expect(reply).toMatchObject({ status: 200, body: { status: 'closed', outcome: 'succeeded', refund } });
    expect((await waiting).at('/status')).toBe('succeeded');
    expect((await shop.api.get(`/v1/payments/${payment}`)).at('/amount_refunded')).toBe(7);
  });
});

describe('a payment that is paid by a link', () => {
  it('shows the link, and a QR that opens it', async () => {
    const type = PROVIDER.methods[1]?.type;
    const reply = await shop.api.post('/v1/payments', {
      organization: shop.organization,
      desk: 'desk-03',
      trade_point: shop.tradePoints[0],
      amount: 500,
      currency: PROVIDER.currency,
      method: { type },
    });
    const id = reply.string('/id');
    const link = 'https://pay.example/1';
    const expires_at = new Date(house.clock.now() + 60_000).toISOString();
    tellPayment(house, id, 1, 'requires_customer', { next_action: { type: 'open_link', link, expires_at } });
    const shown = await waitFor('the link', async () => {
      const now = await shop.api.get(`/v1/payments/${id}`);
      return now.at('/status') === 'requires_customer' ? now : undefined;
    });
    expect(shown.body).toMatchObject({
      code: id.slice(-6).toUpperCase(),
      next_action: { type: 'open_link', link, link_qr_svg: `/v1/payments/${id}/qr.svg`, expires_at },
      till: { screen: 'show_link' },
    });
    expect((await shop.api.get(`/v1/payments/${id}/qr.txt`)).text).toBe(link);
  });
});
