import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { certificateActivate, certificateCreateCsr, certificateInstall } from '@tolem/contracts';
import { uuidFromId } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import type { ApiClient, Reply } from '../test/api-client.ts';
import { newKeyPair, testCertificate } from '../test/certificate.ts';
import { BASE_URL, GatewayHarness, PROVIDER, SCHEME } from '../test/gateway-harness.ts';
import { SpecAuthority } from './test/spec-authority.ts';
import { StandInService } from './test/stand-in-service.ts';

const OWN = PROVIDER.schemes.find(({ credential }) => credential === 'own_certificate')?.name ?? '';
const SUBJECT = {
  region: 'Almaty',
  town: 'Almaty',
  organization: 'Small Shops LLP',
  common_name: 'pay.shops.example',
  email: 'it@shops.example',
};
const DAY_MS = 86_400_000;

let house: GatewayHarness;
let service: StandInService;
let root: SpecAuthority;
let intermediate: SpecAuthority;
let tenant: { tenant: string; api: ApiClient };

beforeAll(async () => {
  house = await GatewayHarness.start({
    config: { providerUrls: { [PROVIDER.name]: { test: { [SCHEME]: BASE_URL, [OWN]: `${BASE_URL}/own` } } } },
  });
  service = new StandInService(house);
  root = new SpecAuthority('Bank root');
  intermediate = new SpecAuthority('Bank intermediate', root);
  tenant = await house.tenant();
});
beforeEach(() => {
  service.answers = true;
});
afterAll(() => house.close());

const asked = (scheme = SCHEME) => ({ provider: PROVIDER.name, scheme, name: 'From 2027 on', subject: SUBJECT });
const request = (api: ApiClient = house.operator, scheme = SCHEME): Promise<Reply> =>
  api.post('/v1/certificates/requests?wait=20', asked(scheme));
const ca = (): string => `${intermediate.pem}${root.pem}`;
const chain = (id: string): { certificate: string; ca: string } => ({
  certificate: intermediate.issue({ key: service.publicKey(id) }),
  ca: ca(),
});
const put = (id: string, body: object): Promise<Reply> => house.operator.put(`/v1/certificates/${id}/chain`, body);
const get = (id: string): Promise<Reply> => house.operator.get(`/v1/certificates/${id}`);
const reached = (id: string, pointer: string, value: unknown): Promise<Reply> =>
  waitFor(`${pointer} of ${id} to be ${String(value)}`, async () => {
    const reply = await get(id);
    return reply.at(pointer) === value ? reply : undefined;
  });
const namesIn = (pem: string): string[] =>
  pem
    .split(/(?<=-----END CERTIFICATE-----)\s+/)
    .filter(Boolean)
    .map((one) => new X509Certificate(one).subject);
const commands = (type: string, id: string) => house.commandsOf(type).filter(({ subject }) => subject === id);
/** A certificate in use that was made from a request. */
async function installed(): Promise<string> {
  const id = (await request()).string('/id');
  expect((await put(id, chain(id))).status).toBe(200);
  await reached(id, '/status', 'active');
  return id;
}

