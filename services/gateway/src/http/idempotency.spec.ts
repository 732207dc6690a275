import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GatewayHarness } from '../test/gateway-harness.ts';
import { fingerprint } from './attempt.ts';

let house: GatewayHarness;
beforeAll(async () => {
  house = await GatewayHarness.start();
});
afterAll(() => house.close());

describe('the Idempotency-Key of a POST that creates', () => {
  it('is required and must be short printable ASCII', async () => {
    const post = (key: string) => house.operator.post('/v1/tenants', { name: 'Chain' }, { 'idempotency-key': key });
    expect(await post('')).toMatchObject({
      status: 400,
      body: { code: 'idempotency_key_required', errors: [{ pointer: 'Idempotency-Key' }] },
    });
    expect(await post('x'.repeat(256))).toMatchObject({ status: 400, body: { code: 'idempotency_key_invalid' } });
    expect(await post('caf\u00e9')).toMatchObject({ status: 400, body: { code: 'idempotency_key_invalid' } });
    expect((await post('x'.repeat(255))).status).toBe(201);
  });

  it('makes one resource of twenty requests at once; one is answered 201, nineteen attach with 200', async () => {
    const headers = { 'idempotency-key': 'twenty' };
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => house.operator.post('/v1/tenants', { name: 'Twenty' }, headers)),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([...Array<number>(19).fill(200), 201]);
    expect(new Set(replies.map((reply) => reply.at('/id'))).size).toBe(1);
    expect(replies.filter((reply) => reply.at('/api_key/secret') !== null)).toHaveLength(1);
    for (const reply of replies)
      expect(reply.headers.get('idempotent-replayed')).toBe(reply.status === 200 ? 'true' : null);
    expect(await house.rows(`SELECT id FROM tenant WHERE name = 'Twenty'`)).toHaveLength(1);
  });

  it('answers a repeat with the state of now, not with the answer of then', async () => {
    const headers = { 'idempotency-key': 'state-of-now' };
    const first = await house.operator.post('/v1/tenants', { name: 'Chain' }, headers);
    await house.operator.post(`/v1/tenants/${first.string('/id')}/suspend`);
    expect(await house.operator.post('/v1/tenants', { name: 'Chain' }, headers)).toMatchObject({
      status: 200,
      body: { id: first.at('/id'), status: 'suspended' },
    });
  });

  it('with another body is refused and changes nothing', async () => {
    const headers = { 'idempotency-key': 'other-body' };
    await house.operator.post('/v1/tenants', { name: 'One' }, headers);
    expect(await house.operator.post('/v1/tenants', { name: 'Other' }, headers)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused', retryable: false },
    });
    expect(await house.rows(`SELECT id FROM tenant WHERE name = 'Other'`)).toEqual([]);
  });

  it('on another path of the same route is refused, on another route and for another tenant it is another key', async () => {
    const headers = { 'idempotency-key': 'paths' };
    const one = await house.tenant();
    const other = await house.tenant();
    const body = { mode: 'test', scopes: ['admin'] };
    const post = (tenant: string, key = headers) => house.operator.post(`/v1/tenants/${tenant}/api_keys`, body, key);
    expect((await post(one.tenant)).status).toBe(201);
    expect((await post(other.tenant)).status).toBe(422);
    expect((await house.operator.post('/v1/tenants', { name: 'Chain' }, headers)).status).toBe(201);
    expect((await one.api.post(`/v1/tenants/${one.tenant}/api_keys`, body, headers)).status).toBe(201);
    expect((await other.api.post(`/v1/tenants/${other.tenant}/api_keys`, body, headers)).status).toBe(201);
  });

  it('is free again when its request was refused', async () => {
    const headers = { 'idempotency-key': 'refused-first' };
    const { tenant, api } = await house.tenant();
    const strange = { mode: 'test', scopes: ['admin'], organizations: ['org_00000000000000000000000000'] };
    expect((await api.post(`/v1/tenants/${tenant}/api_keys`, strange, headers)).status).toBe(422);
    expect(
      (await api.post(`/v1/tenants/${tenant}/api_keys`, { mode: 'test', scopes: ['admin'] }, headers)).status,
    ).toBe(201);
  });
});

describe('the fingerprint of a request', () => {
  it('is the same whatever the order of members, and another for any other value or path', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const turned = Object.fromEntries(Object.entries(body).reverse());
        expect(fingerprint('/p', turned).equals(fingerprint('/p', body))).toBe(true);
        expect(fingerprint('/p', { ...body, more: 1 }).equals(fingerprint('/p', { ...body, more: '1' }))).toBe(false);
        expect(fingerprint('/q', body).equals(fingerprint('/p', body))).toBe(false);
      }),
    );
  });
});
