import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { GatewayHarness, PROVIDER, type Shop } from '../test/gateway-harness.ts';
import { paymentViewSchema } from './payment.view.ts';
import { Waiters } from './waiting/waiters.ts';
import { tellPayment, tellProgress } from './test/provider-facts.ts';

const QR = {
  type: 'show_qr',
  qr: '10000000000000000017',
  expires_at: new Date(Date.now() + 180_000).toISOString(),
} as const;
const [METHOD] = PROVIDER.methods;

let house: GatewayHarness;
let shop: Shop;
beforeAll(async () => {
  house = await GatewayHarness.start();
  shop = await house.onboard();
});
afterAll(() => house.close());

const sale = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  organization: shop.organization,
  desk: 'desk-03',
  trade_point: shop.tradePoints[0],
  amount: 149_000,
  currency: PROVIDER.currency,
  method: { type: METHOD?.type },
  ...changes,
});
const made = async (changes: Record<string, unknown> = {}): Promise<string> => {
  const reply = await shop.api.post('/v1/payments', sale(changes));
  if (reply.status !== 201) throw new Error(reply.text);
  return reply.string('/id');
};
const shown = async (changes: Record<string, unknown> = {}): Promise<string> => {
  const id = await made(changes);
  tellPayment(house, id, 1, 'requires_customer', { next_action: QR });
  await waitFor('the QR', async () => (await shop.api.get(`/v1/payments/${id}`)).body.status === 'requires_customer');
  return id;
};

