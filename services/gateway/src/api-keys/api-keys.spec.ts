import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import { GatewayHarness } from '../test/gateway-harness.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 22, 12));
let house: GatewayHarness;
beforeAll(async () => {
  house = await GatewayHarness.start({ clock });
});
afterAll(() => house.close());

const MINUTE_MS = 60_000;

describe('making a key', () => {
  it('shows the secret once: a repeat shows the key without it', async () => {
    const { tenant, api } = await house.tenant();
    const body = { mode: 'test', scopes: ['payments:write', 'payments:write'], name: 'Store server' };
    const headers = { 'idempotency-key': 'key-once' };
    const first = await api.post(`/v1/tenants/${tenant}/api_keys`, body, headers);
    const second = await api.post(`/v1/tenants/${tenant}/api_keys`, body, headers);
    expect(first).toMatchObject({
      status: 201,
      body: { object: 'api_key', tenant, scopes: ['payments:write'], status: 'active', name: 'Store server' },
    });
    expect((await house.api(first.string('/secret')).get('/v1/organizations')).status).toBe(200);
    expect(second).toMatchObject({ status: 200, body: { id: first.at('/id'), secret: null } });
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    const [stored] = await house.rows<{ row: string }>('SELECT k::text AS row FROM api_key k ORDER BY id DESC LIMIT 1');
    expect(stored?.row).not.toContain(first.string('/secret').slice(35, 75));
  });

  it.each([
    ['no scope', { mode: 'test', scopes: [] }, 400],
    ['an unknown scope', { mode: 'test', scopes: ['everything'] }, 400],
    ['no mode', { scopes: ['admin'] }, 400],
    ['a date that is none', { mode: 'test', scopes: ['admin'], expires_at: 'tomorrow' }, 400],
    ['an address that is none', { mode: 'test', scopes: ['admin'], ips: ['10.0.0.0/33'] }, 400],
    ['an organization that is none of the tenant', { mode: 'test', scopes: ['admin'], organizations: ['org_1'] }, 422],
  ])('refuses %s', async (_, body, status) => {
    const { tenant, api } = await house.tenant();
    expect((await api.post(`/v1/tenants/${tenant}/api_keys`, body)).status).toBe(status);
  });

  it('limits a key to its organizations: others are not found, no other can be made', async () => {
    const { tenant, api } = await house.tenant();
    const mine = await house.organization(api);
    const other = await house.organization(api);
    const made = await api.post(`/v1/tenants/${tenant}/api_keys`, {
      mode: 'test',
      scopes: ['admin'],
      organizations: [mine.organization],
    });
    const limited = house.api(made.string('/secret'));
    expect((await limited.get(`/v1/organizations/${mine.organization}`)).status).toBe(200);
    expect((await limited.get(`/v1/organizations/${other.organization}`)).status).toBe(404);
    expect((await limited.get('/v1/organizations')).list().map((row) => row['id'])).toEqual([mine.organization]);
    expect(await limited.post('/v1/organizations', { country: 'KZ', tax_id: '260141000010', name: 'x' })).toMatchObject(
      {
        status: 403,
        body: { code: 'key_is_limited' },
      },
    );
    expect(await limited.post(`/v1/tenants/${tenant}/api_keys`, { mode: 'test', scopes: ['admin'] })).toMatchObject({
      status: 403,
    });
    const [unlimited] = (await api.get('/v1/api_keys')).list().filter((row) => row['organizations'] === null);
    expect(await limited.post(`/v1/api_keys/${String(unlimited?.['id'])}/rotate`)).toMatchObject({
      status: 403,
      body: { code: 'key_is_limited' },
    });
    expect((await limited.post(`/v1/api_keys/${made.string('/id')}/rotate`)).status).toBe(201);
  });

  it('gives a test key no way to a live one', async () => {
    const { tenant, api } = await house.tenant();
    expect(await api.post(`/v1/tenants/${tenant}/api_keys`, { mode: 'live', scopes: ['admin'] })).toMatchObject({
      status: 403,
      body: { code: 'mode_not_allowed' },
    });
    const live = await house.operator.post(`/v1/tenants/${tenant}/api_keys`, { mode: 'live', scopes: ['admin'] });
    expect(live.string('/secret')).toMatch(/^tlm_live_/);
    const id = live.string('/id');
    expect((await api.get(`/v1/api_keys/${id}`)).status).toBe(404);
    expect((await api.post(`/v1/api_keys/${id}/rotate`)).status).toBe(404);
    expect((await api.delete(`/v1/api_keys/${id}`)).status).toBe(404);
    expect((await api.get('/v1/api_keys')).list().map((row) => row['mode'])).toEqual(['test']);
  });

  it('keeps test and live data apart', async () => {
    const { tenant, api } = await house.tenant();
    const { organization, taxId } = await house.organization(api);
    const live = house.api(
      (await house.operator.post(`/v1/tenants/${tenant}/api_keys`, { mode: 'live', scopes: ['admin'] })).string(
        '/secret',
      ),
    );
    expect((await live.get(`/v1/organizations/${organization}`)).status).toBe(404);
    expect((await live.get('/v1/organizations')).list()).toEqual([]);
    expect(
      (await live.post('/v1/organizations', { country: 'KZ', tax_id: taxId, name: 'the same in live mode' })).status,
    ).toBe(201);
  });
});

