import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BIN, RunningBank, until } from './running-bank.ts';
import type { Credential } from './running-bank.ts';

const SUBJECT = '/C=KZ/ST=Almaty/L=Almaty/O=Sandbox Retail LLP/CN=pay.retail.example/emailAddress=pay@retail.example';
const USAGE = 'keyUsage=digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment';
const PURPOSE = 'extendedKeyUsage=clientAuth';

interface IssuedBody {
  readonly certificate: string;
  readonly private_key?: string;
  readonly root: string;
  readonly intermediate: string;
  readonly serial: string;
  readonly tax_id: string | null;
  readonly not_before: string;
  readonly not_after: string;
}

interface RequestOptions {
  readonly subject?: string;
  readonly extensions?: readonly string[];
  readonly key?: string;
  readonly attributes?: string;
}

describe('the bank’s mail desk for certificates', () => {
  let bank: RunningBank;
  let folder: string;

  beforeAll(async () => {
    bank = await RunningBank.start();
    folder = mkdtempSync(join(tmpdir(), 'tolem-csr-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await bank.remove();
  });

  /** A request as the document's openssl command makes it, with a key of its own. */
  function request(options: RequestOptions = {}): { csr: string; key: string } {
    const { subject = SUBJECT, extensions = [USAGE, PURPOSE], key = 'rsa:2048', attributes = '' } = options;
    const [config, keyPath] = [join(folder, 'openssl.cnf'), join(folder, 'key.pem')];
    const names = subject.split('/').slice(1).join('\n');
    writeFileSync(
      config,
      `[req]\ndistinguished_name=dn\nprompt=no\nstring_mask=utf8only\nattributes=attrs\n[dn]\n${names}\n[attrs]\n${attributes}\n`,
    );
    const [type, size] = key.split(':');
    const newKey = type === 'ec' ? ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${size ?? ''}`] : ['-newkey', key];
    const args = ['req', '-utf8', '-config', config, ...newKey, '-nodes', '-keyout', keyPath];
    const csr = execFileSync('openssl', [...args, ...extensions.flatMap((one) => ['-addext', one])], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 30_000,
    }).toString();
    return { csr, key: readFileSync(keyPath, 'utf8') };
  }

  async function issue(body: Record<string, unknown>): Promise<IssuedBody> {
    const answer = await bank.control('POST', '/kaspi/certificates', body);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body as IssuedBody;
  }

  const ping = (pem: Credential, scheme: 'r2' | 'r3' = 'r3'): ReturnType<RunningBank['call']> =>
    bank.call('/v01/health/ping', { scheme, pem });

  it('signs a request of the document’s own command: chain, subject, extensions and five years', async () => {
    const { csr, key } = request();
    const issued = await issue({ csr, tax_id: BIN });
    const leaf = new X509Certificate(issued.certificate);
    const intermediate = new X509Certificate(issued.intermediate);
    const root = new X509Certificate(issued.root);
    expect([leaf.verify(intermediate.publicKey), intermediate.verify(root.publicKey)]).toEqual([true, true]);
    expect([root.verify(root.publicKey), intermediate.ca, root.ca, leaf.ca]).toEqual([true, true, true, false]);
    expect(leaf.subject).toContain('O=Sandbox Retail LLP');
    expect(leaf.subject).toContain(`serialNumber=BIN${BIN}`);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(leaf.serialNumber.toLowerCase()).toBe(issued.serial);
    expect((Date.parse(issued.not_after) - Date.parse(issued.not_before)) / 86_400_000).toBe(5 * 365);
    expect(issued).not.toHaveProperty('private_key');
    expect(readFileSync(bank.sandbox.tls.ca, 'utf8')).toBe(issued.root + issued.intermediate);
    const chain = join(folder, 'chain.pem');
    const [leafPath, rootPath] = [join(folder, 'leaf.pem'), join(folder, 'root.pem')];
    writeFileSync(chain, issued.intermediate);
    writeFileSync(leafPath, issued.certificate);
    writeFileSync(rootPath, issued.root);
    const verify = ['verify', '-purpose', 'sslclient', '-CAfile', rootPath, '-untrusted', chain, leafPath];
    expect(execFileSync('openssl', verify, { timeout: 30_000 }).toString()).toContain('OK');
    expect(await ping({ cert: issued.certificate, key }, 'r2')).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('takes the organization from the request’s own subject when nobody names one', async () => {
    const { csr, key } = request({ subject: SUBJECT.replace('/CN=', `/serialNumber=BIN${BIN}/CN=`) });
    const issued = await issue({ csr });
    const pem = { cert: issued.certificate, key };
    const named = { scheme: 'r2' as const, pem };
    expect(await bank.code('/v01/partner/tradepoints', named)).toBe(0);
    const nameless = request();
    const other = { cert: (await issue({ csr: nameless.csr })).certificate, key: nameless.key };
    expect(await bank.code('/v01/partner/tradepoints', { scheme: 'r2', pem: other })).toBe(-10000);
    expect(await bank.code(`/v01/partner/tradepoints/${BIN}`, { pem: other })).toBe(0);
  });

  const withPart = (part: string, value: string): RequestOptions => ({
    subject: SUBJECT.replace(new RegExp(`/${part}=[^/]*`), value === '' ? '' : `/${part}=${value}`),
  });
  const flawed: [string, RequestOptions][] = [
    ['C', withPart('C', 'RU')],
    ['ST', withPart('ST', '')],
    ['L', withPart('L', '')],
    ['O', withPart('O', '')],
    ['O', withPart('O', 'ТОО Магазин')],
    ['CN', withPart('CN', '')],
    ['CN', withPart('CN', 'my shop')],
    ['emailAddress', withPart('emailAddress', '')],
    ['emailAddress', withPart('emailAddress', 'nobody')],
    ['OU', { subject: `${SUBJECT}/OU=Sales` }],
    ['challengePassword', { attributes: 'challengePassword=secret1' }],
    ['unstructuredName', { attributes: 'unstructuredName=Retail' }],
    ['keyUsage', { extensions: [PURPOSE] }],
    ['keyUsage', { extensions: ['keyUsage=digitalSignature', PURPOSE] }],
    ['keyUsage', { extensions: [`${USAGE},keyAgreement`, PURPOSE] }],
    ['extendedKeyUsage', { extensions: [USAGE] }],
    ['extendedKeyUsage', { extensions: [USAGE, 'extendedKeyUsage=clientAuth,serverAuth'] }],
    ['key', { key: 'rsa:1024' }],
    ['key', { key: 'rsa:3072' }],
    ['key', { key: 'ec:prime256v1' }],
  ];
  it.each(flawed)('sends a request with a flaw in %s back and names it: %j', async (field, options) => {
    const { status, body } = await bank.control('POST', '/kaspi/certificates', { csr: request(options).csr });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'csr_refused', detail: expect.stringContaining(field), errors: [{ field }] });
  });

  it('takes an address as CN, and sends back what is no request and what another key has signed', async () => {
    expect((await issue({ csr: request(withPart('CN', '203.0.113.7')).csr })).tax_id).toBeNull();
    const { status, body } = await bank.control('POST', '/kaspi/certificates', { csr: 'no request' });
    expect([status, body]).toMatchObject([422, { errors: [{ field: 'csr' }] }]);
    const der = Buffer.from(request().csr.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
    const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    const forged = await bank.control('POST', '/kaspi/certificates', { csr });
    expect([forged.status, forged.body]).toMatchObject([422, { errors: [{ field: 'signature' }] }]);
  });

  it('names all flaws at once, and refuses an order that it cannot read', async () => {
    const { csr } = request({ subject: '/C=RU/CN=x y', extensions: [], key: 'rsa:1024' });
    const { body } = await bank.control('POST', '/kaspi/certificates', { csr });
    const fields = (body as { errors: { field: string }[] }).errors.map((error) => error.field);
    expect(fields).toEqual(['key', 'C', 'ST', 'L', 'O', 'CN', 'emailAddress', 'keyUsage', 'extendedKeyUsage']);
    for (const order of [{ tax_id: '1' }, { days: 0 }, { not_before: 'soon' }, { colour: 'red' }]) {
      expect((await bank.control('POST', '/kaspi/certificates', order)).status).toBe(400);
    }
  });

  it('makes the key itself when there is no request, as for the test contour', async () => {
    const { certificate, private_key: key = '' } = await issue({ tax_id: BIN });
    expect(await ping({ cert: certificate, key }, 'r2')).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('issues expired and not yet valid certificates for tests, which the door refuses', async () => {
    const day = 86_400_000;
    const expired = await bank.certificateFor(BIN, { days: 5, notBeforeMs: Date.now() - 10 * day });
    const future = await bank.certificateFor(BIN, { days: 5, notBeforeMs: Date.now() + 2 * day });
    for (const pem of [expired, future]) {
      expect(await ping(pem, 'r2')).toMatchObject({ kind: 'cut' });
      expect(await ping(pem)).toMatchObject({ kind: 'cut' });
    }
    const told = await issue({ days: 30, not_before: '2030-01-01T00:00:00Z' });
    expect([told.not_before, told.not_after]).toEqual(['2030-01-01T00:00:00.000Z', '2030-01-31T00:00:00.000Z']);
  });

  it('revokes: the handshake is refused afterwards, open connections end, a restart remembers, a reset forgives', async () => {
    const { certificate, private_key: key = '', serial } = await issue({ tax_id: BIN });
    const pem = { cert: certificate, key };
    const refused = async (): Promise<number> =>
      ((await bank.control('GET', '/health')).body as { kaspi: { refused_handshakes: number } }).kaspi
        .refused_handshakes;
    await bank.fault('delay:60000', 'qr/create');
    const token = await bank.register();
    const hanging = bank.call('/v01/qr/create', {
      pem,
      body: { OrganizationBin: BIN, DeviceToken: token, Amount: 1 },
      timeoutMs: 30_000,
    });
    await until(() => bank.sandbox.ledger().length > 0);
    const colons = serial.toUpperCase().replace(/(..)(?!$)/g, '$1:');
    expect(await bank.control('DELETE', `/kaspi/certificates/${colons}`)).toMatchObject({
      status: 200,
      body: { serial, revoked: true },
    });
    expect(await hanging).toMatchObject({ kind: 'cut' });
    const before = await refused();
    expect(await ping(pem)).toMatchObject({ kind: 'cut' });
    expect(await ping(pem, 'r2')).toMatchObject({ kind: 'cut' });
    expect(await refused()).toBe(before + 2);
    expect(await bank.code('/v01/health/ping', { scheme: 'r2' })).toBe(0);
    await bank.stop();
    await bank.open();
    expect(await ping(pem)).toMatchObject({ kind: 'cut' });
    await bank.control('POST', '/reset');
    expect(await ping(pem)).toMatchObject({ kind: 'answered' });
    expect(await bank.control('DELETE', '/kaspi/certificates/xyz')).toMatchObject({ status: 404 });
  });
});