describe('a request for a certificate', () => {
  it('comes back with what the provider has to sign, and its key never', async () => {
    const made = await request();
    expect(made).toMatchObject({
      status: 201,
      body: {
        status: 'requested',
        source: 'request',
        tenant: null,
        subject: null,
        active_version: null,
        days_left: null,
      },
    });
    expect(made.string('/csr')).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----/);
    expect(made.text).not.toContain('PRIVATE');
    const [command] = commands(certificateCreateCsr.type, made.string('/id'));
    expect(command).toMatchObject({ tenant: null, body: { version: 1, subject: SUBJECT } });
  });

  it('waits no longer than asked for, and shows the state of now when it is asked again', async () => {
    service.answers = false;
    const headers = { 'idempotency-key': 'silent-service' };
    const made = await house.operator.post('/v1/certificates/requests', asked(), headers);
    expect(made).toMatchObject({ status: 201, body: { status: 'key_pending', csr: null } });
    const id = made.string('/id');
    expect(await put(id, { certificate: root.pem })).toMatchObject({
      status: 409,
      body: { code: 'certificate_not_requested', retryable: true },
    });
    service.tell(id, { state: 'requested', csr: 'a request' });
    await reached(id, '/status', 'requested');
    expect(await house.operator.post('/v1/certificates/requests', asked(), headers)).toMatchObject({
      status: 200,
      body: { id, csr: 'a request' },
    });
    expect(commands(certificateCreateCsr.type, id)).toHaveLength(1);
  });

  it.each([
    ['a name in Cyrillic', { organization: 'Магазин' }, '/subject/organization'],
    ['a host that is none', { common_name: 'not a host' }, '/subject/common_name'],
    ['no e-mail address', { email: 'nobody' }, '/subject/email'],
    ['a department', { department: 'IT' }, '/subject/department'],
    ['a town of 129 letters', { town: 'x'.repeat(129) }, '/subject/town'],
  ])('is refused with %s', async (_, more, pointer) => {
    const body = { ...asked(), subject: { ...SUBJECT, ...more } };
    const reply = await house.operator.post('/v1/certificates/requests', body);
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ pointer }] } });
  });
});

describe('what the provider has issued', () => {
  it('is installed, used at once as the first one, and shown with what is left of it', async () => {
    const id = (await request()).string('/id');
    const body = chain(id);
    expect((await put(id, body)).status).toBe(200);
    const active = await reached(id, '/status', 'active');
    expect(active.body).toMatchObject({
      subject: 'CN=till',
      issuer: 'CN=Bank intermediate',
      days_left: 999,
      active_version: 1,
      replace: null,
      versions: [{ version: 1, state: 'active', fingerprint: active.string('/fingerprint') }],
    });
    const [command] = commands(certificateInstall.type, id);
    expect(command?.body).toMatchObject({ version: 1, ...body });
    // Repeats change nothing and send nothing.
    expect((await put(id, body)).body).toEqual(active.body);
    expect(commands(certificateInstall.type, id)).toHaveLength(1);
    expect(await put(id, chain(id))).toMatchObject({ status: 409, body: { code: 'certificate_not_requested' } });
  });

  it('with its root in one text and no `ca` is trusted to sign the provider’s server as well', async () => {
    const id = (await request()).string('/id');
    const { certificate } = chain(id);
    expect((await put(id, { certificate: `${certificate}${ca()}` })).status).toBe(200);
    const { ca: trusted } = commands(certificateInstall.type, id)[0]?.body as { ca: string };
    expect(namesIn(trusted)).toEqual(['CN=Bank intermediate', 'CN=Bank root']);
  });

  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  it.each<[string, (id: string) => object, string, string]>([
    [
      'for another key',
      () => ({ certificate: intermediate.issue({ key: other }), ca: ca() }),
      'private_key_mismatch',
      '/certificate',
    ],
    ['as no PEM', () => ({ certificate: 'MIIC' }), 'certificate_invalid', '/certificate'],
    ['with authorities that are none', (id) => ({ ...chain(id), ca: 'none' }), 'certificate_invalid', '/ca'],
    [
      'expired',
      (id) => ({
        certificate: intermediate.issue({ key: service.publicKey(id), notAfter: new Date(Date.now() - DAY_MS / 2) }),
        ca: ca(),
      }),
      'certificate_expired',
      '/certificate',
    ],
    [
      'before it begins',
      (id) => ({
        certificate: intermediate.issue({ key: service.publicKey(id), notBefore: new Date(Date.now() + DAY_MS) }),
        ca: ca(),
      }),
      'certificate_not_yet_valid',
      '/certificate',
    ],
    [
      'for servers',
      (id) => ({ certificate: intermediate.issue({ key: service.publicKey(id), usage: 'serverAuth' }), ca: ca() }),
      'certificate_not_for_clients',
      '/certificate',
    ],
    ['without its intermediate', (id) => ({ ...chain(id), ca: root.pem }), 'certificate_chain_broken', '/certificate'],
    [
      'by an authority of the same name',
      (id) => ({ ...chain(id), ca: new SpecAuthority('Bank intermediate').pem }),
      'certificate_chain_broken',
      '/certificate',
    ],
  ])('is refused %s', async (_, body, code, pointer) => {
    const id = (await request()).string('/id');
    expect(await put(id, body(id))).toMatchObject({ status: 422, body: { code, errors: [{ pointer }] } });
    expect((await get(id)).at('/status')).toBe('requested');
    expect(commands(certificateInstall.type, id)).toEqual([]);
  });

  it('is no megabyte', async () => {
    const id = (await request()).string('/id');
    expect(await put(id, { certificate: 'x'.repeat(1_048_576) })).toMatchObject({ status: 413 });
    expect(await put(id, { certificate: 'x'.repeat(10_000) })).toMatchObject({ status: 400 });
  });

  it('may be brought again after the provider’s service has refused it, with the reason shown meanwhile', async () => {
    service.answers = false;
    const id = (await house.operator.post('/v1/certificates/requests', asked())).string('/id');
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    service.keys.set(id, privateKey);
    service.answers = true;
    service.tell(id, { state: 'requested', csr: service.requestOf(id) });
    await reached(id, '/status', 'requested');
    service.answers = false;
    expect((await put(id, { certificate: intermediate.issue({ key: publicKey }), ca: ca() })).at('/status')).toBe(
      'installing',
    );
    const failure = {
      code: 'private_key_mismatch',
      provider_code: null,
      provider_message: null,
      cashier_key: 'desk_setup',
    };
    service.tell(id, { state: 'requested', failure });
    const back = await reached(id, '/status', 'requested');
    expect(back.at('/reason')).toMatchObject({ code: 'private_key_mismatch', text: { ru: expect.any(String) } });
    expect((await put(id, { certificate: intermediate.issue({ key: publicKey }), ca: ca() })).at('/status')).toBe(
      'installing',
    );
  });
});

