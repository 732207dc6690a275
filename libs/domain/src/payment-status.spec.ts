import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  PAYMENT_STATUSES,
  type PaymentStatus,
  canMove,
  isClosedUnpaid,
  isFinal,
  isOpen,
  sourcesOf,
} from './payment-status.ts';

// Written by hand from the data model, not from the code: rows are "from", columns "to", in the order of LETTERS.
const LETTERS: readonly PaymentStatus[] = [
  'created',
  'requires_customer',
  'requires_amount',
  'processing',
  'succeeded',
  'declined',
  'canceled',
  'expired',
  'failed',
  'unknown',
];
const EXPECTED: Record<PaymentStatus, string> = {
  //                  C R A P S D X E F U
  created: '          . # # # # # # # # #',
  requires_customer: '. . . # # # # # # #',
  requires_amount: '  . . . # # # # # # #',
  processing: '       . . . . # # # # # #',
  succeeded: '        . . . . . . . . . .',
  declined: '         . . . . # . . . . .',
  canceled: '         . . . . # . . . . .',
  expired: '          . . . . # . . . . .',
  failed: '           . . . . # . . . . .',
  unknown: '          . . . . # # # # # .',
};

const allPairs = LETTERS.flatMap((from) => LETTERS.map((to) => [from, to] as const));

describe('the life of a payment', () => {
  it('is asked about every pair of its ten statuses', () => {
    expect(PAYMENT_STATUSES.toSorted()).toEqual(LETTERS.toSorted());
    expect(allPairs).toHaveLength(100);
  });

  it.each(allPairs)('%s → %s is allowed exactly where the data model says so', (from, to) => {
    const row = EXPECTED[from].trim().split(' ');
    expect(row).toHaveLength(10);
    expect(canMove(from, to)).toBe(row[LETTERS.indexOf(to)] === '#');
  });

  it('lets nothing leave succeeded', () => {
    expect(PAYMENT_STATUSES.filter((to) => canMove('succeeded', to))).toEqual([]);
  });

  it('lets paid outrank every other fact', () => {
    expect(sourcesOf('succeeded').toSorted()).toEqual(LETTERS.filter((status) => status !== 'succeeded').toSorted());
  });

  it('names as sources exactly the statuses that may move there', () => {
    for (const to of PAYMENT_STATUSES) {
      expect(sourcesOf(to)).toEqual(PAYMENT_STATUSES.filter((from) => canMove(from, to)));
    }
    expect(sourcesOf('created')).toEqual([]);
  });

  it('ends: however facts arrive, a payment changes at most five times and never leaves succeeded', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PAYMENT_STATUSES), { maxLength: 40 }), (facts) => {
        let status: PaymentStatus = 'created';
        let changes = 0;
        for (const fact of facts) {
          if (!canMove(status, fact)) continue;
          status = fact;
          changes += 1;
        }
        expect(changes).toBeLessThanOrEqual(5);
        if (facts.includes('succeeded')) expect(status).toBe('succeeded');
      }),
    );
  });
});

describe('ends', () => {
  it('every status is either open or final, and final is either paid or closed unpaid', () => {
    expect(PAYMENT_STATUSES.filter(isOpen)).toEqual([
      'created',
      'requires_customer',
      'requires_amount',
      'processing',
      'unknown',
    ]);
    expect(PAYMENT_STATUSES.filter(isFinal)).toEqual(['succeeded', 'declined', 'canceled', 'expired', 'failed']);
    expect(PAYMENT_STATUSES.filter(isClosedUnpaid)).toEqual(['declined', 'canceled', 'expired', 'failed']);
  });
});
