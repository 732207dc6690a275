import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database, parseMasterKeys, Sealer, Vault } from '@tolem/persistence';
import { newKeyPair, testCertificate } from '../test/certificate.ts';
import { GatewayHarness, PROVIDER, SCHEME } from '../test/gateway-harness.ts';
import { binOf } from '../test/tax-ids.ts';

let house: GatewayHarness;
beforeAll(async () => {
  house = await GatewayHarness.start();
});
afterAll(() => house.close());

const { certificate, private_key } = testCertificate();

function encryptedKey(passphrase: string): string {
  return createPrivateKey(private_key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString();
}

function upload(more: object = {}): object {
  return { provider: PROVIDER.name, scheme: SCHEME, name: 'shared', certificate, private_key, ...more };
}

describe('a shared certificate', () => {
  it('shows what it is and never its key', async () => {
    const made = await house.operator.post('/v1/certificates', upload({ ca: certificate }));
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^crt_/),
        object: 'certificate',
        subject: 'CN=Small Shops LLP',
        fingerprint: expect.stringMatching(/^[0-9A-F]{64}$/),
        not_after: '2045-01-01T00:00:00.000Z',
      },
    });
    const again = await house.operator.get(`/v1/certificates/${made.string('/id')}`);
    expect(again.body).toEqual(made.body);
    const list = await house.operator.get('/v1/certificates?limit=1');
    expect(list.list()).toEqual([made.body]);
    for (const { text } of [made, again, list]) expect(text).not.toContain('PRIVATE');
  });

  it('lies in the vault encrypted, for its provider’s service to read, and nowhere else', async () => {
    const made = await house.operator.post(
      '/v1/certificates',
      upload({ private_key: encryptedKey('only-here-4711'), pass_phrase: 'only-here-4711' }),
    );
    expect(made.status).toBe(201);
    const admin = await Database.connect({ url: house.database.adminUrl, applicationName: 'spec' });
    try {
      const vault = new Vault(
        admin,
        new Sealer(admin, parseMasterKeys(house.config.masterKey), () => house.ids.uuid()),
      );
      const stored = await vault.read(made.string('/id'));
      expect(stored).toMatchObject({ version: 1, state: 'active', owner: 'operator' });
      // Opened once: at rest it needs no pass phrase, because all of it is encrypted.
      expect(stored?.secret).toEqual({ kind: 'certificate', certificate, private_key });
      const [raw] = await admin.query<{ cipher: Buffer; provider: string; owner_tenant: string | null }>(
        'SELECT cipher, provider, owner_tenant FROM vault.credential WHERE id = $1',
        [made.at('/id')],
      );
      expect(raw).toMatchObject({ provider: PROVIDER.name, owner_tenant: null });
      expect(raw?.cipher.toString('latin1')).not.toMatch(/BEGIN|only-here-4711/);
    } finally {
      await admin.close();
    }
    const everywhere = await house.rows<{ row: string }>(
      `SELECT row::text FROM (SELECT c::text AS row FROM certificate c UNION ALL SELECT a::text FROM audit_log a UNION ALL SELECT i::text FROM idempotency i) t`,
    );
    expect(JSON.stringify(everywhere)).not.toMatch(/BEGIN|only-here-4711/);
    expect(house.logLines.join('')).not.toMatch(/BEGIN|only-here-4711/);
    await expect(house.gateway.workerDatabase.query('SELECT cipher FROM vault.credential')).rejects.toThrow(
      /permission denied/,
    );
  });

  it('is made once of twenty requests at once, and a repeat shows it again', async () => {
    const headers = { 'idempotency-key': 'twenty-certificates' };
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => house.operator.post('/v1/certificates', upload({ name: 'Twenty' }), headers)),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([...Array<number>(19).fill(200), 201]);
    expect(new Set(replies.map((reply) => reply.at('/id'))).size).toBe(1);
    const secrets = 'SELECT 1 FROM vault.credential';
    const before = (await house.rows(secrets)).length;
    expect((await house.operator.post('/v1/certificates', upload({ name: 'Twenty' }), headers)).status).toBe(200);
    expect(await house.rows(secrets)).toHaveLength(before);
  });

  it('takes an encrypted key with its pass phrase and refuses it without', async () => {
    const encrypted = encryptedKey('secret');
    expect(
      (await house.operator.post('/v1/certificates', upload({ private_key: encrypted, pass_phrase: 'secret' }))).status,
    ).toBe(201);
    for (const pass of [{ pass_phrase: 'wrong' }, {}]) {
      expect(await house.operator.post('/v1/certificates', upload({ private_key: encrypted, ...pass }))).toMatchObject({
        status: 422,
        body: { code: 'pass_phrase_wrong', errors: [{ pointer: '/pass_phrase' }] },
      });
    }
  });

  it.each([
    ['no PEM', { certificate: 'MIIC' }, 'certificate_invalid', '/certificate'],
    [
      'a CA that is none',
      { ca: '-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----' },
      'certificate_invalid',
      '/ca',
    ],
    ['a CA without PEM', { ca: 'none' }, 'certificate_invalid', '/ca'],
    ['a key that is none', { private_key: 'x' }, 'private_key_invalid', '/private_key'],
    [
      'the key of another certificate',
      { private_key: newKeyPair().privateKey },
      'private_key_mismatch',
      '/private_key',
    ],
    [
      'an expired certificate',
      testCertificate({ notAfter: new Date('2026-01-01T00:00:00Z') }),
      'certificate_expired',
      '/certificate',
    ],
    ['an unknown provider', { provider: 'nobody' }, 'provider_not_available', '/provider'],
    ['an unknown scheme', { scheme: 'r9' }, 'scheme_not_available', '/scheme'],
  ])('is refused with %s', async (_, more, code, pointer) => {
    const reply = await house.operator.post('/v1/certificates', upload(more));
    expect(reply).toMatchObject({ status: 422, body: { code, errors: [{ pointer }] } });
    expect(reply.text).not.toContain('BEGIN PRIVATE');
  });
});

