import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock, uuidFromId } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { GatewayHarness } from '../test/gateway-harness.ts';
import { makeApiKey } from './api-key-text.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 22, 12));
let house: GatewayHarness;
beforeAll(async () => {
  house = await GatewayHarness.start({ clock });
});
afterAll(() => house.close());

const MINUTE_MS = 60_000;
const KNOWN_FOR_MS = 5_000;
const call = (key: string | null) => house.api(key).get('/v1/organizations');

async function anotherKey(tenant: string, body: object): Promise<{ id: string; key: string }> {
  const reply = await house.operator.post(`/v1/tenants/${tenant}/api_keys`, {
    mode: 'test',
    scopes: ['admin'],
    ...body,
  });
  expect(reply.status).toBe(201);
  return { id: reply.string('/id'), key: reply.string('/secret') };
}

describe('a request without a valid key', () => {
  it('is 401 with a challenge, whatever is wrong', async () => {
    const { key } = await house.tenant();
    const stranger = makeApiKey('test', house.ids.uuid(), randomBytes).text;
    const sameIdOtherSecret = makeApiKey('test', uuidOf(key), randomBytes).text;
    for (const [wrong, code] of [
      [null, 'authentication_required'],
      [`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`, 'invalid_api_key'],
      [stranger, 'invalid_api_key'],
      [sameIdOtherSecret, 'invalid_api_key'],
      ['tlm_op_0000000000000000000000000000000000000000000000000000', 'invalid_api_key'],
      ['x', 'invalid_api_key'],
    ] as const) {
      const reply = await call(wrong);
      expect({ wrong, status: reply.status, code: reply.at('/code') }).toEqual({ wrong, status: 401, code });
      expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    const basic = await house.api(null).get('/v1/organizations', { authorization: 'Basic dXNlcjpwYXNz' });
    expect(basic.at('/code')).toBe('authentication_required');
  });

  it('is refused by its checksum without a query, so that typing does not cost the database', async () => {
    let queries = 0;
    const stop = house.gateway.workerDatabase.onRoundTrip((sql) => (queries += /api_key/.test(sql) ? 1 : 0));
    await call(`tlm_test_${'0'.repeat(72)}`);
    expect(queries).toBe(0);
    await call(makeApiKey('test', house.ids.uuid(), randomBytes).text);
    expect(queries).toBe(1);
    stop();
  });
});

/** UUID behind the 26 characters that a key's text or id carries. */
function uuidOf(text: string): string {
  const characters = text.startsWith('tlm_') ? text.split('_')[2]?.slice(0, 26) : text.slice('key_'.length);
  const uuid = uuidFromId('key', `key_${characters ?? ''}`);
  if (uuid === undefined) throw new Error('no key');
  return uuid;
}

describe('a valid key', () => {
  it('is looked up once in five seconds, not with every request', async () => {
    const { key } = await house.tenant();
    let queries = 0;
    const stop = house.gateway.workerDatabase.onRoundTrip((sql) => (queries += /FROM api_key k/.test(sql) ? 1 : 0));
    for (let n = 0; n < 5; n += 1) expect((await call(key)).status).toBe(200);
    expect(queries).toBe(1);
    clock.advance(KNOWN_FOR_MS + 1);
    expect((await call(key)).status).toBe(200);
    expect(queries).toBe(2);
    stop();
  });

  it('needs the scope of the call and is told which', async () => {
    const { tenant } = await house.tenant();
    const { key } = await anotherKey(tenant, { scopes: ['payments:write'] });
    const api = house.api(key);
    expect((await api.get('/v1/organizations')).status).toBe(200);
    const refused = await api.post('/v1/organizations', { country: 'KZ', tax_id: '1', name: 'x' });
    expect(refused).toMatchObject({ status: 403, body: { code: 'scope_missing', scope: 'organizations:write' } });
    expect((await api.get('/v1/api_keys')).at('/scope')).toBe('admin');
  });

  it('does not reach what is the operator’s, nor the operator what is a tenant’s', async () => {
    const { api } = await house.tenant();
    expect(await api.get('/v1/tenants')).toMatchObject({ status: 403, body: { code: 'operator_key_required' } });
    expect(await api.post('/v1/tenants', {})).toMatchObject({ status: 403, body: { code: 'operator_key_required' } });
    expect(await house.operator.get('/v1/organizations')).toMatchObject({
      status: 403,
      body: { code: 'tenant_key_required' },
    });
  });

  it('works only from its addresses', async () => {
    const { tenant } = await house.tenant();
    const here = await anotherKey(tenant, { ips: ['127.0.0.0/8'] });
    const elsewhere = await anotherKey(tenant, { ips: ['192.0.2.0/24', '2001:db8::1'] });
    expect((await call(here.key)).status).toBe(200);
    expect(await call(elsewhere.key)).toMatchObject({ status: 403, body: { code: 'ip_not_allowed' } });
  });

  it('is dead from its expiry on', async () => {
    const { tenant } = await house.tenant();
    const { key } = await anotherKey(tenant, { expires_at: new Date(clock.now() + MINUTE_MS).toISOString() });
    expect((await call(key)).status).toBe(200);
    clock.advance(MINUTE_MS);
    expect(await call(key)).toMatchObject({ status: 401, body: { code: 'invalid_api_key' } });
  });

  it('is dead at once where it was revoked, and within five seconds where only the database knows', async () => {
    const { tenant, api } = await house.tenant();
    const { id, key } = await anotherKey(tenant, {});
    const other = await anotherKey(tenant, {});
    expect((await call(key)).status).toBe(200);
    expect((await call(other.key)).status).toBe(200);
    expect(await api.delete(`/v1/api_keys/${id}`)).toMatchObject({ status: 200, body: { status: 'revoked' } });
    expect((await call(key)).status).toBe(401);
    await call(other.key);
    await house.rows(`UPDATE api_key SET revoked_at = $1 WHERE id = $2`, [new Date(clock.now()), uuidOf(other.id)]);
    clock.advance(KNOWN_FOR_MS + 1);
    expect((await call(other.key)).status).toBe(401);
  });

  it('is refused while its tenant is suspended and works again afterwards', async () => {
    const { tenant, key } = await house.tenant();
    expect(await house.operator.post(`/v1/tenants/${tenant}/suspend`)).toMatchObject({
      status: 200,
      body: { status: 'suspended' },
    });
    expect(await call(key)).toMatchObject({ status: 403, body: { code: 'tenant_suspended' } });
    expect(await house.operator.post(`/v1/tenants/${tenant}/resume`)).toMatchObject({
      status: 200,
      body: { status: 'active' },
    });
    expect((await call(key)).status).toBe(200);
  });

  it('shows when it was used last, written at most once a minute', async () => {
    const { api, key } = await house.tenant();
    clock.advance(MINUTE_MS);
    await call(key);
    const seenAt = new Date(clock.now()).toISOString();
    const used = () => api.get('/v1/api_keys').then((reply) => reply.at('/data/0/last_used_at'));
    await waitFor('the first write', async () => (await used()) === seenAt);
    clock.advance(MINUTE_MS / 2);
    let writes = 0;
    const stop = house.gateway.workerDatabase.onRoundTrip(
      (sql) => (writes += /last_used_at/.test(sql) && /UPDATE/.test(sql) ? 1 : 0),
    );
    for (let n = 0; n < 5; n += 1) await call(key);
    expect(writes).toBe(0);
    clock.advance(MINUTE_MS / 2);
    await call(key);
    expect(writes).toBe(1);
    stop();
  });
});
