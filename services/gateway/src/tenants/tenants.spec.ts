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

  it('that does not exist is not found', async () => {
    for (const id of ['ten_00000000000000000000000000', 'ten_x', 'org_00000000000000000000000000', '%00']) {
      expect((await house.operator.get(`/v1/tenants/${id}`)).status).toBe(404);
      expect((await house.operator.post(`/v1/tenants/${id}/suspend`)).status).toBe(404);
      expect(
        (await house.operator.post(`/v1/tenants/${id}/api_keys`, { mode: 'test', scopes: ['admin'] })).status,
      ).toBe(404);
    }
  });
});
