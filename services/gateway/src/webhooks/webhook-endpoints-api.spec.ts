import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { isSignedWith, waitFor, WebhookReceiver } from '@tolem/testing';
import type { ApiClient, Reply } from '../test/api-client.ts';
import { tellPayment } from '../payments/test/provider-facts.ts';
import { GatewayHarness, PROVIDER, type Shop } from '../test/gateway-harness.ts';

let house: GatewayHarness;
let receiver: WebhookReceiver;
let api: ApiClient;
let key: string;
let tenant: string;
beforeAll(async () => {
  house = await GatewayHarness.start({ config: { webhookAllowedNetworks: ['127.0.0.0/8'] } });
  receiver = await WebhookReceiver.start();
});
afterAll(async () => {
  await house.close();
  await receiver.close();
});
beforeEach(async () => {
  ({ api, key, tenant } = await house.tenant());
});

const errorAt = (pointer: string, code?: string) =>
  expect.arrayContaining([expect.objectContaining({ pointer, ...(code === undefined ? {} : { code }) })]);

async function endpoint(more: Readonly<Record<string, unknown>> = {}, by = api): Promise<Reply> {
  const made = await by.post('/v1/webhook_endpoints', { url: receiver.url, ...more });
  if (made.status !== 201) throw new Error(made.text);
  return made;
}

/** The webhook of an event of this type, once it has come. */
function received(type: string, filter: (body: string) => boolean = () => true) {
  return waitFor(`a webhook of type ${type}`, () =>
    receiver.received.find(({ body }) => body.includes(`"type":"${type}"`) && filter(body)),
  );
}

