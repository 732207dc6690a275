import { createDecipheriv, pbkdf2Sync } from 'node:crypto';
import forge from 'node-forge';
import { RefusedCredential } from './credential-refusal.ts';
import { elementsOf, integerOf, isInteger, octetsOf, oidOf } from './der.ts';
import type { DerNode } from './der.ts';

/** Of one upload, all its parts together. */
const MAX_DERIVATION_MICROSECONDS = 2_000_000;
/** Measured on a slow core: key and initial vector by node-forge in JavaScript, and PBKDF2 by OpenSSL. */
const PKCS12_MICROSECONDS = 6;
const PBKDF2_MICROSECONDS = 1;

/**
 * How much deriving of keys one upload may still ask for. The file itself says how many rounds its key derivation takes,
 * up to 2^31, and the process stands still meanwhile.
 */
export class DerivationBudget {
  #leftMicroseconds = MAX_DERIVATION_MICROSECONDS;

  spend(rounds: number, microsecondsEach: number): void {
    if (rounds < 1) throw new RefusedCredential('malformed', 'a key derivation without rounds');
    this.#leftMicroseconds -= rounds * microsecondsEach;
    if (this.#leftMicroseconds < 0) throw new RefusedCredential('too_costly', 'the key derivation has too many rounds');
  }

  /** The derivation of RFC 7292 §B.2, twice. */
  spendPkcs12(rounds: number): void {
    this.spend(rounds, PKCS12_MICROSECONDS);
  }
}

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const HMAC_SHA1 = '1.2.840.113549.2.7';

/** RFC 8018 §B.1. */
const DIGESTS: Readonly<Record<string, string>> = {
  [HMAC_SHA1]: 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/** RFC 8018 §B.2. */
const CIPHERS: Readonly<Record<string, { name: string; keyBytes: number }>> = {
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
};

/** RFC 7292 §C: what Windows and older OpenSSL and Java write. OpenSSL 3 refuses RC2, hence node-forge. */
const PKCS12_CIPHERS = new Set(['1.2.840.113549.1.12.1.3', '1.2.840.113549.1.12.1.6']);

interface PkcsBasedEncryption {
  getCipher(oid: string, parameters: DerNode | undefined, passPhrase: string): forge.cipher.BlockCipher;
}
// The types of node-forge leave this part out.
const { pbe } = forge.pki as unknown as { pbe: PkcsBasedEncryption };

/**
 * Decrypts what an AlgorithmIdentifier of PKCS #5 or PKCS #12 describes.
 * @param algorithm `SEQUENCE { OID, parameters }`
 * @throws RefusedCredential
 */
export function decryptWithPassPhrase(
  algorithm: DerNode | undefined,
  encrypted: string,
  passPhrase: string,
  budget: DerivationBudget,
): string {
  const [oidNode, parameters] = elementsOf(algorithm);
  const oid = oidOf(oidNode);
  if (oid === PBES2) return decryptPbes2(parameters, encrypted, passPhrase, budget);
  if (!PKCS12_CIPHERS.has(oid)) throw new RefusedCredential('unsupported', `encrypted with ${oid}`);
  budget.spendPkcs12(integerOf(elementsOf(parameters)[1]));
  const cipher = pbe.getCipher(oid, parameters, passPhrase);
  cipher.update(forge.util.createBuffer(encrypted));
  if (!cipher.finish()) throw wrongPassPhrase();
  return cipher.output.getBytes();
}

/** RFC 8018 §6.2. The pass phrase counts as UTF-8 here, unlike in the older forms. */
function decryptPbes2(
  parameters: DerNode | undefined,
  encrypted: string,
  passPhrase: string,
  budget: DerivationBudget,
): string {
  const [derivation, scheme] = elementsOf(parameters);
  const [derivationOid, derivationParameters] = elementsOf(derivation);
  const [schemeOid, iv] = elementsOf(scheme);
  const cipher = CIPHERS[oidOf(schemeOid)];
  if (cipher === undefined) throw new RefusedCredential('unsupported', `encrypted with ${oidOf(schemeOid)}`);
  if (oidOf(derivationOid) !== PBKDF2) {
    throw new RefusedCredential('unsupported', `key derived with ${oidOf(derivationOid)}`);
  }
  const [salt, rounds, ...rest] = elementsOf(derivationParameters);
  const prf = rest.find((node) => !isInteger(node)); // The length of the key may stand before it.
  const digest = DIGESTS[prf === undefined ? HMAC_SHA1 : oidOf(elementsOf(prf)[0])];
  if (digest === undefined) throw new RefusedCredential('unsupported', 'key derived with an unknown digest');
  budget.spend(integerOf(rounds), PBKDF2_MICROSECONDS);
  const key = pbkdf2Sync(passPhrase, bytes(octetsOf(salt)), integerOf(rounds), cipher.keyBytes, digest);
  try {
    const decipher = createDecipheriv(cipher.name, key, bytes(octetsOf(iv)));
    return Buffer.concat([decipher.update(bytes(encrypted)), decipher.final()]).toString('latin1');
  } catch {
    throw wrongPassPhrase();
  }
}

export function wrongPassPhrase(): RefusedCredential {
  return new RefusedCredential('wrong_pass_phrase', 'the pass phrase is missing or does not open this key');
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