describe('a certificate that is replaced', () => {
  const replace = (id: string, body: object): Promise<Reply> =>
    house.operator.post(`/v1/certificates/${id}/replace`, body);

  it('is used until the new one has taken over, and tells how that goes', async () => {
    const id = await house.certificate();
    const pair = pairOf();
    const replaced = await replace(id, pair);
    expect(replaced).toMatchObject({
      status: 200,
      body: { status: 'active', active_version: 1, replace: { version: 2, status: 'pending', reason: null } },
    });
    const [command] = commands(certificateActivate.type, id);
    expect(command?.body).toMatchObject({ version: 2, from: null });
    const [row] = await house.rows('SELECT state, provider FROM vault.credential WHERE id = $1 AND version = 2', [id]);
    expect(row).toEqual({ state: 'ready', provider: PROVIDER.name });
    service.tell(id, { version: 2, state: 'active', certificate: pair.certificate });
    const done = await reached(id, '/replace/status', 'done');
    expect(done.body).toMatchObject({ active_version: 2, fingerprint: replaced.at('/versions/1/fingerprint') });
    expect(done.list('/versions').map(({ state }) => state)).toEqual(['retired', 'active']);
  });

  it('stays where the provider does not take the new one, which says why', async () => {
    const id = await house.certificate();
    const before = await get(id);
    await replace(id, pairOf());
    const failure = {
      code: 'certificate_refused',
      provider_code: null,
      provider_message: null,
      cashier_key: 'desk_setup',
      admin_text: { ru: 'нет', kk: 'жоқ', en: 'no' },
    };
    service.tell(id, { version: 2, state: 'failed', failure });
    const failed = await reached(id, '/replace/status', 'failed');
    expect(failed.body).toMatchObject({
      active_version: 1,
      fingerprint: before.at('/fingerprint'),
      replace: { reason: { code: 'certificate_refused', text: failure.admin_text } },
    });
    // A later attempt is a version of its own.
    expect((await replace(id, pairOf())).at('/replace')).toMatchObject({ version: 3, status: 'pending' });
  });

  it('twenty times at once with one pair gets one version of it', async () => {
    const id = await house.certificate();
    const pair = pairOf();
    const replies = await Promise.all(Array.from({ length: 20 }, () => replace(id, pair)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await get(id)).list('/versions')).toHaveLength(2);
    expect(commands(certificateActivate.type, id)).toHaveLength(1);
  });

  it('shows the pair that is kept under its number, though another one was rolled back after it had been put there', async () => {
    const id = await house.certificate();
    const [lost, kept] = [pairOf(), pairOf()];
    await house.rows('ALTER TABLE certificate_version ADD CONSTRAINT spec_broken CHECK (version = 1) NOT VALID');
    expect((await replace(id, lost)).status).toBe(500);
    await house.rows('ALTER TABLE certificate_version DROP CONSTRAINT spec_broken');
    const replaced = await replace(id, kept);
    const newest = replaced.list('/versions').at(-1);
    expect(newest).toMatchObject({ fingerprint: fingerprintOf(kept.certificate) });
    const vault = await house.rows<{ version: number; fingerprint: string }>(
      'SELECT version, fingerprint FROM vault.credential WHERE id = $1 AND version > 1 ORDER BY version',
      [id],
    );
    expect(vault).toEqual([
      { version: 2, fingerprint: fingerprintOf(lost.certificate) },
      { version: newest?.['version'], fingerprint: fingerprintOf(kept.certificate) },
    ]);
    expect(commands(certificateActivate.type, id).map(({ body }) => body)).toMatchObject([
      { version: newest?.['version'] },
    ]);
  });

  it('by six pairs at once shows under each number what is kept under it, and the others are told to come again', async () => {
    const id = await house.certificate();
    const replies = await Promise.all(Array.from({ length: 6 }, () => replace(id, pairOf())));
    expect(replies.map(({ status }) => status)).toContain(200);
    for (const { status, body } of replies) {
      if (status !== 200)
        expect({ status, body }).toMatchObject({ status: 409, body: { code: 'certificate_changing' } });
    }
    const differing = await house.rows(
      `SELECT v.version FROM certificate_version v LEFT JOIN vault.credential c ON c.id = $2 AND c.version = v.version
        WHERE v.certificate_id = $1 AND v.version > 1 AND v.fingerprint IS DISTINCT FROM c.fingerprint`,
      [uuidFromId('crt', id), id],
    );
    expect(differing).toEqual([]);
  });

  it('keeps its number when the same pair is brought again after a roll-back', async () => {
    const id = await house.certificate();
    const pair = pairOf();
    await house.rows('ALTER TABLE certificate_version ADD CONSTRAINT spec_broken CHECK (version = 1) NOT VALID');
    expect((await replace(id, pair)).status).toBe(500);
    await house.rows('ALTER TABLE certificate_version DROP CONSTRAINT spec_broken');
    expect((await replace(id, pair)).at('/replace')).toMatchObject({ version: 2, status: 'pending' });
  });

  it('may take the pair of a request, which then is no certificate of its own any more', async () => {
    const [id, source] = [await house.certificate(), await installed()];
    const replaced = await replace(id, { request: source });
    expect(replaced.at('/replace')).toMatchObject({ version: 2, status: 'pending' });
    const [command] = commands(certificateActivate.type, id);
    expect(command?.body).toMatchObject({ version: 2, from: { certificate_id: source, version: 1 } });
    service.tell(id, { version: 2, state: 'active', certificate: chain(source).certificate });
    await reached(id, '/active_version', 2);
    expect((await get(source)).at('/status')).toBe('retired');
  });

  it.each<[string, () => Promise<object>, number, string]>([
    ['an unknown request', async () => ({ request: `crt_${'0'.repeat(26)}` }), 422, 'request_unknown'],
    [
      'a request that has nothing yet',
      async () => ({ request: (await request()).string('/id') }),
      422,
      'certificate_not_ready',
    ],
    ['nothing', async () => ({}), 400, 'invalid_request'],
    ['two pairs', async () => ({ ...pairOf(), pfx: 'AAAA' }), 400, 'invalid_request'],
    ['half a pair', async () => ({ certificate: testCertificate().certificate }), 400, 'invalid_request'],
    ['another key', async () => ({ ...pairOf(), private_key: newKeyPair().privateKey }), 422, 'private_key_mismatch'],
  ])('is not replaced by %s', async (_, body, status, code) => {
    const id = await house.certificate();
    expect(await replace(id, await body())).toMatchObject({ status, body: { code } });
    expect((await get(id)).list('/versions')).toHaveLength(1);
  });
});