describe('grants under a shared certificate', () => {
  it('belong to one tenant per tax id: a second one is refused without being told to whom', async () => {
    const crt = await house.certificate();
    const one = await house.tenant();
    const other = await house.tenant();
    await house.grant(crt, one.tenant, [binOf(801), binOf(802)]);
    const refused = await house.operator.put(`/v1/certificates/${crt}/grants/${other.tenant}`, {
      tax_ids: [binOf(803), binOf(802)],
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'tax_id_granted_elsewhere', tax_ids: [binOf(802)] } });
    expect(refused.text).not.toContain(one.tenant);
    expect((await house.operator.get(`/v1/certificates/${crt}/grants/${other.tenant}`)).at('/tax_ids')).toEqual([]);
    const another = await house.certificate();
    await house.grant(another, other.tenant, [binOf(802)]);
  });

  it('are replaced as a whole', async () => {
    const crt = await house.certificate();
    const { tenant } = await house.tenant();
    await house.grant(crt, tenant, [binOf(811), binOf(812)]);
    await house.grant(crt, tenant, [binOf(812), binOf(813), binOf(813)]);
    expect((await house.operator.get(`/v1/certificates/${crt}/grants/${tenant}`)).body).toEqual({
      object: 'certificate_grants',
      certificate: crt,
      tenant,
      tax_ids: [binOf(812), binOf(813)],
    });
    expect((await house.operator.get(`/v1/certificates/${crt}/grants`)).list()).toMatchObject([{ tenant }]);
  });

  it('of two operators at once leave each tax id with exactly one tenant', async () => {
    const crt = await house.certificate();
    const tenants = await Promise.all([1, 2, 3, 4].map(() => house.tenant()));
    const replies = await Promise.all(
      tenants.map(({ tenant }) =>
        house.operator.put(`/v1/certificates/${crt}/grants/${tenant}`, { tax_ids: [binOf(821)] }),
      ),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  });

  it.each([
    ['a wrong control digit', { tax_ids: ['260141000011'] }, 422, '/tax_ids/0'],
    ['a number', { tax_ids: [1] }, 400, '/tax_ids/0'],
    ['no list', {}, 400, '/tax_ids'],
  ])('are refused with %s', async (_, body, status, pointer) => {
    const crt = await house.certificate();
    const { tenant } = await house.tenant();
    const reply = await house.operator.put(`/v1/certificates/${crt}/grants/${tenant}`, body);
    expect({ status: reply.status, pointer: reply.at('/errors/0/pointer') }).toEqual({ status, pointer });
  });

  it('of an unknown certificate or tenant are not found', async () => {
    const crt = await house.certificate();
    const { tenant } = await house.tenant();
    const body = { tax_ids: [] };
    expect(
      (await house.operator.put(`/v1/certificates/crt_00000000000000000000000000/grants/${tenant}`, body)).status,
    ).toBe(404);
    expect(
      (await house.operator.put(`/v1/certificates/${crt}/grants/ten_00000000000000000000000000`, body)).status,
    ).toBe(404);
  });
});
