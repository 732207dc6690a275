import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import forge from 'node-forge';
import { readPfx, readPrivateKey } from '../src/index.ts';

const PASS = 'secret-4711';
const CYRILLIC = 'пароль-Қазақ';
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const file = (name: string): Buffer => readFileSync(new URL(`pfx/${name}`, import.meta.url));

function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1', cipher?: string, passphrase = PASS): string {
  return key
    .export({ type, format: 'pem', ...(cipher === undefined ? {} : { cipher, passphrase }) } as never)
    .toString();
}

function oldDes(): string {
  const key = forge.pki.privateKeyFromPem(pem(rsa, 'pkcs1'));
  // The types of node-forge leave this algorithm out.
  const algorithm = 'des' as '3des';
  return forge.pki.encryptRsaPrivateKey(key, PASS, { legacy: true, algorithm });
}

const encrypted: [string, string, KeyObject, string][] = [
  ['PKCS #8, AES', pem(rsa, 'pkcs8', 'aes-256-cbc'), rsa, PASS],
  ['PKCS #8, triple DES', pem(elliptic, 'pkcs8', 'des-ede3-cbc'), elliptic, PASS],
  ['PKCS #8 with a Cyrillic pass phrase', pem(rsa, 'pkcs8', 'aes-128-cbc', CYRILLIC), rsa, CYRILLIC],
  ['DEK-Info, AES', pem(rsa, 'pkcs1', 'aes-256-cbc'), rsa, PASS],
  ['DEK-Info, AES with a Cyrillic pass phrase', pem(rsa, 'pkcs1', 'aes-128-cbc', CYRILLIC), rsa, CYRILLIC],
  ['DEK-Info around a key on a curve', pem(elliptic, 'sec1', 'aes-128-cbc'), elliptic, PASS],
  ['DEK-Info, DES, which OpenSSL 3 refuses', oldDes(), rsa, PASS],
];

describe('a private key in PEM', () => {
  it.each([
    ['PKCS #8', pem(rsa, 'pkcs8'), rsa],
    ['PKCS #1', pem(rsa, 'pkcs1'), rsa],
    ['SEC 1', pem(elliptic, 'sec1'), elliptic],
  ])('without encryption: %s', (_, text, key) => {
    for (const passPhrase of [undefined, PASS]) {
      const read = readPrivateKey(`Bag Attributes\n${text}`, passPhrase);
      expect(read).toEqual({ ok: true, privateKeyPem: pem(key, 'pkcs8') });
    }
  });

  it.each(encrypted)('encrypted: %s', (_, text, key, passPhrase) => {
    expect(readPrivateKey(text, passPhrase)).toEqual({ ok: true, privateKeyPem: pem(key, 'pkcs8') });
  });

  it('encrypted with RC2, which OpenSSL 3 refuses: the key of the PFX beside it', () => {
    const fromPfx = readPfx(file('rc2-40.pfx'), PASS);
    const read = readPrivateKey(file('rc2-key.pem').toString(), PASS);
    if (!fromPfx.ok || !read.ok) throw new Error('both are readable');
    expect(createPublicKey(createPrivateKey(read.privateKeyPem)).equals(createPublicKey(fromPfx.certificatePem))).toBe(
      true,
    );
  });

  it.each(encrypted)('with a wrong or missing pass phrase is refused: %s', (_, text) => {
    for (const passPhrase of ['wrong-4711', '', undefined]) {
      const refused = readPrivateKey(text, passPhrase);
      expect(refused).toMatchObject({ ok: false, reason: 'wrong_pass_phrase' });
      expect(JSON.stringify(refused)).not.toContain('wrong-4711');
    }
  });

  it.each([
    ['nothing', '', 'malformed'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----', 'malformed'],
    ['a key cut short', pem(rsa, 'pkcs8').slice(0, 300), 'malformed'],
    ['garbage in the frame', '-----BEGIN PRIVATE KEY-----\nMIIC\n-----END PRIVATE KEY-----', 'malformed'],
    ['a cipher that nobody should use', file('md5-des-key.pem').toString(), 'unsupported'],
    ['a text without end', `-----BEGIN PRIVATE KEY-----${'A'.repeat(70_000)}`, 'too_large'],
  ])('that cannot be read is refused: %s', (_, text, reason) => {
    expect(readPrivateKey(text, PASS)).toMatchObject({ ok: false, reason });
  });

  it('whose file asks for two thousand million rounds of derivation is refused before computing them', () => {
    const [, costly] = /-----\n([\s\S]+)\n-----/.exec(pem(rsa, 'pkcs8', 'aes-256-cbc')) ?? [];
    const der = Buffer.from(costly ?? '', 'base64').toString('latin1');
    // INTEGER 2048, as OpenSSL writes it, becomes INTEGER 2^31 - 1; the four lengths around it grow by two.
    const node = forge.asn1.fromDer(der);
    const inside = (parent: forge.asn1.Asn1 | undefined, at: number): forge.asn1.Asn1 =>
      (parent?.value as forge.asn1.Asn1[])[at] as forge.asn1.Asn1;
    inside(inside(inside(inside(inside(node, 0), 1), 0), 1), 1).value = '\x7f\xff\xff\xff';
    const changed = Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1').toString('base64');
    const text = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${changed}\n-----END ENCRYPTED PRIVATE KEY-----`;
    expect(readPrivateKey(text, PASS)).toMatchObject({ ok: false, reason: 'too_costly' });
  });
});
