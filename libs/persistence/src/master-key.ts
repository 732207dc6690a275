import { createHash } from 'node:crypto';

/** A key that wraps data keys; `id` is stored beside what it wrapped, so that keys can be rotated. */
export interface MasterKey {
  readonly id: string;
  readonly key: Buffer;
}

/**
 * Reads master keys from configuration: base64 of 32 bytes, several separated by commas. The first one wraps, all of
 * them unwrap, so a rotation puts the new key in front and keeps the old one until nothing is wrapped by it.
 */
export function parseMasterKeys(text: string): readonly MasterKey[] {
  const keys = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const key = Buffer.from(part, 'base64');
      if (key.length !== 32)
        throw new Error('a master key is the base64 of exactly 32 bytes (openssl rand -base64 32)');
      return { id: createHash('sha256').update(key).digest('hex').slice(0, 16), key };
    });
  if (keys.length === 0) throw new Error('at least one master key is needed');
  return keys;
}

/** Whether `parseMasterKeys` would take this text; for configurations, which name all mistakes at once. */
export function areMasterKeys(text: string): boolean {
  try {
    return parseMasterKeys(text).length > 0;
  } catch {
    return false;
  }
}
