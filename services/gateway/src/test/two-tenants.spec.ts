import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { tellPayment } from '../payments/test/provider-facts.ts';
import { GatewayHarness, PROVIDER, SCHEME, type Shop } from './gateway-harness.ts';

let house: GatewayHarness;
let owner: Shop;
let stranger: Shop;
let ids: Record<string, string>;
beforeAll(async () => {
  house = await GatewayHarness.start({ config: { webhookAllowedNetworks: ['127.0.0.0/8'] } });
  owner = await house.onboard();
  stranger = await house.onboard();
  const desk = await owner.api.post('/v1/desks', {
    organization: owner.organization,
    desk: 'desk-of-owner',
    trade_point: owner.tradePoints[0],
  });
  const key = await owner.api.post(`/v1/tenants/${owner.tenant}/api_keys`, { mode: 'test', scopes: ['admin'] });
  const [method] = PROVIDER.methods;
  const sale = {
    organization: owner.organization,
    desk: 'desk-of-owner',
    amount: 149_000,
    currency: PROVIDER.currency,
    method: { type: method?.type },
  };
  const paid = await owner.api.post('/v1/payments', sale, { 'idempotency-key': 'payment-of-owner' });
  const old = { ...sale, provider_ref: 'of-owner', paid_at: '2026-01-01T00:00:00Z' };
  const imported = await owner.api.post('/v1/payments/import', old);
  const refund = await owner.api.post('/v1/refunds', { payment: imported.string('/id') });
  // Port 9 takes nothing: the delivery stays in the log as it is.
  const endpoint = await owner.api.post('/v1/webhook_endpoints', { url: 'http://127.0.0.1:9/' });
  tellPayment(house, paid.string('/id'), 1, 'unknown');
  const attention = await waitFor(
    'attention',
    async () => (await owner.api.get('/v1/attention')).list()[0]?.['id'] ?? undefined,
  );
  const [delivery] = (await owner.api.get('/v1/webhook_deliveries')).list();
  ids = {
    tenant: owner.tenant,
    organization: owner.organization,
    connection: owner.connection,
    trade_point: owner.tradePoints[0] ?? '',
    desk: desk.string('/id'),
    key: key.string('/id'),
    payment: paid.string('/id'),
    refund: refund.string('/id'),
    attention: String(attention),
    endpoint: endpoint.string('/id'),
    delivery: String(delivery?.['id']),
    event: String(delivery?.['event']),
  };
});
afterAll(() => house.close());

