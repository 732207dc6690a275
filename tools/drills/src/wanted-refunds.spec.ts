import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { wantedRefunds } from './wanted-refunds.ts';

describe('what is refunded of a sale', () => {
  it('is nothing of three sales in four, and each of the three ways of the others', () => {
    const ways = Array.from({ length: 12 }, (_, index) => wantedRefunds(index, 100_000)).filter(
      (wanted) => wanted.length > 0,
    );
    expect(ways).toEqual([
      [{ amountMinor: 30_000, whole: false }],
      [{ amountMinor: 100_000, whole: true }],
      [
        { amountMinor: 30_000, whole: false },
        { amountMinor: 70_000, whole: false },
      ],
    ]);
  });

  it('is never more than was sold, and always something', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 100_000, max: 900_000 }), (index, soldMinor) => {
        const wanted = wantedRefunds(index, soldMinor);
        const sumMinor = wanted.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
        expect(sumMinor).toBeLessThanOrEqual(soldMinor);
        expect(wanted.every(({ amountMinor }) => amountMinor > 0)).toBe(true);
      }),
    );
  });
});
