import type { KeyObject, X509Certificate } from 'node:crypto';
import { RefusedCredential } from './credential-refusal.ts';
import type { CredentialRefusal } from './credential-refusal.ts';
import { MalformedDer } from './der.ts';
import { openPfx } from './open-pfx.ts';
import { pemOfKey } from './read-private-key.ts';

export const MAX_PFX_BYTES = 256 * 1024;

/**
 * `privateKeyPem` is PKCS #8 without encryption. `chainPem` holds the issuers of the certificate as far as the file has
 * them, nearest first, and may be empty; certificates of the file that did not issue it are left out.
 */
export type PfxResult =
  { ok: true; certificatePem: string; privateKeyPem: string; chainPem: string } | CredentialRefusal;

/**
 * Takes a PFX file (PKCS #12, RFC 7292) apart, those that OpenSSL 3 refuses (RC2, triple DES) included, and checks that
 * key and certificate belong together. Dates are not judged. Takes up to two seconds of computing for a file that asks
 * for it; meant for the moment of an upload.
 */
export function readPfx(pfx: Buffer, passPhrase: string): PfxResult {
  try {
    if (pfx.length > MAX_PFX_BYTES) throw new RefusedCredential('too_large', `larger than ${MAX_PFX_BYTES} bytes`);
    const { keys, certificates } = openPfx(pfx, passPhrase);
    const key = onlyKey(keys);
    const certificate = certificateOf(key, certificates);
    return {
      ok: true,
      certificatePem: certificate.toString(),
      privateKeyPem: pemOfKey(key),
      chainPem: issuersOf(certificate, certificates).join(''),
    };
  } catch (error) {
    if (error instanceof RefusedCredential) return { ok: false, reason: error.reason, detail: error.detail };
    const where = error instanceof MalformedDer ? error.message : 'it cannot be read';
    return { ok: false, reason: 'malformed', detail: `not a PFX file: ${where}` };
  }
}

function onlyKey(keys: readonly KeyObject[]): KeyObject {
  const [key, ...others] = keys;
  if (key === undefined) throw new RefusedCredential('no_private_key', 'the file holds no private key');
  if (others.some((other) => !other.equals(key))) {
    throw new RefusedCredential('several_private_keys', 'the file holds several private keys');
  }
  return key;
}

/** A renewed certificate may lie beside the one before, both of the same key: the one that lasts longest is taken. */
function certificateOf(key: KeyObject, certificates: readonly X509Certificate[]): X509Certificate {
  if (certificates.length === 0) throw new RefusedCredential('no_certificate', 'the file holds no certificate');
  const [best] = certificates
    .filter((certificate) => certificate.checkPrivateKey(key))
    .sort((a, b) => Date.parse(b.validTo) - Date.parse(a.validTo));
  if (best === undefined) {
    throw new RefusedCredential('key_mismatch', 'no certificate in the file belongs to its private key');
  }
  return best;
}

function issuersOf(certificate: X509Certificate, all: readonly X509Certificate[]): X509Certificate[] {
  const chain = [certificate];
  for (let child = certificate; ;) {
    const issuer = all.find(
      (one) =>
        !chain.some((known) => known.fingerprint256 === one.fingerprint256) &&
        child.checkIssued(one) &&
        child.verify(one.publicKey),
    );
    if (issuer === undefined) return chain.slice(1);
    chain.push((child = issuer));
  }
}
