import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { connectionPut, connectionVerify } from '@tolem/contracts';
import { BASE_URL, GatewayHarness, PROVIDER, SCHEME } from '../test/gateway-harness.ts';
import type { ApiClient, Reply } from '../test/api-client.ts';

let house: GatewayHarness;
let certificate: string;
beforeAll(async () => {
  house = await GatewayHarness.start();
  certificate = await house.certificate();
});
afterAll(() => house.close());

interface Ready {
  readonly tenant: string;
  readonly api: ApiClient;
  readonly organization: string;
  readonly taxId: string;
}

/** A tenant with an organization that may be connected under the shared certificate. */
async function ready(more: Readonly<Record<string, unknown>> = {}): Promise<Ready> {
  const { tenant, api } = await house.tenant();
  const { organization, taxId } = await house.organization(api, more);
  if (more['country'] === undefined) await house.grant(certificate, tenant, [taxId]);
  return { tenant, api, organization, taxId };
}

function connect(
  { api, organization }: Pick<Ready, 'api' | 'organization'>,
  more: object = {},
  headers = {},
): Promise<Reply> {
  return api.post(
    `/v1/organizations/${organization}/connections`,
    { provider: PROVIDER.name, scheme: SCHEME, certificate, ...more },
    headers,
  );
}

describe('connecting an organization', () => {
  it('answers at once, tells the provider’s service the settings and asks it to verify, each once', async () => {
    const shop = await ready();
    const headers = {
      'idempotency-key': 'connect-once',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    };
    const made = await connect(shop, { options: { city: 'Almaty' } }, headers);
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^con_/),
        object: 'connection',
        organization: shop.organization,
        provider: PROVIDER.name,
        scheme: SCHEME,
        certificate,
        base_url: BASE_URL,
        mode: 'test',
        status: 'verifying',
        reason: null,
        version: 1,
        checked_at: null,
      },
    });
    expect(await connect(shop, { options: { city: 'Almaty' } }, headers)).toMatchObject({
      status: 200,
      body: { id: made.at('/id') },
    });
    const id = made.string('/id');
    const [verify] = await house.waitForCommands(connectionVerify.type, 1, (command) => command.subject === id);
    const sent = house.commands.filter((command) => command.subject === id);
    expect(sent.map((command) => command.type)).toEqual([connectionPut.type, connectionVerify.type]);
    expect(connectionPut.produce.parse(sent[0]?.body)).toEqual({
      op_id: `${id}.put.1`,
      subject_id: id,
      connection_id: id,
      connection_version: 1,
      device_id: null,
      lane: id,
      base_url: BASE_URL,
      scheme: SCHEME,
      tax_id: shop.taxId,
      credential_id: certificate,
      options: { city: 'Almaty' },
      enabled: true,
    });
    expect(connectionVerify.produce.parse(verify?.body)).toMatchObject({
      op_id: `${id}.verify.1.1`,
      connection_version: 1,
    });
    expect(verify).toMatchObject({
      tenant: shop.tenant,
      mode: 'test',
      key: id,
      source: 'gateway',
      traceparent: expect.stringContaining('4bf92f3577b34da6a3ce929d0e0e4736'),
    });
  });

  it('is refused for a tax id that this tenant was not granted, as for a certificate that does not exist', async () => {
    const owner = await ready();
    const stranger = await ready();
    // The same company in two tenants: only the one with the grant may act for it.
    const copy = await stranger.api.post('/v1/organizations', { country: 'KZ', tax_id: owner.taxId, name: 'copy' });
    const refused = await connect({ api: stranger.api, organization: copy.string('/id') });
    expect(refused).toMatchObject({ status: 403, body: { code: 'tax_id_not_granted' } });
    for (const unknown of ['crt_00000000000000000000000000', 'crt_x']) {
      const reply = await connect(owner, { certificate: unknown });
      expect(reply).toMatchObject({ status: 403, body: { code: 'tax_id_not_granted' } });
    }
    expect((await connect(owner)).status).toBe(201);
  });

  it.each([
    ['an unknown provider', { provider: 'smartpay' }, 422, 'provider_not_available'],
    ['an unknown scheme', { scheme: 'r9' }, 422, 'scheme_not_available'],
    ['no certificate', { certificate: undefined }, 422, 'certificate_required'],
    ['an address that is not configured here', { base_url: 'https://attacker.test' }, 422, 'base_url_not_allowed'],
    ['options that are no texts or numbers', { options: { a: { b: 1 } } }, 400, 'invalid_request'],
    ['an unknown field', { token: 'x' }, 400, 'invalid_request'],
  ])('is refused with %s', async (_, more, status, code) => {
    expect(await connect(await ready(), more)).toMatchObject({ status, body: { code } });
  });

  it('takes the configured address when it is named', async () => {
    expect(await connect(await ready(), { base_url: `${BASE_URL}/` })).toMatchObject({
      status: 201,
      body: { base_url: BASE_URL },
    });
  });

  it('is refused for a country that the provider does not work in', async () => {
    const russian = await ready({ country: 'RU', tax_id: '7707083893' });
    expect(await connect(russian)).toMatchObject({ status: 422, body: { code: 'provider_country_mismatch' } });
  });

  it('is refused for an archived organization', async () => {
    const shop = await ready();
    await shop.api.post(`/v1/organizations/${shop.organization}/archive`);
    expect(await connect(shop)).toMatchObject({ status: 422, body: { code: 'organization_archived' } });
  });

  it('happens once per provider: the second is refused with the id of the first, five at once make one', async () => {
    const shop = await ready();
    const replies = await Promise.all([1, 2, 3, 4, 5].map(() => connect(shop)));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const made = replies.find(({ status }) => status === 201);
    expect(await connect(shop)).toMatchObject({
      status: 409,
      body: { code: 'connection_exists', connection: { id: made?.at('/id') } },
    });
  });

  it('leaves nothing behind when it is refused: no row, no message', async () => {
    const shop = await ready();
    // Rows of earlier connections go in batches, a moment after their messages were handled.
    await waitFor('an empty outbox', async () => (await house.rows('SELECT 1 FROM outbox')).length === 0);
    const before = house.commands.length;
    await connect(shop, { scheme: 'r9' });
    expect(await house.rows('SELECT 1 FROM outbox')).toEqual([]);
    expect((await shop.api.get(`/v1/organizations/${shop.organization}/connections`)).list()).toEqual([]);
    expect(house.commands).toHaveLength(before);
  });
});

