import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCursor, writeCursor } from './event-cursor.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const OWNER = { tenantId: '018f3b7e-0000-7000-8000-000000000001', mode: 'test' } as const;
const cursors = fc.record({
  era: fc.integer({ min: 0, max: 1_000 }),
  txid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  seq: fc.maxSafeNat(),
  atMs: fc.integer({ min: NOW - 29 * 86_400_000, max: NOW }),
});

describe('a cursor of events', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(readCursor(OWNER, writeCursor(OWNER, cursor), NOW)).toEqual(cursor);
      }),
    );
  });

  it('is refused where a character of it was lost or changed', () => {
    fc.assert(
      fc.property(cursors, fc.nat(), (cursor, place) => {
        const text = writeCursor(OWNER, cursor);
        const at = place % text.length;
        for (const broken of [
          text.slice(0, at) + text.slice(at + 1),
          `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`,
        ]) {
          // The last character of base64 may carry bits that mean nothing.
          if (Buffer.from(broken, 'base64url').equals(Buffer.from(text, 'base64url'))) continue;
          expect(() => readCursor(OWNER, broken, NOW)).toThrow('`after` must be');
        }
      }),
    );
  });

  it('of one mode is nothing in the other', () => {
    const text = writeCursor(OWNER, { era: 1, txid: '7', seq: 1, atMs: NOW });
    expect(() => readCursor({ ...OWNER, mode: 'live' }, text, NOW)).toThrow('`after` must be');
  });
});
