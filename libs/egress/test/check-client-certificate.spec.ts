import 'reflect-metadata';
import { createPublicKey, webcrypto } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { checkClientCertificate, type ClientCertificate } from '../src/index.ts';
import { type Authority, createAuthority, type Issued } from './tls-fixtures.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;
const ROOT_DAYS = 400;

let root: Authority;
let intermediate: Authority;
let other: Authority;
let leaf: Issued;
let stranger: Issued;

beforeAll(async () => {
  root = await createAuthority('Bank root');
  intermediate = await root.subordinate('Bank intermediate');
  other = await createAuthority('Bank root');
  leaf = await intermediate.issue('till');
  stranger = await other.issue('stranger');
});

const whole = (more: Partial<ClientCertificate> = {}): ClientCertificate => ({
  certificatePem: leaf.certificatePem,
  key: { privateKeyPem: leaf.privateKeyPem },
  caPem: `${root.certificatePem}\n${intermediate.certificatePem}`,
  wholeChain: true,
  ...more,
});
const flawOf = (given: ClientCertificate, now = NOW): string => {
  const checked = checkClientCertificate(given, now);
  return checked.ok ? 'none' : checked.flaw;
};

async function withUsages(usages: string[]): Promise<Issued> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=usages',
    notBefore: new Date(NOW - DAY_MS),
    notAfter: new Date(NOW + DAY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.ExtendedKeyUsageExtension(usages)],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificatePem: certificate.toString('pem'), privateKeyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

describe('a client certificate', () => {
  it('passes with the chain that came with it, wherever its parts stand', () => {
    expect(checkClientCertificate(whole(), NOW)).toMatchObject({ ok: true, subject: 'CN=till' });
    const below = `${leaf.certificatePem}\n${intermediate.certificatePem}`;
    expect(flawOf(whole({ certificatePem: below, caPem: root.certificatePem }))).toBe('none');
    // The root among what came with it, which is all that there is to trust.
    const { caPem: _caPem, ...without } = whole({ certificatePem: `${below}\n${root.certificatePem}` });
    expect(flawOf(without)).toBe('none');
    expect(flawOf(whole({ caPem: intermediate.certificatePem }))).toBe('none');
  });

  it('passes with the public half of its key as with the whole of it', () => {
    const publicKey = createPublicKey(leaf.privateKeyPem);
    expect(flawOf(whole({ key: { publicKey } }))).toBe('none');
    expect(flawOf(whole({ key: { publicKey: createPublicKey(stranger.privateKeyPem) } }))).toBe('private_key_mismatch');
  });

  it.each<[string, () => Partial<ClientCertificate>]>([
    ['certificate_invalid', () => ({ certificatePem: 'MIIC' })],
    ['certificate_invalid', () => ({ certificatePem: leaf.privateKeyPem })],
    ['certificate_invalid', () => ({ certificatePem: leaf.certificatePem.repeat(17) })],
    [
      'certificate_invalid',
      () => ({ certificatePem: '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----' }),
    ],
    ['ca_invalid', () => ({ caPem: 'none' })],
    ['private_key_invalid', () => ({ key: { privateKeyPem: 'none' } })],
    ['private_key_mismatch', () => ({ key: { privateKeyPem: stranger.privateKeyPem } })],
    // Same names, other keys: what a chain looks like says nothing.
    ['certificate_chain_broken', () => ({ caPem: other.certificatePem })],
    ['certificate_chain_broken', () => ({ caPem: root.certificatePem })],
    ['certificate_chain_broken', () => ({ caPem: `${leaf.certificatePem}` })],
  ])('is refused: %s', (flaw, more) => {
    expect(flawOf(whole(more()))).toBe(flaw);
  });

  it('that nobody vouches for is refused only where a chain is asked for', () => {
    const { caPem: _caPem, ...alone } = whole();
    expect(flawOf(alone)).toBe('certificate_chain_broken');
    expect(flawOf({ ...alone, wholeChain: false })).toBe('none');
  });

  it('is good between its dates only, and so are those who vouch for it', () => {
    expect(flawOf(whole(), NOW - 300 * DAY_MS)).toBe('certificate_not_yet_valid');
    expect(flawOf(whole(), NOW + 300 * DAY_MS)).toBe('certificate_expired');
    expect(flawOf(whole(), NOW + (ROOT_DAYS + 1) * DAY_MS)).toBe('certificate_expired');
  });

  it('must be allowed to prove a client, where it says what it is for', async () => {
    const server = await withUsages([x509.ExtendedKeyUsage.serverAuth]);
    const both = await withUsages([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]);
    const as = (issued: Issued): ClientCertificate => ({
      certificatePem: issued.certificatePem,
      key: { privateKeyPem: issued.privateKeyPem },
      wholeChain: false,
    });
    expect(flawOf(as(server))).toBe('certificate_not_for_clients');
    expect(flawOf(as(both))).toBe('none');
  });

  it('is never judged by throwing, whatever it is, and its judgement never quotes it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        const inside = `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
        const checked = checkClientCertificate(whole({ certificatePem: inside, key: { privateKeyPem: text } }), NOW);
        expect(checked.ok).toBe(false);
        if (text.length > 40) expect(JSON.stringify(checked)).not.toContain(text);
      }),
    );
  });
});