describe('rotating a key', () => {
  it('lets both work for the overlap, then the successor alone, with the same rights', async () => {
    const { tenant, api } = await house.tenant();
    const old = await api.post(`/v1/tenants/${tenant}/api_keys`, {
      mode: 'test',
      scopes: ['payments:read'],
      ips: ['127.0.0.1'],
    });
    const rotated = await api.post(`/v1/api_keys/${old.string('/id')}/rotate`, { overlap_minutes: 10 });
    expect(rotated).toMatchObject({
      status: 201,
      body: { scopes: ['payments:read'], ips: ['127.0.0.1'], mode: 'test' },
    });
    const status = (key: string) =>
      house
        .api(key)
        .get('/v1/organizations')
        .then((reply) => reply.status);
    clock.advance(9 * MINUTE_MS);
    expect([await status(old.string('/secret')), await status(rotated.string('/secret'))]).toEqual([200, 200]);
    clock.advance(MINUTE_MS);
    expect([await status(old.string('/secret')), await status(rotated.string('/secret'))]).toEqual([401, 200]);
    expect(await api.post(`/v1/api_keys/${old.string('/id')}/rotate`)).toMatchObject({
      status: 409,
      body: { code: 'api_key_revoked' },
    });
  });

  it('without a body gives an hour', async () => {
    const { api } = await house.tenant();
    const [own] = (await api.get('/v1/api_keys')).list();
    await api.post(`/v1/api_keys/${String(own?.['id'])}/rotate`);
    const after = await api.get(`/v1/api_keys/${String(own?.['id'])}`);
    expect(after.at('/revoked_at')).toBe(new Date(clock.now() + 60 * MINUTE_MS).toISOString());
  });
});

describe('the audit log', () => {
  it('tells who did what from where, to the tenant its own and to the operator all, never a secret', async () => {
    const { tenant, api, key } = await house.tenant();
    const made = await api.post(
      `/v1/tenants/${tenant}/api_keys`,
      { mode: 'test', scopes: ['admin'] },
      { 'x-request-id': 'req-audit-1' },
    );
    await house.operator.post(`/v1/tenants/${tenant}/suspend`);
    await house.operator.post(`/v1/tenants/${tenant}/resume`);
    await house.tenant('somebody else');
    const own = await api.get('/v1/audit_log');
    expect(own.list().map((row) => [row['action'], row['actor']])).toEqual([
      ['tenant.resume', 'operator'],
      ['tenant.suspend', 'operator'],
      ['api_key.create', 'api_key'],
      ['tenant.create', 'operator'],
    ]);
    expect(own.list()[2]).toMatchObject({
      subject: made.at('/id'),
      tenant,
      ip: '127.0.0.1',
      request_id: 'req-audit-1',
      mode: 'test',
    });
    expect(own.text).not.toContain(key);
    expect(own.text).not.toContain(made.string('/secret'));
    expect((await house.operator.get('/v1/audit_log?limit=1')).list()).toMatchObject([{ action: 'tenant.create' }]);
  });

  it('can be changed or deleted by no role of the running service', async () => {
    const grants = await house.rows(
      `SELECT privilege_type FROM information_schema.role_table_grants
        WHERE table_schema = 'gateway' AND table_name = 'audit_log' AND grantee IN ('tolem_gateway', 'tolem_gateway_worker')
          AND privilege_type NOT IN ('SELECT', 'INSERT')`,
    );
    expect(grants).toEqual([]);
    for (const database of [house.gateway.appDatabase, house.gateway.workerDatabase]) {
      await expect(database.query(`UPDATE audit_log SET action = 'x'`)).rejects.toThrow(/permission denied/);
      await expect(database.query('DELETE FROM audit_log')).rejects.toThrow(/permission denied/);
    }
  });
});
