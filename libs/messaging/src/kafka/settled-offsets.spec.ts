import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SettledOffsets } from './settled-offsets.ts';

describe('the account of a partition', () => {
  it('never passes a message that is not settled, and stands behind the last one when all are', () => {
    const world = fc
      .record({ first: fc.nat(1_000_000), count: fc.integer({ min: 1, max: 50 }), settled: fc.nat(50) })
      .chain(({ first, count, settled }) =>
        fc.record({
          first: fc.constant(first),
          settled: fc.constant(Math.min(settled, count)),
          order: fc.shuffledSubarray(
            Array.from({ length: count }, (_, n) => first + n),
            { minLength: count },
          ),
        }),
      );
    fc.assert(
      fc.property(world, ({ first, order, settled }) => {
        const offsets = new SettledOffsets(first);
        for (let n = 0; n < order.length; n += 1) offsets.take(first + n);
        for (const offset of order.slice(0, settled)) offsets.settle(offset);
        const open = order.slice(settled);
        expect(offsets.position).toBe(open.length === 0 ? first + order.length : Math.min(...open));
      }),
    );
  });

  it('stays where it is for what was given up, until that was read again and settled', () => {
    const offsets = new SettledOffsets(10);
    for (const offset of [10, 11, 12]) offsets.take(offset);
    offsets.settle(10);
    offsets.settle(12);
    expect(offsets.position).toBe(11);
    offsets.take(11);
    offsets.take(12);
    offsets.settle(11);
    expect(offsets.position).toBe(12);
    offsets.settle(12);
    expect(offsets.position).toBe(13);
  });

  it('goes over gaps, which compaction and others leave', () => {
    const offsets = new SettledOffsets(0);
    offsets.take(0);
    offsets.take(1_000);
    offsets.settle(0);
    expect(offsets.position).toBe(1_000);
    offsets.settle(1_000);
    expect(offsets.position).toBe(1_001);
  });
});
