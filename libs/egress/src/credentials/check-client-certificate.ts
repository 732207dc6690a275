import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { certificateSummary } from './certificate-summary.ts';
import type { CertificateSummary } from './certificate-summary.ts';

export type CertificateFlaw =
  /** Not X.509 in PEM. */
  | 'certificate_invalid'
  | 'ca_invalid'
  | 'private_key_invalid'
  | 'private_key_mismatch'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  /** Its extended key usage allows other things, but not to prove oneself as a client. */
  | 'certificate_not_for_clients'
  /** No way from it to a trusted authority through the certificates that came with it. */
  | 'certificate_chain_broken';

export interface CheckedCertificate extends CertificateSummary {
  ok: true;
  serial: string;
  /** The client certificate alone. */
  leafPem: string;
}

/** `detail` is for people and never quotes what was given. */
export interface FlawedCertificate {
  ok: false;
  flaw: CertificateFlaw;
  detail: string;
}

export interface ClientCertificate {
  /** PEM; the client certificate first, intermediate ones after it. */
  certificatePem: string;
  /** What it must belong to: a private key in PEM without encryption, or the public half. */
  key: { privateKeyPem: string } | { publicKey: KeyObject };
  /** PEM of authorities. */
  caPem?: string;
  /**
   * True: its issuers must lead to an authority of `caPem`, or without it to one that signed itself. False: who issued it
   * is the provider's business, and `caPem` has only to be readable.
   */
  wholeChain: boolean;
}

/** More than any chain has. */
const MAX_CERTIFICATES = 16;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_PURPOSE = '2.5.29.37.0';
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Whether a pair can be used to prove who we are, as far as that can be told without asking anybody. Total.
 * @param now epoch milliseconds
 */
export function checkClientCertificate(given: ClientCertificate, now: number): CheckedCertificate | FlawedCertificate {
  const chain = readAll(given.certificatePem);
  const [leaf, ...intermediates] = chain ?? [];
  const summary = certificateSummary(given.certificatePem);
  if (leaf === undefined || summary === undefined) {
    return flaw('certificate_invalid', 'this is not an X.509 certificate in PEM (-----BEGIN CERTIFICATE-----)');
  }
  const authorities = given.caPem === undefined ? [] : readAll(given.caPem);
  if (authorities === undefined) return flaw('ca_invalid', 'these are not X.509 certificates in PEM');
  const mismatch = keyFlaw(leaf, given.key);
  if (mismatch !== undefined) return mismatch;
  if (summary.notAfter.getTime() <= now) {
    return flaw('certificate_expired', `this certificate ended on ${summary.notAfter.toISOString()}`);
  }
  if (summary.notBefore.getTime() > now) {
    return flaw('certificate_not_yet_valid', `this certificate begins on ${summary.notBefore.toISOString()}`);
  }
  if (!isForClients(leaf)) {
    return flaw('certificate_not_for_clients', 'the extended key usage of this certificate does not allow clientAuth');
  }
  if (given.wholeChain && !leadsToAuthority(leaf, intermediates, authorities, now)) {
    const detail =
      'no way leads from this certificate to an authority; send its intermediate certificates and the root';
    return flaw('certificate_chain_broken', detail);
  }
  return { ok: true, ...summary, serial: leaf.serialNumber, leafPem: leaf.toString() };
}

/** Certificates of a PEM text; undefined where there is none or one cannot be read. */
function readAll(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(PEM_CERTIFICATE);
  if (blocks === null || blocks.length > MAX_CERTIFICATES) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function keyFlaw(leaf: X509Certificate, key: ClientCertificate['key']): FlawedCertificate | undefined {
  let publicKey: KeyObject;
  try {
    publicKey = 'publicKey' in key ? key.publicKey : createPublicKey(createPrivateKey(key.privateKeyPem));
  } catch {
    return flaw('private_key_invalid', 'the private key cannot be read');
  }
  if (leaf.publicKey.equals(publicKey)) return undefined;
  return flaw('private_key_mismatch', 'the certificate belongs to another private key');
}

/** Without the extension a certificate may serve for anything (RFC 5280 §4.2.1.12). */
function isForClients(leaf: X509Certificate): boolean {
  // The types of Node miss that a certificate without the extension gives undefined.
  const usages: readonly string[] | undefined = leaf.keyUsage;
  return usages === undefined || usages.includes(CLIENT_AUTH) || usages.includes(ANY_PURPOSE);
}

function leadsToAuthority(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  now: number,
): boolean {
  const pool = [...intermediates, ...authorities].filter((one) => one.ca && isValidAt(one, now));
  const isEnd = (one: X509Certificate): boolean =>
    authorities.length > 0
      ? authorities.some((authority) => authority.fingerprint256 === one.fingerprint256)
      : isIssuer(one, one);
  // Each certificate is looked at once, so the search ends however they point at each other.
  const seen = new Set([leaf.fingerprint256]);
  const reached: X509Certificate[] = [leaf];
  for (const child of reached) {
    if (child !== leaf && isEnd(child)) return true;
    for (const issuer of pool) {
      if (seen.has(issuer.fingerprint256) || !isIssuer(issuer, child)) continue;
      seen.add(issuer.fingerprint256);
      reached.push(issuer);
    }
  }
  return false;
}

function isIssuer(issuer: X509Certificate, child: X509Certificate): boolean {
  return child.checkIssued(issuer) && child.verify(issuer.publicKey);
}

function isValidAt(certificate: X509Certificate, now: number): boolean {
  return Date.parse(certificate.validFrom) <= now && Date.parse(certificate.validTo) > now;
}

function flaw(kind: CertificateFlaw, detail: string): FlawedCertificate {
  return { ok: false, flaw: kind, detail };
}