describe('a webhook endpoint', () => {
  it('is made with a secret that is shown this once', async () => {
    const headers = { 'idempotency-key': 'once' };
    const body = { url: receiver.url, types: ['payment.succeeded'] };
    const made = await api.post('/v1/webhook_endpoints', body, headers);
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^whe_[0-9a-z]{26}$/),
        object: 'webhook_endpoint',
        url: receiver.url,
        types: ['payment.succeeded'],
        status: 'enabled',
        disabled_reason: null,
        failing_since: null,
        secret: expect.stringMatching(/^whsec_[0-9A-Za-z+/]{43}=$/),
      },
    });
    const repeated = await api.post('/v1/webhook_endpoints', body, headers);
    expect(repeated.headers.get('idempotent-replayed')).toBe('true');
    expect(repeated).toMatchObject({ status: 200, body: { id: made.at('/id'), secret: null } });
    const shown = await api.get(`/v1/webhook_endpoints/${made.string('/id')}`);
    expect(shown.body).not.toHaveProperty('secret');
    expect((await api.get('/v1/webhook_endpoints')).body).toMatchObject({
      data: [shown.body],
      has_more: false,
      next: null,
    });
    const stored = await house.rows(`SELECT * FROM webhook_endpoint`);
    expect(JSON.stringify(stored)).not.toContain(made.string('/secret').slice(6));
    expect(house.logLines.join('')).not.toContain(made.string('/secret').slice(6));
  });

  it.each([
    [{ url: 'https://chain.example/hook', secret: 'mine' }, '/secret', 'unknown_field'],
    [{}, '/url', 'invalid_type'],
    [{ url: '' }, '/url', 'too_small'],
    [{ url: `https://chain.example/${'x'.repeat(2_048)}` }, '/url', 'too_big'],
    [{ url: 'https://chain.example/', types: [] }, '/types', 'too_small'],
    [{ url: 'https://chain.example/', types: ['payment.unheard_of'] }, '/types/0', 'invalid_value'],
    [{ url: 'https://chain.example/', types: ['test', 'test'] }, '/types', 'custom'],
  ])('with %j is refused as not in the documented form', async (body, pointer, code) => {
    const reply = await api.post('/v1/webhook_endpoints', body);
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: errorAt(pointer, code) } });
  });

  it.each([
    ['nonsense', 'url_invalid'],
    ['ftp://chain.example/', 'url_invalid'],
    ['https://name:word@chain.example/', 'url_invalid'],
    ['https://chain.example/#part', 'url_invalid'],
    ['http://8.8.8.8/', 'https_required'],
    ['https://10.0.0.1/', 'url_not_public'],
    ['https://192.168.1.1:8443/hook', 'url_not_public'],
    ['https://[::1]/', 'url_not_public'],
    ['https://[::ffff:10.0.0.1]/', 'url_not_public'],
    ['https://[fd00::1]/', 'url_not_public'],
    ['https://169.254.169.254/latest', 'url_not_public'],
    ['https://0xA000001/', 'url_not_public'],
    ['https://167772161/', 'url_not_public'],
  ])('at %s is refused with the reason, when it is made and when it is moved', async (url, code) => {
    const problem = { status: 422, body: { code, errors: errorAt('/url', code) } };
    expect(await api.post('/v1/webhook_endpoints', { url })).toMatchObject(problem);
    const made = await endpoint();
    expect(await api.patch(`/v1/webhook_endpoints/${made.string('/id')}`, { url })).toMatchObject(problem);
  });

  it('needs an Idempotency-Key', async () => {
    const reply = await api.post('/v1/webhook_endpoints', { url: receiver.url }, { 'idempotency-key': '' });
    expect(reply).toMatchObject({ status: 400, body: { code: 'idempotency_key_required' } });
  });

  it('is one per mode: a second one is refused and told of the first, until that is deleted', async () => {
    const first = await endpoint();
    const second = await api.post('/v1/webhook_endpoints', { url: receiver.url });
    expect(second).toMatchObject({
      status: 409,
      body: { code: 'webhook_endpoint_exists', webhook_endpoint: first.at('/id') },
    });
    expect((await api.delete(`/v1/webhook_endpoints/${first.string('/id')}`)).body).toMatchObject({
      status: 'disabled',
    });
    expect((await api.get(`/v1/webhook_endpoints/${first.string('/id')}`)).status).toBe(404);
    expect((await endpoint()).at('/id')).not.toBe(first.at('/id'));
  });

  it('made twice at the same moment is there once', async () => {
    const replies = await Promise.all([1, 2, 3, 4].map(() => api.post('/v1/webhook_endpoints', { url: receiver.url })));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('is changed field by field, switched off and on', async () => {
    const path = `/v1/webhook_endpoints/${(await endpoint({ types: ['test'] })).string('/id')}`;
    expect((await api.patch(path, { types: null })).body).toMatchObject({
      types: null,
      url: receiver.url,
      status: 'enabled',
    });
    expect((await api.patch(path, { disabled: true })).body).toMatchObject({
      status: 'disabled',
      disabled_reason: 'by_request',
    });
    expect((await api.patch(path, { url: `${receiver.url}?a=b` })).body).toMatchObject({
      status: 'disabled',
      url: `${receiver.url}?a=b`,
    });
    expect((await api.patch(path, { disabled: false })).body).toMatchObject({
      status: 'enabled',
      disabled_reason: null,
    });
    expect(await api.patch(path, {})).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await api.patch(path, { status: 'enabled' })).toMatchObject({
      status: 400,
      body: { errors: errorAt('/status', 'unknown_field') },
    });
  });

  it('is closed to keys without the scope and to keys that see some organizations only', async () => {
    const { organization } = await house.organization(api);
    const keyWith = async (body: object): Promise<ApiClient> =>
      house.api((await api.post(`/v1/tenants/${tenant}/api_keys`, { mode: 'test', ...body })).string('/secret'));
    const reader = await keyWith({ scopes: ['payments:write'] });
    const limited = await keyWith({ scopes: ['webhooks:write'], organizations: [organization] });
    const id = (await endpoint()).string('/id');
    for (const [method, path, body] of [
      ['POST', '/v1/webhook_endpoints', { url: receiver.url }],
      ['GET', '/v1/webhook_endpoints'],
      ['GET', `/v1/webhook_endpoints/${id}`],
      ['PATCH', `/v1/webhook_endpoints/${id}`, { disabled: true }],
      ['DELETE', `/v1/webhook_endpoints/${id}`],
      ['POST', `/v1/webhook_endpoints/${id}/rotate_secret`, {}],
      ['POST', `/v1/webhook_endpoints/${id}/test`],
      ['GET', '/v1/webhook_deliveries'],
    ] as const) {
      const headers = { 'idempotency-key': house.nextKey() };
      expect(await reader.send(method, path, body, headers)).toMatchObject({
        status: 403,
        body: { code: 'scope_missing' },
      });
      expect(await limited.send(method, path, body, headers)).toMatchObject({
        status: 403,
        body: { code: 'key_is_limited' },
      });
    }
  });

  it('leaves a line in the audit log for everything that is done to it, without its secret', async () => {
    const made = await endpoint();
    await api.post(`/v1/webhook_endpoints/${made.string('/id')}/rotate_secret`, {});
    await api.delete(`/v1/webhook_endpoints/${made.string('/id')}`);
    const log = await api.get('/v1/audit_log');
    expect(log.list().map((line) => line['action'])).toEqual(
      expect.arrayContaining(['webhook_endpoint.create', 'webhook_endpoint.rotate_secret', 'webhook_endpoint.delete']),
    );
    expect(log.text).not.toContain('whsec_');
  });
});

