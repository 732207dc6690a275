import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isFinalRefund, REFUND_STATUSES, refundCanMove, type RefundStatus } from './refund-status.ts';

// Written by hand, not from the code: rows are "from", columns "to".
const LETTERS: readonly RefundStatus[] = [
  'pending',
  'requires_customer',
  'processing',
  'succeeded',
  'failed',
  'canceled',
  'unknown',
];
const EXPECTED: Record<RefundStatus, string> = {
  //                  N R P S F X U
  pending: '          . # # # # # #',
  requires_customer: '. . # # # # #',
  processing: '       . . . # # . #',
  succeeded: '        . . . . . . .',
  failed: '           . . . . . . .',
  canceled: '         . . . . . . .',
  unknown: '          . . . # # . .',
};

const allPairs = LETTERS.flatMap((from) => LETTERS.map((to) => [from, to] as const));

describe('the life of a refund', () => {
  it('is asked about every pair of its seven statuses', () => {
    expect(REFUND_STATUSES.toSorted()).toEqual(LETTERS.toSorted());
  });

  it.each(allPairs)('%s → %s is allowed exactly where the table says so', (from, to) => {
    const row = EXPECTED[from].trim().split(' ');
    expect(row).toHaveLength(LETTERS.length);
    expect(refundCanMove(from, to)).toBe(row[LETTERS.indexOf(to)] === '#');
  });

  it('never comes back to where it was, on any way', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...LETTERS), { maxLength: 20 }), (wishes) => {
        const way: RefundStatus[] = ['pending'];
        for (const wish of wishes) if (refundCanMove(way.at(-1) ?? 'pending', wish)) way.push(wish);
        expect(new Set(way).size).toBe(way.length);
      }),
    );
  });

  it('cannot be given up once money may be on its way, and is not over while nobody knows', () => {
    expect(refundCanMove('processing', 'canceled')).toBe(false);
    expect(refundCanMove('unknown', 'canceled')).toBe(false);
    expect(isFinalRefund('unknown')).toBe(false);
    expect(LETTERS.filter(isFinalRefund)).toEqual(['succeeded', 'failed', 'canceled']);
  });
});