/** Every route that names something of a tenant in its path, with a body that would do. `{x}` is the owner's x. */
const ROUTES: readonly [method: string, path: string, body?: object][] = [
  ['POST', '/v1/tenants/{tenant}/api_keys', { mode: 'test', scopes: ['admin'] }],
  ['GET', '/v1/api_keys/{key}'],
  ['POST', '/v1/api_keys/{key}/rotate', {}],
  ['DELETE', '/v1/api_keys/{key}'],
  ['GET', '/v1/organizations/{organization}'],
  ['PATCH', '/v1/organizations/{organization}', { name: 'mine now' }],
  ['POST', '/v1/organizations/{organization}/archive'],
  ['POST', '/v1/organizations/{organization}/restore'],
  ['GET', '/v1/organizations/{organization}/connections'],
  [
    'POST',
    '/v1/organizations/{organization}/connections',
    { provider: PROVIDER.name, scheme: SCHEME, certificate: 'crt_x' },
  ],
  ['GET', '/v1/connections/{connection}'],
  ['PATCH', '/v1/connections/{connection}', { options: {} }],
  ['POST', '/v1/connections/{connection}/verify'],
  ['POST', '/v1/connections/{connection}/disable'],
  ['GET', '/v1/organizations/{organization}/trade_points'],
  ['GET', '/v1/trade_points/{trade_point}'],
  ['POST', '/v1/desks', { organization: '{organization}', desk: 'mine-now' }],
  ['GET', '/v1/desks/{desk}'],
  ['GET', '/v1/desks/desk-of-owner'],
  ['PATCH', '/v1/desks/{desk}', { trade_point: '{trade_point}' }],
  ['DELETE', '/v1/desks/{desk}'],
  ['GET', '/v1/payments/{payment}'],
  ['GET', '/v1/payments/by_key/payment-of-owner'],
  ['POST', '/v1/payments/{payment}/cancel', {}],
  ['GET', '/v1/payments/{payment}/qr.txt'],
  ['GET', '/v1/payments/{payment}/qr.svg'],
  ['GET', '/v1/payments/{payment}/qr.png'],
  ['POST', '/v1/payments/{payment}/refresh'],
  ['POST', '/v1/test/payments/{payment}/scan'],
  [
    'POST',
    '/v1/payments/import',
    {
      organization: '{organization}',
      desk: 'mine-now',
      provider_ref: '1',
      amount: 1,
      currency: PROVIDER.currency,
      method: { type: PROVIDER.methods[0]?.type },
      paid_at: '2026-01-01T00:00:00Z',
    },
  ],
  ['POST', '/v1/payers/lookup', { desk: 'desk-of-owner', phone: '+77011234567' }],
  ['POST', '/v1/refunds', { payment: '{payment}' }],
  ['GET', '/v1/refunds/{refund}'],
  ['POST', '/v1/refunds/{refund}/choose', { purchase: 'of-owner' }],
  ['POST', '/v1/refunds/{refund}/cancel', {}],
  ['GET', '/v1/refunds/{refund}/qr.txt'],
  ['GET', '/v1/refunds/{refund}/qr.svg'],
  ['GET', '/v1/refunds/{refund}/qr.png'],
  ['GET', '/v1/attention/{attention}'],
  ['POST', '/v1/attention/{attention}/resolve', { outcome: 'succeeded', reason: 'It is mine now' }],
  ['GET', '/v1/events/{event}'],
  ['GET', '/v1/webhook_endpoints/{endpoint}'],
  ['PATCH', '/v1/webhook_endpoints/{endpoint}', { disabled: true }],
  ['DELETE', '/v1/webhook_endpoints/{endpoint}'],
  ['POST', '/v1/webhook_endpoints/{endpoint}/rotate_secret', {}],
  ['POST', '/v1/webhook_endpoints/{endpoint}/test'],
  ['GET', '/v1/webhook_deliveries/{delivery}'],
];
/** Routes that name nothing of a tenant in their path: lists, creations, the operator's own, the open ones. */
const NAME_NOTHING = [
  'GET /openapi.json',
  'GET /docs',
  'GET /v1/audit_log',
  'GET /v1/api_keys',
  'POST /v1/organizations',
  'GET /v1/organizations',
  'GET /v1/desks',
  'POST /v1/desks/batch',
  'POST /v1/organizations/bulk',
  'POST /v1/payments',
  'GET /v1/payments',
  'POST /v1/payments/cancel_by_key',
  'GET /v1/refunds',
  'GET /v1/attention',
  'GET /v1/events',
  'POST /v1/webhook_endpoints',
  'GET /v1/webhook_endpoints',
  'GET /v1/webhook_deliveries',
];

function fill(text: string): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');
}