describe('delivery', () => {
  async function shop(): Promise<Shop> {
    return house.onboard({ tenant: { tenant, key } });
  }

  async function pay(by: Shop): Promise<string> {
    const made = await by.api.post('/v1/payments', {
      organization: by.organization,
      desk: 'desk-01',
      trade_point: by.tradePoints[0],
      amount: 149_000,
      currency: PROVIDER.currency,
      method: { type: PROVIDER.methods[0]?.type },
    });
    return made.string('/id');
  }

  it('of a payment is signed, and its body is the event as GET shows it', async () => {
    const by = await shop();
    const made = await endpoint({ types: ['payment.succeeded'] });
    const payment = await pay(by);
    tellPayment(house, payment, 1, 'succeeded', { provider_ref: `ref-${payment}`, amount: 149_000 });
    const webhook = await received('payment.succeeded', (body) => body.includes(payment));
    expect(isSignedWith(made.string('/secret'), webhook)).toBe(true);
    expect(webhook.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Tolem-Webhooks/1',
    });
    const event = await api.get(`/v1/events/${String(webhook.headers['webhook-id'])}`);
    expect(JSON.parse(webhook.body)).toEqual(event.body);
    expect(receiver.received.filter(({ body }) => body.includes(payment))).toHaveLength(1);
    const delivered = await waitFor('the log', async () => {
      const log = await api.get('/v1/webhook_deliveries?state=delivered');
      return log.list().length > 0 ? log : undefined;
    });
    expect(delivered.list()).toMatchObject([
      {
        object: 'webhook_delivery',
        event: event.at('/id'),
        endpoint: made.at('/id'),
        attempts: 1,
        last_status: 204,
        last_error: null,
        next_attempt_at: null,
      },
    ]);
    const one = await api.get(`/v1/webhook_deliveries/${String(delivered.list()[0]?.['id'])}`);
    expect(one.body).toEqual(delivered.list()[0]);
  });

  it('of a test event comes whatever types are asked for, signed with both secrets while one replaces the other', async () => {
    const made = await endpoint({ types: ['payment.late'] });
    const path = `/v1/webhook_endpoints/${made.string('/id')}`;
    const rotated = await api.post(`${path}/rotate_secret`, { overlap_minutes: 5 });
    expect(rotated).toMatchObject({
      status: 201,
      body: { secret: expect.stringMatching(/^whsec_/), rotation_ends_at: expect.any(String) },
    });
    expect(rotated.at('/secret')).not.toBe(made.at('/secret'));
    const test = await api.post(`${path}/test`);
    expect(test).toMatchObject({ status: 201, body: { object: 'webhook_delivery', type: 'test', state: 'pending' } });
    const webhook = await received('test', (body) => body.includes(made.string('/id')));
    expect(webhook.headers['webhook-id']).toBe(test.at('/event'));
    expect(isSignedWith(made.string('/secret'), webhook)).toBe(true);
    expect(isSignedWith(rotated.string('/secret'), webhook)).toBe(true);
    expect(webhook.body).not.toContain('whsec_');
  });

  it('is signed with the new secret alone where no overlap was wanted', async () => {
    const made = await endpoint();
    const path = `/v1/webhook_endpoints/${made.string('/id')}`;
    const rotated = await api.post(`${path}/rotate_secret`, { overlap_minutes: 0 });
    expect(rotated.at('/rotation_ends_at')).toBeNull();
    await api.post(`${path}/test`);
    const webhook = await received('test', (body) => body.includes(made.string('/id')));
    expect(isSignedWith(made.string('/secret'), webhook)).toBe(false);
    expect(isSignedWith(rotated.string('/secret'), webhook)).toBe(true);
  });

  it('is asked for once per Idempotency-Key, and not while the endpoint is switched off', async () => {
    const id = (await endpoint()).string('/id');
    const headers = { 'idempotency-key': 'test-once' };
    const first = await api.post(`/v1/webhook_endpoints/${id}/test`, undefined, headers);
    const again = await api.post(`/v1/webhook_endpoints/${id}/test`, undefined, headers);
    expect([first.status, again.status, again.at('/id')]).toEqual([201, 200, first.at('/id')]);
    await api.patch(`/v1/webhook_endpoints/${id}`, { disabled: true });
    expect(await api.post(`/v1/webhook_endpoints/${id}/test`)).toMatchObject({
      status: 409,
      body: { code: 'webhook_endpoint_disabled' },
    });
  });

  it('lists nothing for what it does not know', async () => {
    expect(await api.get('/v1/webhook_deliveries?state=lost')).toMatchObject({
      status: 400,
      body: { errors: errorAt('?state') },
    });
    expect(await api.get('/v1/webhook_deliveries?endpoint=pay_1')).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    expect(await api.get('/v1/webhook_deliveries?after=x')).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    });
  });
});

describe('a gateway that closes', () => {
  it('waits for the webhook that is under way and notes that it was delivered', async () => {
    const closing = await GatewayHarness.start({ config: { webhookAllowedNetworks: ['127.0.0.0/8'] } });
    const slow = await WebhookReceiver.start();
    const answers: (() => void)[] = [];
    slow.answers((_, response) => void answers.push(() => void response.writeHead(204).end()));
    const { api: by } = await closing.tenant();
    const made = await by.post('/v1/webhook_endpoints', { url: slow.url });
    await by.post(`/v1/webhook_endpoints/${made.string('/id')}/test`);
    await waitFor('a webhook under way', () => answers.length === 1);
    const closed = closing.gateway.close();
    await waitFor('its door shut', () =>
      fetch(`${closing.gateway.url}/docs`).then((reply) => reply.headers.get('connection') === 'close'),
    );
    answers[0]?.();
    await closed;
    expect(await closing.rows('SELECT state, attempts, lease_until FROM webhook_delivery')).toEqual([
      { state: 'delivered', attempts: 1, lease_until: null },
    ]);
    await closing.database.drop();
    await slow.close();
  });
});
