import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import forge from 'node-forge';
import { MAX_PFX_BYTES, readPfx } from '../src/index.ts';

const PASS = 'secret-4711';
const CYRILLIC = 'пароль-Қазақ';

// What OpenSSL says of the certificates in the files.
const RSA = 'F3F8AE477F8DB8E00B4809E3FC2683C25F4718DAD92488D8A40B3B629538BCD9';
const ELLIPTIC = '410C5143A5AF7113F597B813D2B625E60C56EB69C48BD76A8622CBDE8A478A4C';
const ISSUING = 'BE28E49BD6E8AFE69FAB9CFA3CC6E03DF3598BC3ED20BC47FA69BA67FCB757FB';
const ROOT = '0427AEDA59BAA4E15D11FD19DABA468084A10F7A59FC2B832416A0B5E043D8BC';

const file = (name: string): Buffer => readFileSync(new URL(`pfx/${name}.pfx`, import.meta.url));

function opened(pfx: Buffer, passPhrase: string): { leaf: string; chain: string[]; belongs: boolean } {
  const read = readPfx(pfx, passPhrase);
  if (!read.ok) throw new Error(`${read.reason}: ${read.detail}`);
  const leaf = new X509Certificate(read.certificatePem);
  expect(read.privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  return {
    leaf: fingerprint(leaf),
    chain: (read.chainPem.match(/-----BEGIN[^-]+-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) =>
      fingerprint(new X509Certificate(pem)),
    ),
    belongs: leaf.checkPrivateKey(createPrivateKey(read.privateKeyPem)),
  };
}

function fingerprint(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '');
}

describe('a PFX file becomes PEM, byte for byte the same certificate', () => {
  it.each([
    ['RC2-40 and triple DES, as Windows writes it', 'rc2-40', PASS, RSA],
    ['triple DES', 'triple-des', PASS, RSA],
    ['AES', 'aes-chain', PASS, RSA],
    ['a key on an elliptic curve', 'elliptic', PASS, ELLIPTIC],
    ['a Cyrillic pass phrase, AES', 'aes-cyrillic', CYRILLIC, ELLIPTIC],
    ['a Cyrillic pass phrase, RC2', 'rc2-cyrillic', CYRILLIC, ELLIPTIC],
    ['no protection against changes', 'no-mac', PASS, ELLIPTIC],
    ['no encryption inside', 'plain', PASS, ELLIPTIC],
  ])('%s', (_, name, passPhrase, expected) => {
    expect(opened(file(name), passPhrase)).toMatchObject({ leaf: expected, belongs: true });
  });

  it('of several certificates the newest of the key is taken, with its issuers in order and without strangers', () => {
    expect(opened(file('aes-chain'), PASS)).toEqual({ leaf: RSA, chain: [ISSUING, ROOT], belongs: true });
    expect(opened(file('elliptic'), PASS).chain).toEqual([ISSUING]);
    expect(opened(file('rc2-40'), PASS).chain).toEqual([]);
  });

  it('written in pieces (BER), as Java and Windows once did', () => {
    const { OCTETSTRING } = forge.asn1.Type;
    const { UNIVERSAL } = forge.asn1.Class;
    const pfx = forge.asn1.fromDer(file('elliptic').toString('latin1'));
    const content = (pfx.value[1] as forge.asn1.Asn1).value[1] as forge.asn1.Asn1;
    const whole = String((content.value[0] as forge.asn1.Asn1).value);
    const piece = (text: string): forge.asn1.Asn1 => forge.asn1.create(UNIVERSAL, OCTETSTRING, false, text);
    const pieces = [whole.slice(0, 100), whole.slice(100, 101), whole.slice(101)].map(piece);
    content.value = [forge.asn1.create(UNIVERSAL, OCTETSTRING, true, pieces)];
    expect(opened(Buffer.from(forge.asn1.toDer(pfx).getBytes(), 'latin1'), PASS).leaf).toBe(ELLIPTIC);
  });
});