describe('another tenant’s things', () => {
  it('are all in the table: every route is in it or names nothing of a tenant', async () => {
    const document = (await house.api(null).get('/openapi.json')).at('/paths') as Record<string, object>;
    const listed = ROUTES.map(([method, path]) => patternOf(`${method} ${path}`));
    const open = Object.entries(document)
      .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))
      .filter((route) => !listed.includes(patternOf(route)) && !NAME_NOTHING.includes(route))
      .filter((route) => !/^\w+ \/v1\/(tenants|certificates)/.test(route));
    expect(open).toEqual([]);
  });

  it.each(ROUTES.map(([method, path, body]) => ({ method, path, body })))(
    '$method $path answers 404, as if they did not exist',
    async ({ method, path, body }) => {
      const text = body === undefined ? undefined : fill(JSON.stringify(body));
      const headers = { 'idempotency-key': house.nextKey() };
      const before = await everything();
      const foreign = await stranger.api.send(method, fill(path), text, headers);
      const unknown = await stranger.api.send(
        method,
        fill(path)
          .replaceAll(/_[0-9a-z]{26}/g, `_${'0'.repeat(26)}`)
          .replace('of-owner', 'of-nobody'),
        text,
        {
          'idempotency-key': house.nextKey(),
        },
      );
      const answer = (reply: typeof foreign) => ({ ...reply.body, request_id: null, status: reply.status });
      expect(foreign).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect(answer(foreign)).toEqual(answer(unknown));
      expect(await everything()).toEqual(before);
    },
  );

  it('are in no list', async () => {
    for (const path of [
      '/v1/organizations',
      '/v1/desks',
      '/v1/api_keys',
      '/v1/payments',
      '/v1/refunds',
      `/v1/refunds?payment=${ids['payment']}`,
      '/v1/audit_log',
      '/v1/attention',
      `/v1/attention?organization=${owner.organization}`,
      `/v1/attention?payment=${ids['payment']}`,
      `/v1/desks?organization=${owner.organization}`,
      '/v1/events',
      `/v1/events?subject=${ids['payment']}`,
      '/v1/webhook_endpoints',
      '/v1/webhook_deliveries',
      `/v1/webhook_deliveries?endpoint=${ids['endpoint']}`,
    ]) {
      const { status, text } = await stranger.api.get(path);
      expect(status).toBe(200);
      for (const id of Object.values(ids)) expect(text).not.toContain(id);
    }
  });

  it('cannot be reached by naming them in a body', async () => {
    const key = await stranger.api.post(`/v1/tenants/${stranger.tenant}/api_keys`, {
      mode: 'test',
      scopes: ['admin'],
      organizations: [owner.organization],
    });
    expect(key).toMatchObject({ status: 422, body: { code: 'organization_unknown' } });
    const desk = await stranger.api.post('/v1/desks', {
      organization: stranger.organization,
      desk: 'd',
      trade_point: owner.tradePoints[0],
    });
    expect(desk).toMatchObject({ status: 422, body: { code: 'trade_point_unknown' } });
    const connection = await stranger.api.patch(`/v1/connections/${stranger.connection}`, {
      certificate: owner.certificate,
    });
    expect(connection).toMatchObject({ status: 403, body: { code: 'tax_id_not_granted' } });
  });
});

/** `GET /v1/desks/{desk}` and `GET /v1/desks/desk-of-owner` are one pattern. */
function patternOf(route: string): string {
  return route
    .replaceAll(/\{\w+\}/g, '{}')
    .replace('desk-of-owner', '{}')
    .replace('payment-of-owner', '{}')
    .replace('scan', '{}');
}

/** The owner's rows, so that a spec sees that a refused call has changed nothing. */
async function everything(): Promise<unknown> {
  return house.rows(
    `SELECT (SELECT jsonb_agg(o ORDER BY o.id) FROM organization o) AS organizations, (SELECT jsonb_agg(c ORDER BY c.id) FROM connection c) AS connections,
            (SELECT jsonb_agg(d ORDER BY d.id) FROM desk d) AS desks, (SELECT jsonb_agg(k.revoked_at ORDER BY k.id) FROM api_key k) AS keys,
            (SELECT jsonb_agg(p ORDER BY p.id) FROM payment p) AS payments, (SELECT jsonb_agg(a ORDER BY a.id) FROM attention a) AS attention,
            (SELECT jsonb_agg(r ORDER BY r.id) FROM refund r) AS refunds,
            (SELECT jsonb_agg(w.id ORDER BY w.id) FROM webhook_endpoint w WHERE w.enabled) AS endpoints, (SELECT count(*) FROM event) AS events`,
  );
}