describe('POST /v1/payments', () => {
  it('brings the QR in one call with ?wait=', async () => {
    house.onCommand((command) => {
      if (command.type === 'payment.start')
        tellPayment(house, command.subject, 1, 'requires_customer', {
          next_action: QR,
          provider_ref: `R ${command.subject}`,
        });
    });
    const { status, headers, body } = await shop.api.post('/v1/payments?wait=20', sale({ reference: 'S-000917' }));
    house.onCommand(() => undefined);
    expect(status).toBe(201);
    expect(headers.get('idempotent-replayed')).toBeNull();
    expect(headers.get('retry-after')).toBe('2');
    expect(headers.get('x-request-id')).toMatch(/^req_/);
    expect(paymentViewSchema.strict().parse(body)).toMatchObject({
      status: 'requires_customer',
      amount: 149_000,
      reference: 'S-000917',
      next_action: { type: 'show_qr', qr: QR.qr, qr_svg: `/v1/payments/${body.id}/qr.svg`, expires_at: QR.expires_at },
      till: { screen: 'show_qr', hide_qr: false, hand_over_goods: false },
    });
  });

  it('carries the trace of the request to the provider', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const { body } = await shop.api.post('/v1/payments', sale(), { traceparent: `00-${trace}-b7ad6b7169203331-01` });
    const [command] = await house.waitForCommands('payment.start', 1, (one) => one.subject === body.id);
    expect(command?.traceparent).toContain(trace);
  });

  it('answers twenty identical requests at once with one payment: 201 once, 200 nineteen times', async () => {
    const request = sale({ desk: 'twenty' });
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => shop.api.post('/v1/payments', request, { 'idempotency-key': 'twenty' })),
    );
    expect(replies.map((reply) => reply.status).sort()).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
    expect(new Set(replies.map((reply) => reply.body.id)).size).toBe(1);
    expect(replies.filter((reply) => reply.headers.get('idempotent-replayed') === 'true')).toHaveLength(19);
  });

  it('takes the same request with its members in another order as the same', async () => {
    const first = await shop.api.post('/v1/payments', sale(), { 'idempotency-key': 'order' });
    const turned = Object.fromEntries(Object.entries(sale()).reverse());
    expect(await shop.api.post('/v1/payments', turned, { 'idempotency-key': 'order' })).toMatchObject({
      status: 200,
      body: { id: first.body.id },
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a float', { amount: 1490.5 }, '/amount'],
    ['a text for a number', { amount: '149000' }, '/amount'],
    ['a date for a number', { amount: '2026-11-22T12:00:00Z' }, '/amount'],
    ['an exponent beyond what is exact', { amount: 1e20 }, '/amount'],
    ['zero', { amount: 0 }, '/amount'],
    ['a negative amount', { amount: -1 }, '/amount'],
    ['no amount', { amount: undefined }, '/amount'],
    ['an unknown field', { tip: 5 }, '/tip'],
    ['an unknown method', { method: { type: 'cash' } }, '/method/type'],
    ['an unknown field of the method', { method: { type: METHOD?.type, phone: '1' } }, '/method/phone'],
    ['a number for a desk', { desk: 3 }, '/desk'],
    ['a zero byte in the desk', { desk: 'a\u0000b' }, '/desk'],
    ['half a character in the reference', { reference: '\ud800' }, '/reference'],
    ['half a character in the metadata', { metadata: { shift: '\ud800' } }, '/metadata/shift'],
    ['too long a reference', { reference: 'x'.repeat(129) }, '/reference'],
    ['a currency in small letters', { currency: 'kzt' }, '/currency'],
    [
      'too much metadata',
      { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v'])) },
      '/metadata',
    ],
  ])('answers 400 with a pointer to %s', async (_, changes, pointer) => {
    const reply = await shop.api.post('/v1/payments', sale(changes));
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect({
      status: reply.status,
      code: reply.body['code'],
      pointers: reply.list('/errors').map((error) => error['pointer']),
    }).toEqual({
      status: 400,
      code: 'invalid_request',
      pointers: [pointer],
    });
  });

  it.each(['31', '-1', '1.5', 'soon', ''])('answers 400 for ?wait=%s', async (wait) => {
    const reply = await shop.api.post(`/v1/payments?wait=${wait}`, sale());
    expect({ status: reply.status, pointer: reply.at('/errors/0/pointer') }).toEqual({ status: 400, pointer: '?wait' });
  });

  it.each<[string, string, Record<string, string>, number, string]>([
    ['broken JSON', '{"amount": 1', {}, 400, 'invalid_json'],
    ['another media type', 'amount=1', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['a body of 1 MB', JSON.stringify({ note: 'x'.repeat(1_000_000) }), {}, 413, 'body_too_large'],
    ['no Idempotency-Key', '{}', { 'idempotency-key': '' }, 400, 'idempotency_key_required'],
    [
      'an Idempotency-Key of 256 characters',
      '{}',
      { 'idempotency-key': 'x'.repeat(256) },
      400,
      'idempotency_key_invalid',
    ],
  ])('refuses %s', async (_, body, headers, status, code) => {
    const reply = await shop.api.post('/v1/payments', body === '{}' ? JSON.stringify(sale()) : body, {
      'content-type': 'application/json',
      ...headers,
    });
    expect({ status: reply.status, code: reply.body.code }).toEqual({ status, code });
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['another currency', { currency: 'USD' }, 422, 'currency_not_supported'],
    ['an amount above the limit of the organization', { amount: 100_000_001 }, 422, 'amount_too_large'],
    ['an organization that is none', { organization: 'org_1' }, 404, 'not_found'],
    [
      'an unknown desk without its trade point',
      { desk: 'unknown', trade_point: undefined },
      422,
      'trade_point_required',
    ],
    ['a trade point that is none', { desk: 'unknown', trade_point: 'tp_1' }, 422, 'trade_point_unknown'],
    [
      'a line that costs nothing known',
      { items: [{ name: 'x', quantity: '1,5', unit: 'kg', price: 1, total: 1 }] },
      422,
      'items_invalid',
    ],
  ])('refuses %s', async (_, changes, status, code) => {
    const reply = await shop.api.post('/v1/payments', sale(changes));
    expect({ status: reply.status, code: reply.body.code }).toEqual({ status, code });
  });

  it('answers 422 for a key that was used with another body, and 409 with the payment that holds a reference', async () => {
    const request = sale({ reference: 'S-locked' });
    const { body: first } = await shop.api.post('/v1/payments', request, { 'idempotency-key': 'locks' });
    const reused = await shop.api.post('/v1/payments', sale({ reference: 'S-locked', amount: 1 }), {
      'idempotency-key': 'locks',
    });
    expect(reused).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused', retryable: false } });
    const locked = await shop.api.post('/v1/payments', request);
    expect(locked).toMatchObject({
      status: 409,
      body: {
        code: 'reference_locked',
        payment: { id: first.id, status: 'created', till: { screen: 'wait' } },
        cashier_message: { en: expect.stringContaining('S-locked') },
      },
    });
  });

  it('answers 503 that may be repeated while the provider is down', async () => {
    const own = await house.onboard();
    house.tellConnectionState(own.connection, { seq: 2, health: 'down' });
    const request = { ...sale({ organization: own.organization, trade_point: own.tradePoints[0] }) };
    const reply = await waitFor('the refusal', async () => {
      const one = await own.api.post('/v1/payments', request);
      return one.status === 503 ? one : undefined;
    });
    expect(reply.body).toMatchObject({
      code: 'provider_unavailable',
      retryable: true,
      cashier_message: { en: expect.any(String) },
    });
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('keys', () => {
  it('answers 401 without one and 403 to one without the scope', async () => {
    expect((await house.api(null).post('/v1/payments', sale())).status).toBe(401);
    const { body } = await house.operator.post(`/v1/tenants/${shop.tenant}/api_keys`, {
      mode: 'test',
      scopes: ['payments:read'],
    });
    const reader = house.api(String(body.secret));
    expect(await reader.post('/v1/payments', sale())).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    const id = await made();
    expect((await reader.get(`/v1/payments/${id}`)).status).toBe(200);
    expect((await reader.post(`/v1/payments/${id}/cancel`, {})).status).toBe(403);
    expect((await reader.post('/v1/payments/cancel_by_key', { key: 'x' })).status).toBe(403);
  });

  it('of another tenant find nothing, whatever the route', async () => {
    const { api: stranger } = await house.tenant('Another chain');
    const id = await shown();
    await shop.api.post('/v1/payments', sale(), { 'idempotency-key': 'ours' });
    for (const path of ['', '?wait=5', '/qr.txt', '/qr.svg', '/qr.png']) {
      const route = path.startsWith('?') ? `/v1/payments/${id}${path}` : `/v1/payments/${id}${path}`;
      expect(await stranger.get(route)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect((await stranger.post(`/v1/payments/${id}/cancel`, {})).status).toBe(404);
    expect((await stranger.get('/v1/payments/by_key/ours')).status).toBe(404);
    expect((await stranger.get('/v1/payments')).body.data).toEqual([]);
    expect((await stranger.post('/v1/payments', sale())).status).toBe(404);
  });
});

describe('GET /v1/payments', () => {
  it('brings the money to the waiting till with ?wait=', async () => {
    const id = await shown();
    const waiting = shop.api.get(`/v1/payments/${id}?wait=20`);
    tellPayment(house, id, 2, 'succeeded', { amount: 149_000 });
    const paid = await waiting;
    expect(paid).toMatchObject({
      status: 200,
      body: { status: 'succeeded', late: false, next_action: null, till: { screen: 'paid', hand_over_goods: true } },
    });
    expect(paid.headers.get('retry-after')).toBeNull();
  });

  it('lets a client that hangs up wait no longer', async () => {
    const id = await made();
    const hangUp = new AbortController();
    const reply = fetch(`${house.gateway.url}/v1/payments/${id}?wait=30`, {
      headers: { authorization: `Bearer ${shop.key}` },
      signal: hangUp.signal,
    });
    const waiters = house.gateway.app.get(Waiters);
    await waitFor('a waiter', () => waiters.count === 1);
    hangUp.abort();
    await expect(reply).rejects.toThrow('abort');
    await waitFor('no waiter', () => waiters.count === 0);
  });

  it('finds a payment by any key that a create may have, percent-encoded', async () => {
    const key = `sale/17?x=%20&${'ы'.length}~${'k'.repeat(200)}`;
    const { body } = await shop.api.post('/v1/payments', sale(), { 'idempotency-key': key });
    expect(await shop.api.get(`/v1/payments/by_key/${encodeURIComponent(key)}`)).toMatchObject({
      status: 200,
      body: { id: body.id },
    });
    expect((await shop.api.get('/v1/payments/by_key/never')).status).toBe(404);
  });

  it('answers 404 for what is no payment and 400 for filters that do not exist', async () => {
    for (const id of ['pay_1', 'org_06dz3k8v7x4w9s2r5n1m0qyt3c', `pay_${'0'.repeat(26)}`]) {
      expect((await shop.api.get(`/v1/payments/${id}`)).status).toBe(404);
    }
    for (const query of [
      'state=paid',
      'status=paid',
      'limit=0',
      'limit=101',
      'after=nonsense',
      'created_after=yesterday',
    ]) {
      expect((await shop.api.get(`/v1/payments?${query}`)).status).toBe(400);
    }
  });

  it('lists by page and filter', async () => {
    const ids = [await made({ desk: 'listed' }), await made({ desk: 'listed' }), await made({ desk: 'listed' })];
    const first = (await shop.api.get('/v1/payments?desk=listed&limit=2')).body;
    expect(first).toMatchObject({ object: 'list', has_more: true, data: [{ id: ids[2] }, { id: ids[1] }] });
    const rest = (await shop.api.get(`/v1/payments?desk=listed&limit=2&after=${first.next}`)).body;
    expect(rest).toMatchObject({ has_more: false, next: null, data: [{ id: ids[0] }] });
  });
});

describe('cancelling', () => {
  it('takes a body, an empty one and none', async () => {
    const replies = [
      await shop.api.post(`/v1/payments/${await made()}/cancel`, { reason: 'The buyer left' }),
      await shop.api.post(`/v1/payments/${await made()}/cancel`, {}),
      await shop.api.send('POST', `/v1/payments/${await made()}/cancel`, undefined),
    ];
    for (const reply of replies) expect(reply).toMatchObject({ status: 200, body: { cancel: { result: 'pending' } } });
    expect((await shop.api.post(`/v1/payments/${await made()}/cancel`, { why: 'x' })).status).toBe(400);
  });

  it('by key voids a create that has not come yet', async () => {
    const { body } = await shop.api.post('/v1/payments/cancel_by_key', { key: 'to-come' });
    expect(body).toMatchObject({ status: 'canceled', amount: null });
    expect(await shop.api.post('/v1/payments', sale(), { 'idempotency-key': 'to-come' })).toMatchObject({
      status: 200,
      body: { id: body.id, status: 'canceled' },
    });
  });
});

describe('the QR', () => {
  const raw = (path: string): Promise<Response> =>
    fetch(house.gateway.url + path, { headers: { authorization: `Bearer ${shop.key}` } });

  it('comes as text, SVG and PNG of the size that was asked for, never kept by anybody', async () => {
    const id = await shown();
    const text = await raw(`/v1/payments/${id}/qr.txt`);
    expect([text.status, text.headers.get('content-type'), await text.text()]).toEqual([
      200,
      'text/plain; charset=utf-8',
      QR.qr,
    ]);
    const svg = await raw(`/v1/payments/${id}/qr.svg?size=200`);
    expect([svg.headers.get('content-type'), svg.headers.get('cache-control')]).toEqual([
      'image/svg+xml; charset=utf-8',
      'no-store',
    ]);
    expect(await svg.text()).toMatch(/^<svg[^>]* width="200" height="200"/);
    const png = await raw(`/v1/payments/${id}/qr.png?size=400`);
    expect(png.headers.get('content-type')).toBe('image/png');
    expect(sizeOfPng(Buffer.from(await png.arrayBuffer()))).toEqual([400, 400]);
    for (const size of ['0', '63', '1025', 'big'])
      expect((await raw(`/v1/payments/${id}/qr.png?size=${size}`)).status).toBe(400);
  });

  it('is there only while the buyer has something to scan', async () => {
    const early = await made();
    expect(await shop.api.get(`/v1/payments/${early}/qr.svg`)).toMatchObject({
      status: 404,
      body: { code: 'qr_not_available' },
    });
    const id = await shown();
    tellProgress(house, id);
    await waitFor('the scan', async () => (await shop.api.get(`/v1/payments/${id}`)).body.status === 'processing');
    expect(await shop.api.get(`/v1/payments/${id}/qr.txt`)).toMatchObject({
      status: 404,
      body: { code: 'qr_not_available' },
    });
    tellPayment(house, id, 2, 'expired', { next_action: QR });
    await waitFor(
      'the end',
      async () => (await shop.api.get(`/v1/payments/${id}?wait=1`)).body['status'] === 'expired',
    );
    expect((await shop.api.get(`/v1/payments/${id}/qr.txt`)).status).toBe(404);
    expect((await shop.api.get(`/v1/payments/${id}`)).body['next_action']).toBeNull();
  });
});

/** Width and height out of a PNG's first chunk (PNG specification §11.2.1), where the signature is right. */
function sizeOfPng(picture: Buffer): number[] | undefined {
  const isPng = picture.subarray(0, 8).equals(Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a));
  return isPng ? [picture.readUInt32BE(16), picture.readUInt32BE(20)] : undefined;
}

describe('the bus', () => {
  it('puts a fact that breaks its schema aside and handles its neighbours', async () => {
    const id = await made();
    house.tell({
      id: 'broken',
      type: 'payment.state',
      schema: 1,
      source: PROVIDER.name,
      subject: id,
      time: new Date().toISOString(),
      tenant: null,
      mode: 'test',
      topic: 'events',
      key: id,
      body: { subject_id: id, seq: 1, phase: 'succeeded' },
    });
    tellPayment(house, id, 2, 'processing');
    await waitFor('the neighbour', async () => (await shop.api.get(`/v1/payments/${id}`)).body.status === 'processing');
    await waitFor(
      'the dead letter',
      async () => (await house.rows(`SELECT FROM dead_letter WHERE topic = 'events' AND key = $1`, [id])).length === 1,
    );
  });
});

describe('closing the gateway', () => {
  it('answers everybody who waits with the state as it is', async () => {
    const other = await GatewayHarness.start();
    let closed = false;
    try {
      const own = await other.onboard();
      const { body } = await own.api.post('/v1/payments', {
        ...sale(),
        organization: own.organization,
        trade_point: own.tradePoints[0],
      });
      const waiting = Array.from({ length: 5 }, () => own.api.get(`/v1/payments/${body.id}?wait=30`));
      await waitFor('five waiters', () => other.gateway.app.get(Waiters).count === 5);
      const closing = other.close();
      closed = true;
      for (const reply of await Promise.all(waiting))
        expect(reply).toMatchObject({ status: 200, body: { status: 'created' } });
      await closing;
    } finally {
      if (!closed) await other.close();
    }
  });
});
