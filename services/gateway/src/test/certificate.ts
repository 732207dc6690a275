import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

export interface TestCertificate {
  readonly certificate: string;
  readonly private_key: string;
}

/** One pair for all certificates of a process: making RSA keys is what costs. */
let pair: { publicKey: string; privateKey: string } | undefined;

export function testKeyPair(): { publicKey: string; privateKey: string } {
  pair ??= newKeyPair();
  return pair;
}

export function newKeyPair(): { publicKey: string; privateKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** A client certificate that its own key has signed. */
export function testCertificate(options: { notBefore?: Date; notAfter?: Date; name?: string } = {}): TestCertificate {
  const { publicKey, privateKey } = testKeyPair();
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = '01';
  certificate.validity.notBefore = options.notBefore ?? new Date('2025-01-01T00:00:00Z');
  certificate.validity.notAfter = options.notAfter ?? new Date('2045-01-01T00:00:00Z');
  const name = [{ shortName: 'CN', value: options.name ?? 'Small Shops LLP' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), private_key: privateKey };
}
