import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';
import { signCertificate } from './sign-certificate.ts';

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

interface CertificateOptions {
  readonly notAfter?: Date;
}

/** A client certificate that its own key has signed. */
export function testCertificate(options: CertificateOptions = {}): TestCertificate {
  const { publicKey, privateKey } = testKeyPair();
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date('2025-01-01T00:00:00Z');
  certificate.validity.notAfter = options.notAfter ?? new Date('2045-01-01T00:00:00Z');
  const name = [{ shortName: 'CN', value: 'Small Shops LLP' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  return { certificate: signCertificate(certificate, privateKey), private_key: privateKey };
}