describe('a PFX', () => {
  const pfx = (name: string): string =>
    readFileSync(new URL(`../../../../libs/egress/test/pfx/${name}`, import.meta.url)).toString('base64');
  const bring = (more: object): Promise<Reply> =>
    house.operator.post('/v1/certificates', { provider: PROVIDER.name, scheme: SCHEME, name: 'from a PFX', ...more });

  it('of an old export is opened once and kept as PEM', async () => {
    expect(await bring({ pfx: pfx('rc2-40.pfx'), pass_phrase: 'secret-4711' })).toMatchObject({
      status: 201,
      body: { status: 'active', subject: 'CN=Till rsa, O=Small Shops LLP, C=KZ' },
    });
    expect(house.logLines.join('')).not.toContain('secret-4711');
  });

  it.each([
    [
      'a wrong pass phrase',
      () => ({ pfx: pfx('rc2-40.pfx'), pass_phrase: 'wrong' }),
      422,
      'pass_phrase_wrong',
      '/pass_phrase',
    ],
    ['no pass phrase', () => ({ pfx: pfx('rc2-40.pfx') }), 422, 'pass_phrase_wrong', '/pass_phrase'],
    ['nonsense for base64', () => ({ pfx: '§§§§' }), 422, 'pfx_invalid', '/pfx'],
    ['something else in base64', () => ({ pfx: 'AAAA' }), 422, 'pfx_invalid', '/pfx'],
    ['a megabyte', () => ({ pfx: 'A'.repeat(1_048_576) }), 413, 'body_too_large', undefined],
  ])('is refused with %s', async (_, more, status, code, pointer) => {
    const reply = await bring(more());
    expect(reply).toMatchObject({ status, body: { code } });
    expect(reply.at('/errors/0/pointer')).toBe(pointer);
  });
});

