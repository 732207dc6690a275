import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findForbidden } from '../src/index.ts';

const KEY = 'tlm_test_06dz3k8v7x4w9s2r5n1m0qyt3c';

/** Unmistakable at both ends, so that a search for it is never right by accident, and hard to quote in between. */
const value = fc
  .array(fc.constantFrom('a', 'Z', '7', '"', '\\', '/', '?', ' ', 'ы', '+', '€'), { maxLength: 30 })
  .map((noise) => `5ecr3t${noise.join('')}t3rc35`);

const around = fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));

/** Every way in which a value may get into a text. */
const written = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => JSON.stringify(text),
  (text) => JSON.stringify(JSON.stringify({ body: text })),
  (text) => encodeURIComponent(text),
  (text) => encodeURI(text),
  (text) => new URLSearchParams({ q: text }).toString(),
  (text) => Buffer.from(text).toString('hex'),
  (text) => `\\x${Buffer.from(text).toString('hex').toUpperCase()}`,
);

describe('a forbidden value is found', () => {
  it('whatever way it was written down', () => {
    fc.assert(
      fc.property(value, written, around, (secret, write, [before, after]) => {
        const found = findForbidden(`${before}${write(secret)}${after}`, [{ name: 'secret', value: secret }]);
        expect(found.map(({ name }) => name)).toContain('secret');
      }),
    );
  });

  it('in base64, wherever in the encoded bytes it begins', () => {
    fc.assert(
      fc.property(value, around, fc.constantFrom('base64', 'base64url'), (secret, [before, after], encoding) => {
        const text = Buffer.from(`${before}${secret}${after}`).toString(encoding === 'base64' ? 'base64' : 'base64url');
        expect(findForbidden(text, [{ name: 'secret', value: secret }])).toMatchObject([{ form: 'base64' }]);
      }),
    );
  });

  it.each([
    ['its first half', KEY.slice(0, 20)],
    ['its second half', KEY.slice(15)],
  ])('by %s, where the text was cut', (_, text) => {
    expect(findForbidden(`Bearer ${text}`, [{ name: 'key', value: KEY }])).toMatchObject([{ form: 'part' }]);
  });

  it('by any line of a PEM block', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END PRIVATE KEY-----\n';
    expect(findForbidden('{"key":"BgkqhkiG9w0B"}', [{ name: 'pem', value: pem }])).toHaveLength(1);
    expect(findForbidden('-----BEGIN PRIVATE KEY----- *** ', [{ name: 'pem', value: pem }])).toEqual([]);
  });

  it.each(['+7 (701) 555-00-11', '8 701 555 00 11', '7.701.555.0011', '77015550011', '%2B77015550011'])(
    'as the phone %s',
    (text) => {
      expect(findForbidden(`call ${text}!`, [{ name: 'phone', value: '+77015550011' }])).not.toEqual([]);
    },
  );

  it('and named with what stands around it, without repeating it', () => {
    const [found] = findForbidden(`{"a":1,"key":"${KEY}","b":2}`, [{ name: 'key', value: KEY }]);
    expect(found).toEqual({ name: 'key', form: 'plain', around: '{"a":1,"key":"<key>","b":2}' });
  });
});

describe('nothing is found', () => {
  it('where nothing is', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((candidate) => !/5ecr3t|t3rc35/i.test(candidate));
    fc.assert(
      fc.property(value, text, (secret, harmless) => {
        const masked = `Bearer *** ${harmless} tlm_test_*** +***`;
        expect(findForbidden(masked, [{ name: 'secret', value: secret }])).toEqual([]);
      }),
    );
  });

  it.each(['', 'short', '-----BEGIN A-----\n-----END A-----'])('for %j: it is too short to look for', (short) => {
    expect(() => findForbidden('text', [{ name: 'pin', value: short }])).toThrow(/pin is too short/);
  });
});
