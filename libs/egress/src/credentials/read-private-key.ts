import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { RefusedCredential } from './credential-refusal.ts';
import type { CredentialRefusal } from './credential-refusal.ts';
import { DerivationBudget, decryptWithPassPhrase, wrongPassPhrase } from './decrypt-with-pass-phrase.ts';
import { elementsOf, MalformedDer, octetsOf, parseDer } from './der.ts';

const MAX_PEM_CHARACTERS = 64 * 1024;

/** `privateKeyPem` is PKCS #8 without encryption. */
export type PrivateKeyResult = { ok: true; privateKeyPem: string } | CredentialRefusal;

/**
 * Opens a private key in PEM: PKCS #8 plain or encrypted (also with ciphers that OpenSSL 3 no longer reads), the older
 * RSA and EC forms, and those encrypted with `DEK-Info`. A pass phrase for a key that has none is ignored. Takes up to
 * two seconds of computing for a file that asks for it; meant for the moment of an upload.
 */
export function readPrivateKey(pem: string, passPhrase = ''): PrivateKeyResult {
  try {
    return { ok: true, privateKeyPem: pemOfKey(openPem(pem, passPhrase)) };
  } catch (error) {
    if (error instanceof RefusedCredential) return { ok: false, reason: error.reason, detail: error.detail };
    return { ok: false, reason: 'malformed', detail: 'not a private key in PEM' };
  }
}

export function pemOfKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** @throws RefusedCredential when the kind of key is unknown (such as GOST). */
export function keyOfPkcs8(der: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    throw new RefusedCredential('unsupported', 'a private key of an unknown kind');
  }
}

/** Decrypts an EncryptedPrivateKeyInfo (RFC 5958 §3). */
export function openEncryptedKey(der: string, passPhrase: string, budget: DerivationBudget): KeyObject {
  const [algorithm, encrypted] = elementsOf(parseDer(der));
  const plain = decryptWithPassPhrase(algorithm, octetsOf(encrypted), passPhrase, budget);
  try {
    // One wrong pass phrase in 256 leaves a padding that looks right, and then no ASN.1.
    parseDer(plain);
  } catch {
    throw wrongPassPhrase();
  }
  return keyOfPkcs8(Buffer.from(plain, 'latin1'));
}

function openPem(pem: string, passPhrase: string): KeyObject {
  if (pem.length > MAX_PEM_CHARACTERS) throw new RefusedCredential('too_large', 'larger than 64 KiB');
  const block = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----([^-]+(?:-[^-]+)*)-----END \1-----/.exec(pem);
  const [whole, kind, inside] = block ?? [];
  if (whole === undefined || inside === undefined) throw new MalformedDer('no private key in PEM');
  if (kind === 'ENCRYPTED PRIVATE KEY') {
    return openEncryptedKey(Buffer.from(inside, 'base64').toString('latin1'), passPhrase, new DerivationBudget());
  }
  if (!/Proc-Type:\s*4,\s*ENCRYPTED/.test(inside)) return createPrivateKey(whole);
  return openOldEncryptedPem(whole, passPhrase);
}

/** The encryption of PEM itself (RFC 1421), which knows one round of derivation only. */
function openOldEncryptedPem(pem: string, passPhrase: string): KeyObject {
  try {
    // OpenSSL 3 reads AES and triple DES, node-forge also DES and RC2, but only around RSA keys.
    if (!/DEK-Info:\s*(?:DES-CBC|RC2-)/.test(pem)) return createPrivateKey({ key: pem, passphrase: passPhrase });
    const key = forge.pki.decryptRsaPrivateKey(pem, forge.util.encodeUtf8(passPhrase));
    return createPrivateKey(forge.pki.privateKeyToPem(key));
  } catch {
    throw wrongPassPhrase();
  }
}
