import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { certificateRequest, publicKeyOfRequest } from '../src/index.ts';

let folder: string;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const WISH = {
  subject: [
    { type: 'C', value: 'KZ' },
    { type: 'ST', value: 'Almaty' },
    { type: 'L', value: 'Almaty' },
    { type: 'O', value: 'Small Shops LLP' },
    { type: 'CN', value: 'pay.shops.example' },
    { type: 'emailAddress', value: 'it@shops.example' },
  ],
  keyUsage: ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'],
} as const;

/** What the real openssl makes of a request; the package openssl has to be installed. */
function openssl(csr: string): string {
  const file = join(folder, 'request.csr');
  writeFileSync(file, csr);
  // It reports the result of -verify on stderr, and fails where the signature is wrong.
  return execFileSync('sh', ['-c', 'openssl req -in "$0" -noout -verify -text 2>&1', file], { encoding: 'utf8' });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tolem-csr-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a request for a certificate', () => {
  it('is what openssl itself would make: signature, name, the two extensions and nothing else', () => {
    const text = openssl(certificateRequest(privateKey, WISH));
    expect(text).toMatch(/verify OK/);
    expect(text).toMatch(
      /Subject: C ?= ?KZ, ST ?= ?Almaty, L ?= ?Almaty, O ?= ?Small Shops LLP, CN ?= ?pay\.shops\.example, emailAddress ?= ?it@shops\.example\n/,
    );
    expect(text).toMatch(/Public-Key: \(2048 bit\)/);
    expect(text).toMatch(/Signature Algorithm: sha256WithRSAEncryption/);
    expect(text).toMatch(
      /X509v3 Key Usage: *\n *Digital Signature, Non Repudiation, Key Encipherment, Data Encipherment\n/,
    );
    expect(text).toMatch(/X509v3 Extended Key Usage: *\n *TLS Web Client Authentication\n/);
    expect(text.match(/X509v3/g)).toHaveLength(2);
    expect(text).not.toMatch(/challenge|unstructured|OU ?=/i);
  });

  it('asks only for the key usage that is wished for, and takes names in any script', () => {
    const csr = certificateRequest(privateKey, {
      subject: [{ type: 'O', value: 'Дүкен' }],
      keyUsage: ['digitalSignature', 'keyEncipherment'],
    });
    const text = openssl(csr);
    expect(text).toMatch(/Key Usage: *\n *Digital Signature, Key Encipherment\n/);
    expect(text).toContain('verify OK');
  });

  it('holds the public half of its key and not the private one', () => {
    const csr = certificateRequest(privateKey, WISH);
    expect(publicKeyOfRequest(csr)?.equals(createPublicKey(privateKey))).toBe(true);
    const secret = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(400, 430).toString('latin1');
    expect(Buffer.from(csr.replace(/-----.*-----/g, ''), 'base64').toString('latin1')).not.toContain(secret);
  });

  it('is made for RSA keys only', () => {
    const { privateKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => certificateRequest(other, WISH)).toThrow('RSA');
  });

  it.each([
    '',
    'no PEM',
    '-----BEGIN CERTIFICATE REQUEST-----\nMIIC\n-----END CERTIFICATE REQUEST-----',
    '-----BEGIN CERTIFICATE REQUEST-----\n!!!!\n-----END CERTIFICATE REQUEST-----',
    '-----BEGIN CERTIFICATE REQUEST-----\nMAUwAwIBAA==\n-----END CERTIFICATE REQUEST-----',
  ])('is not %j', (text) => {
    expect(publicKeyOfRequest(text)).toBeUndefined();
  });
});
