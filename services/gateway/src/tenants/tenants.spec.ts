import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayHarness } from '../test/gateway-harness.ts';

let house: GatewayHarness;
beforeAll(async () => {
  house = await GatewayHarness.start();
});
afterAll(() => house.close());

describe('a tenant', () => {
  it('comes with its first key, for test mode, that may do everything', async () => {
    const made = await house.operator.post('/v1/tenants', { name: '  Small Shops LLP ' });
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^ten_[0-9a-z]{26}$/),
        object: 'tenant',
        name: 'Small Shops LLP',
        status: 'active',
        api_key: { id: expect.stringMatching(/^key_/), secret: expect.stringMatching(/^tlm_test_/), mode: 'test' },
      },
    });
    const [key] = (await house.api(made.string('/api_key/secret')).get('/v1/api_keys')).list();
    expect(key).toMatchObject({ id: made.at('/api_key/id'), scopes: ['admin'] });
    expect(await house.operator.get(`/v1/tenants/${made.string('/id')}`)).toMatchObject({
      status: 200,
      body: { name: 'Small Shops LLP' },
    });
  });

  it.each([
    ['no name', {}],
    ['an empty name', { name: '  ' }],
    ['a number for a name', { name: 7 }],
    ['an unknown field', { name: 'Chain', plan: 'gold' }],
  ])('is not made from %s', async (_, body) => {
    expect(await house.operator.post('/v1/tenants', body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });

  it('leaves late money to a person until the operator says otherwise', async () => {
    const { tenant, api } = await house.tenant();
    const path = `/v1/tenants/${tenant}`;
    expect((await house.operator.get(path)).at('/late_policy')).toBe('person');
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await house.operator.patch(path, { late_policy: 'keep' })).toMatchObject({
        status: 200,
        body: { id: tenant, late_policy: 'keep' },
      });
    }
    expect((await house.operator.get(path)).at('/late_policy')).toBe('keep');
    const entries = (await api.get('/v1/audit_log')).list().filter((entry) => entry['action'] === 'tenant.update');
    expect(entries).toEqual([expect.objectContaining({ subject: tenant, detail: { late_policy: 'keep' } })]);
  });

  it('may have late money refunded by itself, and knows no other policies', async () => {
    const { tenant, api } = await house.tenant();
    expect(await house.operator.patch(`/v1/tenants/${tenant}`, { late_policy: 'refund' })).toMatchObject({
      status: 200,
      body: { late_policy: 'refund' },
    });
    expect((await house.operator.get(`/v1/tenants/${tenant}`)).at('/late_policy')).toBe('refund');
    for (const body of [{}, { late_policy: 'burn' }, { late_policy: 'keep', name: 'x' }])
      expect((await house.operator.patch(`/v1/tenants/${tenant}`, body)).status).toBe(400);
    expect((await api.patch(`/v1/tenants/${tenant}`, { late_policy: 'keep' })).status).toBe(403);
  });

  it('that does not exist is not found', async () => {
    for (const id of ['ten_00000000000000000000000000', 'ten_x', 'org_00000000000000000000000000', '%00']) {
      expect((await house.operator.get(`/v1/tenants/${id}`)).status).toBe(404);
      expect((await house.operator.post(`/v1/tenants/${id}/suspend`)).status).toBe(404);
      expect((await house.operator.patch(`/v1/tenants/${id}`, { late_policy: 'keep' })).status).toBe(404);
      expect(
        (await house.operator.post(`/v1/tenants/${id}/api_keys`, { mode: 'test', scopes: ['admin'] })).status,
      ).toBe(404);
    }
  });
});