describe('certificates in files', () => {
  it('wait for the provider’s service to read them, which tells whose they are', async () => {
    const made = await house.operator.post('/v1/certificates', {
      provider: PROVIDER.name,
      scheme: SCHEME,
      name: 'in files',
      from_files: true,
    });
    expect(made).toMatchObject({ status: 201, body: { status: 'files_pending', source: 'files', versions: [] } });
    const id = made.string('/id');
    service.tell(id, { version: 1, state: 'active', certificate: testCertificate().certificate });
    expect((await reached(id, '/status', 'active')).body).toMatchObject({
      subject: 'CN=Small Shops LLP',
      versions: [{ version: 1, state: 'active' }],
    });
    expect(await house.operator.post(`/v1/certificates/${id}/replace`, pairOf())).toMatchObject({
      status: 409,
      body: { code: 'certificate_from_files' },
    });
  });
});

describe('files under an id that no certificate has', () => {
  it('are told of in one error line that names the variable and the id', async () => {
    const mistyped = `crt_${'0'.repeat(25)}7`;
    const id = await house.certificate();
    service.tell(mistyped, { version: 1, state: 'active', certificate: testCertificate().certificate });
    // News that came later: when it is applied, the one before has been.
    service.tell(id, { version: 2, state: 'ready' });
    await reached(id, '/versions/1/state', 'ready');
    const lines = house.logLines.filter((line) => line.includes(mistyped) && line.includes('"level":"error"'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`TOLEM_${PROVIDER.name.toUpperCase()}_CERTIFICATE_FILES names ${mistyped}`);
    expect(house.logLines.filter((line) => line.includes(id) && line.includes('names'))).toEqual([]);
  });
});

describe('a tenant’s own certificate', () => {
  it('is seen, replaced and used by its tenant alone', async () => {
    const made = await request(tenant.api, OWN);
    expect(made).toMatchObject({ status: 201, body: { tenant: tenant.tenant, mode: 'test', status: 'requested' } });
    const id = made.string('/id');
    expect(commands(certificateCreateCsr.type, id)[0]).toMatchObject({ tenant: tenant.tenant, mode: 'test' });
    expect((await tenant.api.put(`/v1/certificates/${id}/chain`, chain(id))).status).toBe(200);
    await reached(id, '/status', 'active');

    const stranger = await house.tenant();
    expect((await stranger.api.get(`/v1/certificates/${id}`)).status).toBe(404);
    expect((await stranger.api.put(`/v1/certificates/${id}/chain`, chain(id))).status).toBe(404);
    expect((await stranger.api.post(`/v1/certificates/${id}/replace`, pairOf())).status).toBe(404);
    expect((await stranger.api.get('/v1/certificates')).list()).toEqual([]);
    expect((await tenant.api.get('/v1/certificates')).list().map((row) => row['id'])).toContain(id);
    const live = await house.operator.post(`/v1/tenants/${tenant.tenant}/api_keys`, {
      mode: 'live',
      scopes: ['admin'],
    });
    expect((await house.api(live.string('/secret')).get(`/v1/certificates/${id}`)).status).toBe(404);
    expect(await house.operator.put(`/v1/certificates/${id}/grants/${stranger.tenant}`, { tax_ids: [] })).toMatchObject(
      {
        status: 404,
      },
    );

    const shop = await house.organization(tenant.api);
    const connected = await tenant.api.post(`/v1/organizations/${shop.organization}/connections`, {
      provider: PROVIDER.name,
      scheme: OWN,
      certificate: id,
    });
    expect(connected).toMatchObject({ status: 201, body: { certificate: id, api_key_set_at: null } });
    const theirs = await house.organization(stranger.api);
    expect(
      await stranger.api.post(`/v1/organizations/${theirs.organization}/connections`, {
        provider: PROVIDER.name,
        scheme: OWN,
        certificate: id,
      }),
    ).toMatchObject({ status: 422, body: { code: 'certificate_unknown' } });
  });

  it('is not shared, nor is a shared one brought by a tenant', async () => {
    expect(await request(tenant.api, SCHEME)).toMatchObject({ status: 403, body: { code: 'operator_key_required' } });
    expect(await request(house.operator, OWN)).toMatchObject({ status: 403, body: { code: 'tenant_key_required' } });
  });

  it('is none of the business of a key that is limited, or lacks the scope', async () => {
    const { organization } = await house.organization(tenant.api);
    const limited = await tenant.api.post(`/v1/tenants/${tenant.tenant}/api_keys`, {
      mode: 'test',
      scopes: ['organizations:write'],
      organizations: [organization],
    });
    expect(await request(house.api(limited.string('/secret')), OWN)).toMatchObject({
      status: 403,
      body: { code: 'key_is_limited' },
    });
    const payments = await tenant.api.post(`/v1/tenants/${tenant.tenant}/api_keys`, {
      mode: 'test',
      scopes: ['payments:write'],
    });
    expect(await request(house.api(payments.string('/secret')), OWN)).toMatchObject({
      status: 403,
      body: { code: 'scope_missing' },
    });
  });
});

const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256.replaceAll(':', '');

/** A pair that no other certificate has. */
function pairOf(): { certificate: string; private_key: string } {
  const { privateKey, publicKey } = newKeyPair();
  return { certificate: intermediate.issue({ key: createPublicKey(publicKey) }), private_key: privateKey };
}