describe('changing a connection', () => {
  it('raises its version and tells and asks again', async () => {
    const shop = await ready();
    const id = (await connect(shop)).string('/id');
    const changed = await shop.api.patch(`/v1/connections/${id}`, { options: { city: 'Oral' } });
    expect(changed).toMatchObject({
      status: 200,
      body: { version: 2, status: 'verifying', options: { city: 'Oral' }, certificate },
    });
    const puts = await house.waitForCommands(connectionPut.type, 2, (command) => command.subject === id);
    expect(puts[1]?.body).toMatchObject({ op_id: `${id}.put.2`, connection_version: 2, options: { city: 'Oral' } });
    const verifies = await house.waitForCommands(connectionVerify.type, 2, (command) => command.subject === id);
    expect(verifies[1]?.body).toMatchObject({ op_id: `${id}.verify.2.2` });
  });

  it('to a certificate without a grant is refused', async () => {
    const shop = await ready();
    const id = (await connect(shop)).string('/id');
    const other = await house.certificate();
    expect(await shop.api.patch(`/v1/connections/${id}`, { certificate: other })).toMatchObject({
      status: 403,
      body: { code: 'tax_id_not_granted' },
    });
    await house.grant(other, shop.tenant, [shop.taxId]);
    expect(await shop.api.patch(`/v1/connections/${id}`, { certificate: other })).toMatchObject({
      status: 200,
      body: { certificate: other, version: 2 },
    });
  });

  it('by verify asks again under an operation of its own', async () => {
    const shop = await ready();
    const id = (await connect(shop)).string('/id');
    expect(await shop.api.post(`/v1/connections/${id}/verify`)).toMatchObject({
      status: 200,
      body: { version: 1, status: 'verifying' },
    });
    const verifies = await house.waitForCommands(connectionVerify.type, 2, (command) => command.subject === id);
    expect(verifies.map((command) => (command.body as { op_id: string }).op_id)).toEqual([
      `${id}.verify.1.1`,
      `${id}.verify.1.2`,
    ]);
  });

  it('by disable ends it for good and makes room for another', async () => {
    const shop = await ready();
    const id = (await connect(shop)).string('/id');
    expect(await shop.api.post(`/v1/connections/${id}/disable`)).toMatchObject({
      status: 200,
      body: { status: 'disabled', version: 2 },
    });
    const puts = await house.waitForCommands(connectionPut.type, 2, (command) => command.subject === id);
    expect(puts[1]?.body).toMatchObject({ connection_version: 2, enabled: false });
    for (const reply of [
      await shop.api.post(`/v1/connections/${id}/disable`),
      await shop.api.post(`/v1/connections/${id}/verify`),
      await shop.api.patch(`/v1/connections/${id}`, { options: {} }),
    ]) {
      expect(reply).toMatchObject({ status: 409, body: { code: 'connection_disabled' } });
    }
    expect((await connect(shop)).status).toBe(201);
    expect((await shop.api.get(`/v1/organizations/${shop.organization}/connections`)).list()).toHaveLength(2);
  });

  it('that loses its grant is disabled, and its provider’s service told', async () => {
    const shop = await ready();
    const id = (await connect(shop)).string('/id');
    await house.grant(certificate, shop.tenant, []);
    expect(await shop.api.get(`/v1/connections/${id}`)).toMatchObject({ body: { status: 'disabled', version: 2 } });
    const puts = await house.waitForCommands(connectionPut.type, 2, (command) => command.subject === id);
    expect(puts[1]?.body).toMatchObject({ enabled: false, connection_version: 2, tax_id: shop.taxId });
  });
});