describe('a PFX file that cannot be used is refused with its reason', () => {
  it.each(['rc2-40', 'triple-des', 'aes-chain', 'elliptic', 'aes-cyrillic', 'rc2-cyrillic', 'no-mac'])(
    'a wrong or missing pass phrase: %s',
    (name) => {
      for (const wrong of ['secret-4712', '', 'парол']) {
        const refused = readPfx(file(name), wrong);
        expect(refused).toMatchObject({ ok: false, reason: 'wrong_pass_phrase' });
        if (wrong !== '') expect(JSON.stringify(refused)).not.toContain(wrong);
      }
    },
  );

  it.each([
    ['no key', 'no-key', 'no_private_key'],
    ['no certificate', 'no-certificate', 'no_certificate'],
    ['a cipher that nobody should use', 'rc4', 'unsupported'],
  ])('%s', (_, name, reason) => {
    expect(readPfx(file(name), PASS)).toMatchObject({ ok: false, reason });
  });

  it('a file that asks for a million rounds of key derivation, before computing them', () => {
    const before = process.cpuUsage();
    expect(readPfx(file('costly'), PASS)).toMatchObject({ ok: false, reason: 'too_costly' });
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });

  it('a key and a certificate that do not belong together', () => {
    const pair = (): forge.pki.rsa.PrivateKey => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
      return forge.pki.privateKeyFromPem(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
    };
    const stranger = readPfx(file('rc2-40'), PASS);
    if (!stranger.ok) throw new Error(stranger.detail);
    const certificate = forge.pki.certificateFromPem(stranger.certificatePem);
    const made = forge.pkcs12.toPkcs12Asn1(pair(), [certificate], PASS, { algorithm: '3des' });
    const mixed = Buffer.from(forge.asn1.toDer(made).getBytes(), 'latin1');
    expect(readPfx(mixed, PASS)).toMatchObject({ ok: false, reason: 'key_mismatch' });
  });

  it('two keys, of which nobody can say which is meant', () => {
    const { SEQUENCE, OCTETSTRING } = forge.asn1.Type;
    const first = (node: forge.asn1.Asn1, ...path: number[]): forge.asn1.Asn1 =>
      path.reduce((at, index) => (at.value as forge.asn1.Asn1[])[index] as forge.asn1.Asn1, node);
    const one = forge.asn1.fromDer(file('plain').toString('latin1'));
    const other = forge.asn1.fromDer(file('rc2-40').toString('latin1'));
    const parts = [one, other].flatMap(
      (pfx) => forge.asn1.fromDer(String(first(pfx, 1, 1, 0).value)).value as forge.asn1.Asn1[],
    );
    const { UNIVERSAL } = forge.asn1.Class;
    const both = forge.asn1.toDer(forge.asn1.create(UNIVERSAL, SEQUENCE, true, parts)).getBytes();
    first(one, 1, 1).value = [forge.asn1.create(UNIVERSAL, OCTETSTRING, false, both)];
    one.value = (one.value as forge.asn1.Asn1[]).slice(0, 2);
    const made = Buffer.from(forge.asn1.toDer(one).getBytes(), 'latin1');
    expect(readPfx(made, PASS)).toMatchObject({ ok: false, reason: 'several_private_keys' });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('-----BEGIN CERTIFICATE-----')],
    ['a certificate in DER', Buffer.from('3003020100', 'hex')],
    ['nested without end', Buffer.from('30'.repeat(50_000), 'hex')],
    ['a length that lies', Buffer.from('3084ffffffff0201', 'hex')],
  ])('no PFX at all: %s', (_, bytes) => {
    expect(readPfx(bytes, PASS)).toMatchObject({ ok: false, reason: 'malformed' });
  });

  it('a file larger than the limit', () => {
    expect(readPfx(Buffer.alloc(MAX_PFX_BYTES + 1), PASS)).toMatchObject({ ok: false, reason: 'too_large' });
  });

  it('one byte changed anywhere: never an exception, never another key or certificate', () => {
    const whole = file('elliptic');
    const right = readPfx(whole, PASS);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ change;
        const read = readPfx(changed, PASS);
        if (read.ok) expect(read).toEqual(right);
        else expect(read.detail).not.toContain(PASS);
      }),
      { numRuns: 40 },
    );
  });

  it('cut anywhere: refused', () => {
    const whole = file('rc2-40');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (at) => {
        expect(readPfx(whole.subarray(0, at), PASS)).toMatchObject({ ok: false });
      }),
      { numRuns: 40 },
    );
  });
});
