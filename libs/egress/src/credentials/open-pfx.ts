import { timingSafeEqual, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { RefusedCredential } from './credential-refusal.ts';
import { DerivationBudget, decryptWithPassPhrase, wrongPassPhrase } from './decrypt-with-pass-phrase.ts';
import { elementsOf, encodeDer, integerOf, MalformedDer, octetsOf, oidOf, parseDer } from './der.ts';
import type { DerNode } from './der.ts';
import { keyOfPkcs8, openEncryptedKey } from './read-private-key.ts';

export interface PfxContents {
  keys: KeyObject[];
  certificates: X509Certificate[];
}

/** More parts than any export has. */
const MAX_BAGS = 64;

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';

const MAC_DIGESTS: Readonly<Record<string, { create: () => forge.md.MessageDigest; bytes: number }>> = {
  '1.3.14.3.2.26': { create: () => forge.md.sha1.create(), bytes: 20 },
  '2.16.840.1.101.3.4.2.1': { create: () => forge.md.sha256.create(), bytes: 32 },
  '2.16.840.1.101.3.4.2.2': { create: () => forge.md.sha384.create(), bytes: 48 },
  '2.16.840.1.101.3.4.2.3': { create: () => forge.md.sha512.create(), bytes: 64 },
};

/**
 * Reads all keys and certificates of a PFX (RFC 7292 §4). node-forge could do this in one call, but it keeps no limit on
 * the rounds of key derivation, which the file chooses, and spoils pass phrases beyond ASCII.
 * @throws RefusedCredential | MalformedDer
 */
export function openPfx(pfx: Buffer, passPhrase: string): PfxContents {
  const budget = new DerivationBudget();
  const [version, authSafe, mac] = elementsOf(parseDer(pfx.toString('latin1')));
  if (integerOf(version) !== 3) throw new MalformedDer('version is not 3');
  const safe = contentOf(authSafe, passPhrase, budget);
  if (mac !== undefined) checkMac(mac, safe, passPhrase, budget);

  const contents: PfxContents = { keys: [], certificates: [] };
  let bags = 0;
  for (const part of elementsOf(parseDer(safe))) {
    for (const bag of elementsOf(parseDecrypted(contentOf(part, passPhrase, budget)))) {
      if ((bags += 1) > MAX_BAGS) throw new RefusedCredential('too_large', `more than ${MAX_BAGS} parts`);
      takeBag(bag, passPhrase, budget, contents);
    }
  }
  return contents;
}

/** The bytes within a ContentInfo: as they are, or decrypted. */
function contentOf(contentInfo: DerNode | undefined, passPhrase: string, budget: DerivationBudget): string {
  const [type, tagged] = elementsOf(contentInfo);
  const content = elementsOf(tagged)[0];
  if (oidOf(type) === DATA) return octetsOf(content);
  if (oidOf(type) !== ENCRYPTED_DATA) throw new RefusedCredential('unsupported', 'not protected by a pass phrase');
  const [, algorithm, encrypted] = elementsOf(elementsOf(content)[1]);
  return decryptWithPassPhrase(algorithm, octetsOf(encrypted), passPhrase, budget);
}

/** A file without a MAC shows a wrong pass phrase only here. */
function parseDecrypted(bytes: string): DerNode {
  try {
    return parseDer(bytes);
  } catch {
    throw wrongPassPhrase();
  }
}

function takeBag(bag: DerNode, passPhrase: string, budget: DerivationBudget, contents: PfxContents): void {
  const [type, tagged] = elementsOf(bag);
  const value = elementsOf(tagged)[0];
  if (value === undefined) throw new MalformedDer('an empty part');
  switch (oidOf(type)) {
    case KEY_BAG:
      contents.keys.push(keyOfPkcs8(encodeDer(value)));
      return;
    case SHROUDED_KEY_BAG:
      contents.keys.push(openEncryptedKey(encodeDer(value).toString('latin1'), passPhrase, budget));
      return;
    case CERTIFICATE_BAG: {
      const [kind, certificate] = elementsOf(value);
      if (oidOf(kind) !== X509_CERTIFICATE) return;
      contents.certificates.push(certificateOf(octetsOf(elementsOf(certificate)[0])));
      return;
    }
    default: // Revocation lists and secrets of other kinds are none of ours.
  }
}

function certificateOf(der: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(der, 'latin1'));
  } catch {
    throw new RefusedCredential('unsupported', 'a certificate that cannot be read');
  }
}

/** RFC 7292 §5.1: the pass phrase also protects the whole from changes. */
function checkMac(mac: DerNode, safe: string, passPhrase: string, budget: DerivationBudget): void {
  const [digestInfo, salt, rounds] = elementsOf(mac);
  const [algorithm, expected] = elementsOf(digestInfo);
  const oid = oidOf(elementsOf(algorithm)[0]);
  const digest = MAC_DIGESTS[oid];
  if (digest === undefined) throw new RefusedCredential('unsupported', `protected with ${oid}`);
  const roundCount = rounds === undefined ? 1 : integerOf(rounds);
  budget.spendPkcs12(roundCount);
  const saltBytes = forge.util.createBuffer(octetsOf(salt));
  const key = forge.pkcs12.generateKey(passPhrase, saltBytes, 3, roundCount, digest.bytes, digest.create());
  const hmac = forge.hmac.create();
  hmac.start(digest.create(), key);
  hmac.update(safe);
  const computed = Buffer.from(hmac.getMac().getBytes(), 'latin1');
  const given = Buffer.from(octetsOf(expected), 'latin1');
  if (computed.length !== given.length || !timingSafeEqual(computed, given)) throw wrongPassPhrase();
}
