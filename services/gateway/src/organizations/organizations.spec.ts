import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../test/api-client.ts';
import { GatewayHarness } from '../test/gateway-harness.ts';
import { binOf } from '../test/tax-ids.ts';

let house: GatewayHarness;
let api: ApiClient;
beforeAll(async () => {
  house = await GatewayHarness.start();
  api = (await house.tenant()).api;
});
afterAll(() => house.close());

const BIN = binOf(900);

function body(more: object = {}): object {
  return { country: 'KZ', tax_id: BIN, name: 'Small Shops LLP', ...more };
}

describe('an organization', () => {
  it('is made by country, tax id and name, with a largest amount of 1 000 000.00', async () => {
    const made = await api.post('/v1/organizations', body({ tax_id: ` ${binOf(901)} ` }));
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^org_[0-9a-z]{26}$/),
        object: 'organization',
        country: 'KZ',
        tax_id: binOf(901),
        tax_id_kind: 'BIN',
        timezone: 'Asia/Almaty',
        max_amount: 100_000_000,
        currency: 'KZT',
        status: 'active',
      },
    });
    expect((await api.get(`/v1/organizations/${made.string('/id')}`)).body).toEqual(made.body);
  });

  it('of Russia has an INN, roubles and its own time zone', async () => {
    expect(await api.post('/v1/organizations', body({ country: 'RU', tax_id: '7707083893' }))).toMatchObject({
      status: 201,
      body: { tax_id_kind: 'LEGAL_ENTITY', currency: 'RUB', timezone: 'Europe/Moscow' },
    });
  });

  it.each([
    ['KZ', '26014100001', 'FORMAT'],
    ['KZ', '26014100001x', 'FORMAT'],
    ['KZ', '000000000000', 'FORMAT'],
    ['KZ', `${BIN.slice(0, 11)}${(Number(BIN[11]) + 1) % 10}`, 'CONTROL_DIGIT'],
    ['RU', '7707083894', 'CONTROL_DIGIT'],
    ['RU', BIN.slice(0, 11), 'FORMAT'],
  ])('of %s is not made with the tax id %s (%s)', async (country, taxId, reason) => {
    expect(await api.post('/v1/organizations', body({ country, tax_id: taxId }))).toMatchObject({
      status: 422,
      body: {
        code: 'tax_id_invalid',
        reason,
        detail: expect.stringMatching(/\w+ .+\./),
        errors: [{ pointer: '/tax_id' }],
      },
    });
  });

  it.each([
    ['a float amount', { max_amount: 100.5 }, '/max_amount'],
    ['an amount of zero', { max_amount: 0 }, '/max_amount'],
    ['an amount as text', { max_amount: '100' }, '/max_amount'],
    ['a number beyond 2^53', { max_amount: 2 ** 54 }, '/max_amount'],
    ['another country', { country: 'US' }, '/country'],
    ['no such time zone', { timezone: 'Mars/Olympus' }, '/timezone'],
    ['an unknown field', { bin: BIN }, '/bin'],
    ['a date for a number', { max_amount: '2026-11-22' }, '/max_amount'],
    ['a number for a tax id', { tax_id: 260141000010 }, '/tax_id'],
  ])('is not made with %s', async (_, more, pointer) => {
    expect(await api.post('/v1/organizations', body(more))).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ pointer }] },
    });
  });

  it('exists once per tenant and mode: the second is refused with the id of the first', async () => {
    const first = await api.post('/v1/organizations', body({ tax_id: binOf(902) }));
    expect(await api.post('/v1/organizations', body({ tax_id: binOf(902), name: 'Again' }))).toMatchObject({
      status: 409,
      body: { code: 'organization_exists', organization: { id: first.at('/id') } },
    });
    const other = (await house.tenant()).api;
    expect((await other.post('/v1/organizations', body({ tax_id: binOf(902) }))).status).toBe(201);
  });

  it('changes name, time zone and largest amount, and nothing else', async () => {
    const path = `/v1/organizations/${(await house.organization(api)).organization}`;
    expect(await api.patch(path, { name: 'Renamed', max_amount: 200_000_000, timezone: 'Asia/Oral' })).toMatchObject({
      status: 200,
      body: { name: 'Renamed', max_amount: 200_000_000, timezone: 'Asia/Oral' },
    });
    expect((await api.patch(path, { tax_id: BIN })).status).toBe(400);
    expect((await api.patch(path, { max_amount: 1.5 })).status).toBe(400);
    expect((await api.patch(path, {})).status).toBe(400);
    expect(await api.get(path)).toMatchObject({ body: { name: 'Renamed', max_amount: 200_000_000 } });
  });

  it('is archived and restored, and found by its status and tax id', async () => {
    const { organization, taxId } = await house.organization(api);
    const find = async (query: string) => (await api.get(`/v1/organizations?tax_id=${taxId}${query}`)).list().length;
    expect(await api.post(`/v1/organizations/${organization}/archive`)).toMatchObject({
      status: 200,
      body: { status: 'archived' },
    });
    expect([await find(''), await find('&status=active'), await find('&status=archived')]).toEqual([1, 0, 1]);
    expect(await api.post(`/v1/organizations/${organization}/restore`)).toMatchObject({
      status: 200,
      body: { status: 'active' },
    });
    expect(await find('&status=active')).toBe(1);
  });
});
