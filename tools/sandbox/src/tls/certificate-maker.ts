import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
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
import type {
  Extension,
  JsonGeneralName,
  JsonName,
  PublicKeyType,
  X509Certificate,
  X509CertificateCreateParamsName,
} from '@peculiar/x509';

export const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const DAY_MS = 86_400_000;
export const BACKDATED_MS = DAY_MS;
/** A partner's certificate is good for five years (Kaspi QR v3.9 §1.3.2). */
export const PARTNER_DAYS = 5 * 365;
/** What a partner has to ask for, and gets (Kaspi QR v3.9, Appendix 2; kaspi-qr.md §9). */
export const PARTNER_KEY_USAGE =
  KeyUsageFlags.digitalSignature |
  KeyUsageFlags.nonRepudiation |
  KeyUsageFlags.keyEncipherment |
  KeyUsageFlags.dataEncipherment;

cryptoProvider.set(webcrypto);

export interface Issuer {
  readonly certificate: X509Certificate;
  readonly privateKey: webcrypto.CryptoKey;
}

export interface PemPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface Made extends Issuer {
  readonly pem: PemPair;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export async function makeAuthority(commonName: string, nowMs: number, issuer?: Issuer): Promise<Made> {
  const keys = await makeKeys();
  const name = `C=KZ, O=Tolem sandbox, CN=${commonName}`;
  const extensions = [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ];
  const dates = validity(nowMs - BACKDATED_MS, 10 * 365);
  const serialNumber = newSerial();
  const certificate =
    issuer === undefined
      ? await X509CertificateGenerator.createSelfSigned({
          ...{ name, ...dates, keys, serialNumber, extensions },
          signingAlgorithm: ALGORITHM,
        })
      : await X509CertificateGenerator.create({
          ...{ subject: name, issuer: issuer.certificate.subject, ...dates, serialNumber, extensions },
          publicKey: keys.publicKey,
          signingKey: issuer.privateKey,
          signingAlgorithm: ALGORITHM,
        });
  return made(certificate, keys);
}

export async function makeServer(issuer: Issuer, names: readonly JsonGeneralName[], nowMs: number): Promise<Made> {
  const keys = await makeKeys();
  const certificate = await issue(
    issuer,
    'CN=mtokentest.sandbox',
    keys.publicKey,
    validity(nowMs - BACKDATED_MS, 730),
    [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([...names]),
    ],
  );
  return made(certificate, keys);
}

/** A partner's certificate and key as the bank hands them out for its test contour (Kaspi QR v3.9 §1.3.2). */
export async function makeClient(
  issuer: Issuer,
  commonName: string,
  fromMs: number,
  days = PARTNER_DAYS,
  organizationBin?: string,
): Promise<Made> {
  const keys = await makeKeys();
  const subject: JsonName = [
    { C: ['KZ'] },
    { ST: ['Almaty'] },
    { L: ['Almaty'] },
    { O: ['Sandbox Retail LLP'] },
    { CN: [commonName] },
    { E: ['payments@sandbox.invalid'] },
    ...organizationName(organizationBin),
  ];
  const dates = validity(fromMs - BACKDATED_MS, days);
  return made(await issuePartner(issuer, subject, keys.publicKey, dates), keys);
}

/** A certificate of a partner for a key that the partner has made (Kaspi QR v3.9, Appendix 2). */
export function issuePartner(
  issuer: Issuer,
  subject: X509CertificateCreateParamsName,
  publicKey: PublicKeyType,
  dates: Validity,
): Promise<X509Certificate> {
  return issue(issuer, subject, publicKey, dates, [
    new KeyUsagesExtension(PARTNER_KEY_USAGE, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
  ]);
}

/** ASSUMPTION: how a certificate names its organization; the document says only that it belongs to one, by BIN. */
export function organizationName(bin: string | undefined): JsonName {
  return bin === undefined ? [] : [{ '2.5.4.5': [`BIN${bin}`] }];
}

export function validity(fromMs: number, days: number): Validity {
  return { notBefore: new Date(fromMs), notAfter: new Date(fromMs + days * DAY_MS) };
}

export async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function issue(
  issuer: Issuer,
  subject: X509CertificateCreateParamsName,
  publicKey: PublicKeyType,
  dates: Validity,
  extensions: Extension[],
): Promise<X509Certificate> {
  return X509CertificateGenerator.create({
    subject,
    issuer: issuer.certificate.subject,
    ...dates,
    serialNumber: newSerial(),
    publicKey,
    signingKey: issuer.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(false, undefined, true), ...extensions],
  });
}

/** 16 bytes with a first one that neither makes the number negative nor disappears. */
function newSerial(): string {
  return `4${randomBytes(16).toString('hex').slice(1)}`;
}

async function made(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<Made> {
  const privateKeyPem = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return {
    certificate,
    privateKey: keys.privateKey,
    pem: { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem: `${privateKeyPem}\n` },
  };
}
