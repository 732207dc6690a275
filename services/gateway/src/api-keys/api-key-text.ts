import { createHash, timingSafeEqual } from 'node:crypto';
import { MODES, type Mode } from '@tolem/contracts';
import { idFromUuid, uuidFromId } from '@tolem/domain';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const SECRET_LENGTH = 40;
const CHECKSUM_LENGTH = 6;
/** tlm_<mode>_<26 characters of the key's id><40 of secret><6 of checksum>. */
const FORM = /^tlm_(test|live)_([0-9a-hjkmnp-tv-z]{26})([0-9a-hjkmnp-tv-z]{40})([0-9a-hjkmnp-tv-z]{6})$/;

export interface ParsedApiKey {
  readonly mode: Mode;
  /** UUID of the key. */
  readonly keyId: string;
  readonly secret: string;
}

/** A key of an id with a secret of 200 random bits. Shown once; only `hashSecret` of it is kept. */
export function makeApiKey(
  mode: Mode,
  keyId: string,
  randomBytes: (n: number) => Uint8Array,
): { text: string; secret: string } {
  const secret = base32(randomBytes(SECRET_LENGTH)).slice(0, SECRET_LENGTH);
  const start = `tlm_${mode}_${idFromUuid('key', keyId).slice('key_'.length)}${secret}`;
  return { text: start + checksum(start), secret };
}

/** Undefined for anything that is not a key we could have made: a mistyped key is told apart without asking the database. */
export function parseApiKey(text: string): ParsedApiKey | undefined {
  const match = FORM.exec(text);
  if (match === null || checksum(text.slice(0, -CHECKSUM_LENGTH)) !== match[4]) return undefined;
  const mode = MODES.find((candidate) => candidate === match[1]);
  const keyId = uuidFromId('key', `key_${match[2] ?? ''}`);
  return mode === undefined || keyId === undefined ? undefined : { mode, keyId, secret: match[3] ?? '' };
}

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Compares without telling by its time how much of it was right. */
export function sameSecret(secret: string, hash: Buffer): boolean {
  return timingSafeEqual(hashSecret(secret), hash);
}

function checksum(text: string): string {
  return base32(createHash('sha256').update(text).digest()).slice(0, CHECKSUM_LENGTH);
}

/** One character of five bits for every byte. */
function base32(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte & 31)).join('');
}
