import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  cryptoProvider,
} from '@peculiar/x509';
import type { Extension, JsonGeneralName, X509Certificate } from '@peculiar/x509';

const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const DAY_MS = 86_400_000;
const BACKDATED_MS = DAY_MS;

cryptoProvider.set(webcrypto);

export interface Issuer {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

export interface PemPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface Made extends Issuer {
  readonly pem: PemPair;
}

export async function makeAuthority(commonName: string, nowMs: number): Promise<Made> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `C=KZ, O=Tolem sandbox, CN=${commonName}`,
    ...validity(nowMs - BACKDATED_MS, 10 * 365),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return made(certificate, keys);
}

export function makeServer(issuer: Issuer, names: readonly JsonGeneralName[], nowMs: number): Promise<Made> {
  return issue(issuer, 'CN=mtokentest.sandbox', validity(nowMs - BACKDATED_MS, 2 * 365), [
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension([...names]),
  ]);
}

/** A partner's certificate as the bank issues it: subject, extensions and five years of kaspi-qr.md §9. */
export function makeClient(issuer: Issuer, commonName: string, fromMs: number, days = 5 * 365): Promise<Made> {
  const subject = `C=KZ, ST=Almaty, L=Almaty, O=Sandbox Retail LLP, CN=${commonName}, E=payments@sandbox.invalid`;
  const { digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment } = KeyUsageFlags;
  return issue(issuer, subject, validity(fromMs - BACKDATED_MS, days), [
    new KeyUsagesExtension(digitalSignature | nonRepudiation | keyEncipherment | dataEncipherment, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
  ]);
}

async function issue(
  issuer: Issuer,
  subject: string,
  dates: { notBefore: Date; notAfter: Date },
  extensions: Extension[],
): Promise<Made> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: issuer.certificate.subject,
    ...dates,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(false, undefined, true), ...extensions],
  });
  return made(certificate, keys);
}

function validity(fromMs: number, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(fromMs), notAfter: new Date(fromMs + days * DAY_MS) };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function made(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<Made> {
  const privateKeyPem = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return {
    certificate,
    keys,
    pem: { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem: `${privateKeyPem}\n` },
  };
}
