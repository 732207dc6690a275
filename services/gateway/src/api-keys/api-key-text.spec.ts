import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { IdFactory, systemClock } from '@tolem/domain';
import fc from 'fast-check';
import { hashSecret, makeApiKey, parseApiKey, sameSecret } from './api-key-text.ts';

const ids = new IdFactory(systemClock);
const made = () => {
  const keyId = ids.uuid();
  return { keyId, ...makeApiKey('live', keyId, randomBytes) };
};

describe('the text of an API key', () => {
  it('reads back as what it was made of, with a secret of its own each time', () => {
    const one = made();
    const other = makeApiKey('live', one.keyId, randomBytes);
    expect(parseApiKey(one.text)).toEqual({ mode: 'live', keyId: one.keyId, secret: one.secret });
    expect(one.text).toMatch(/^tlm_live_[0-9a-z]{72}$/);
    expect(other.secret).not.toBe(one.secret);
  });

  it('is told apart from every text with one character changed, without asking anybody', () => {
    const { text } = made();
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz'),
        (place, character) => {
          const typo = text.slice(0, place) + character + text.slice(place + 1);
          expect(parseApiKey(typo) === undefined).toBe(typo !== text);
        },
      ),
    );
  });

  it('is no arbitrary text, however long', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => parseApiKey(text) === undefined));
    expect(parseApiKey(`tlm_test_${'0'.repeat(72)}`)).toBeUndefined();
  });

  it('proves itself against the hash of its own secret alone', () => {
    const one = made();
    expect(sameSecret(one.secret, hashSecret(one.secret))).toBe(true);
    expect(sameSecret(made().secret, hashSecret(one.secret))).toBe(false);
  });
});
