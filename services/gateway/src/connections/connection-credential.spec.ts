import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectionPut } from '@tolem/contracts';
import { Database, parseMasterKeys, Sealer, Vault } from '@tolem/persistence';
import type { ApiClient, Reply } from '../test/api-client.ts';
import { testCertificate } from '../test/certificate.ts';
import { BASE_URL, GatewayHarness, PROVIDER, SCHEME } from '../test/gateway-harness.ts';

const KEYED = PROVIDER.schemes.find(({ credential }) => credential === 'api_key')?.name ?? '';
const OWN = PROVIDER.schemes.find(({ credential }) => credential === 'own_certificate')?.name ?? '';
const KEY = 'test_0b3c9a52-71f6-4a55-8f4e-2f3b6a1d9c10';
const NEXT_KEY = 'test_91d7c0aa-16e1-4b52-9ad0-7f25c41e0b93';

let house: GatewayHarness;
let api: ApiClient;
let admin: Database;
let vault: Vault;
beforeAll(async () => {
  const urls = { [SCHEME]: BASE_URL, [KEYED]: `${BASE_URL}/keyed`, [OWN]: `${BASE_URL}/own` };
  house = await GatewayHarness.start({ config: { providerUrls: { [PROVIDER.name]: { test: urls } } } });
  ({ api } = await house.tenant());
  admin = await Database.connect({ url: house.database.adminUrl, applicationName: 'spec' });
  vault = new Vault(admin, new Sealer(admin, parseMasterKeys(house.config.masterKey), () => house.ids.uuid()));
});
afterAll(async () => {
  await admin.close();
  await house.close();
});

async function connect(body: object): Promise<Reply> {
  const { organization } = await house.organization(api);
  return api.post(`/v1/organizations/${organization}/connections`, { provider: PROVIDER.name, ...body });
}
async function credentialTold(connection: string, count: number): Promise<string> {
  const puts = await house.waitForCommands(connectionPut.type, count, ({ subject }) => subject === connection);
  return connectionPut.consume.parse(puts.at(-1)?.body).credential_id ?? '';
}

describe('an API key of an organization', () => {
  it('lies in the vault for its provider’s service, and is in no answer, log, message or table', async () => {
    const made = await connect({ scheme: KEYED, api_key: KEY, ca: testCertificate().certificate });
    expect(made).toMatchObject({ status: 201, body: { certificate: null, api_key_set_at: expect.any(String) } });
    const id = await credentialTold(made.string('/id'), 1);
    expect((await vault.read(id))?.secret).toEqual({ kind: 'api_key', key: KEY, ca: testCertificate().certificate });
    const tables = await house.rows<{ row: string }>(
      `SELECT row::text FROM (SELECT c::text AS row FROM connection c UNION ALL SELECT a::text FROM audit_log a
        UNION ALL SELECT i::text FROM idempotency i UNION ALL SELECT c::text FROM vault.credential c) t`,
    );
    const shown = await api.get(`/v1/connections/${made.string('/id')}`);
    for (const text of [
      made.text,
      shown.text,
      JSON.stringify(tables),
      house.logLines.join(''),
      JSON.stringify(house.commands),
    ])
      expect(text).not.toContain(KEY);
  });

  it('is replaced under an id of its own, so that what is under way keeps the one before', async () => {
    const made = await connect({ scheme: KEYED, api_key: KEY });
    const connection = made.string('/id');
    const before = await credentialTold(connection, 1);
    const changed = await api.patch(`/v1/connections/${connection}`, { api_key: NEXT_KEY });
    expect(changed).toMatchObject({ status: 200, body: { version: 2, status: 'verifying' } });
    const after = await credentialTold(connection, 2);
    expect(after).not.toBe(before);
    expect((await vault.read(before))?.secret).toMatchObject({ key: KEY });
    expect((await vault.read(after))?.secret).toMatchObject({ key: NEXT_KEY });
    // Another change leaves the key as it is.
    await api.patch(`/v1/connections/${connection}`, { options: { city: 'Oral' } });
    expect(await credentialTold(connection, 3)).toBe(after);
  });

  it('is replaced by itself: the authority that was given with it stays until another or none is named', async () => {
    const ca = testCertificate().certificate;
    const made = await connect({ scheme: KEYED, api_key: KEY, ca });
    const connection = made.string('/id');
    const path = `/v1/connections/${connection}`;
    const secret = async (puts: number) => (await vault.read(await credentialTold(connection, puts)))?.secret;
    await api.patch(path, { api_key: NEXT_KEY });
    expect(await secret(2)).toEqual({ kind: 'api_key', key: NEXT_KEY, ca });
    await api.patch(path, { options: { city: 'Oral' } });
    await api.patch(path, { api_key: KEY });
    expect(await secret(4)).toEqual({ kind: 'api_key', key: KEY, ca });
    const other = testCertificate({ notAfter: new Date('2044-01-01T00:00:00Z') }).certificate;
    await api.patch(path, { api_key: KEY, ca: other });
    expect(await secret(5)).toEqual({ kind: 'api_key', key: KEY, ca: other });
    await api.patch(path, { api_key: NEXT_KEY, ca: null });
    await api.patch(path, { api_key: KEY });
    expect(await secret(7)).toEqual({ kind: 'api_key', key: KEY });
    expect(await api.patch(path, { ca })).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it.each([
    ['without one', { scheme: KEYED }, 422, 'api_key_required', '/api_key'],
    ['with blanks in it', { scheme: KEYED, api_key: 'test 12345678' }, 400, 'invalid_request', '/api_key'],
    ['with seven characters', { scheme: KEYED, api_key: '1234567' }, 400, 'invalid_request', '/api_key'],
    [
      'and a certificate',
      { scheme: KEYED, api_key: KEY, certificate: 'crt_1' },
      422,
      'certificate_not_used',
      '/certificate',
    ],
    ['and a CA that is none', { scheme: KEYED, api_key: KEY, ca: 'none' }, 422, 'certificate_invalid', '/ca'],
    ['where a shared certificate is asked for', { scheme: SCHEME, api_key: KEY }, 422, 'api_key_not_used', '/api_key'],
    ['where a certificate is asked for', { scheme: OWN, api_key: KEY }, 422, 'api_key_not_used', '/api_key'],
    ['and no certificate at all', { scheme: OWN }, 422, 'certificate_required', '/certificate'],
    ['and an unknown certificate', { scheme: OWN, certificate: 'crt_1' }, 422, 'certificate_unknown', '/certificate'],
  ])('is refused %s', async (_, body, status, code, pointer) => {
    expect(await connect(body)).toMatchObject({ status, body: { code, errors: [{ pointer }] } });
  });
});
