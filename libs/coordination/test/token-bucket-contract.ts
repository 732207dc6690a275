import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TokenBuckets } from '../src/index.ts';

export interface TokenBucketsUnderTest {
  readonly buckets: TokenBuckets;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const LIMITS = { capacity: 10, refillPerSecond: 5 };

/** What token buckets keep, wherever they are counted. */
export function tokenBucketContract(
  name: string,
  make: () => Promise<TokenBucketsUnderTest>,
  { runs = 200 }: { readonly runs?: number } = {},
): void {
  describe(name, () => {
    let under: TokenBucketsUnderTest;
    let buckets: TokenBuckets;
    beforeEach(async () => {
      under = await make();
      buckets = under.buckets;
    });
    afterEach(() => under.close());

    async function taken(key: string, tries: number, limits = LIMITS): Promise<number> {
      const takes = await Promise.all(Array.from({ length: tries }, () => buckets.tryTake(key, limits)));
      return takes.filter(({ ok }) => ok).length;
    }

    it('begin full and give out no more than their capacity at once, however many try at the same moment', async () => {
      expect(await taken('key', 50)).toBe(10);
      expect(await buckets.tryTake('key', LIMITS)).toEqual({ ok: false, afterMs: 200 });
    });

    it('fill at their rate, and never above their capacity', async () => {
      await taken('key', 10);
      await under.advance(1_000);
      expect(await taken('key', 50)).toBe(5);
      await under.advance(3_600_000);
      expect(await taken('key', 50)).toBe(10);
    });

    it('belong to their keys: one that is empty takes nothing from another', async () => {
      await taken('greedy', 50);
      expect(await taken('modest', 3)).toBe(3);
    });

    it('take all that is asked for or nothing', async () => {
      expect(await buckets.tryTake('key', LIMITS, 7)).toEqual({ ok: true });
      expect(await buckets.tryTake('key', LIMITS, 4)).toEqual({ ok: false, afterMs: 200 });
      expect(await buckets.tryTake('key', LIMITS, 3)).toEqual({ ok: true });
      expect(await buckets.tryTake('key', LIMITS, 10)).toEqual({ ok: false, afterMs: 2_000 });
    });

    it('follow limits that change: a smaller bucket is smaller at once', async () => {
      expect(await taken('key', 2)).toBe(2);
      expect(await taken('key', 50, { capacity: 3, refillPerSecond: 1 })).toBe(3);
      await under.advance(1_000);
      expect(await taken('key', 50, { capacity: 20, refillPerSecond: 4 })).toBe(4);
    });

    it('refuse what no waiting would ever fulfil, and limits that mean nothing', async () => {
      await expect(buckets.tryTake('key', LIMITS, 11)).rejects.toThrow(RangeError);
      for (const wrong of [0, -1, Number.NaN, Infinity]) {
        await expect(buckets.tryTake('key', LIMITS, wrong)).rejects.toThrow(RangeError);
        await expect(buckets.tryTake('key', { ...LIMITS, capacity: wrong })).rejects.toThrow(RangeError);
        await expect(buckets.tryTake('key', { ...LIMITS, refillPerSecond: wrong })).rejects.toThrow(RangeError);
      }
      expect(await taken('key', 50)).toBe(10);
    });

    const limits = fc.record({
      capacity: fc.integer({ min: 1, max: 50 }),
      refillPerSecond: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0.01, max: 50, noNaN: true })),
    });

    it('name the exact time to wait: a millisecond earlier is too early, then it is enough', async () => {
      await fc.assert(
        fc.asyncProperty(limits, fc.array(fc.nat(400), { maxLength: 20 }), async (of, pauses) => {
          const own = await make();
          try {
            for (const pause of pauses) {
              await own.buckets.tryTake('key', of, Math.max(Math.floor(of.capacity / 2), 1));
              await own.advance(pause);
            }
            const first = await own.buckets.tryTake('key', of, of.capacity);
            if (first.ok) return;
            expect(Number.isInteger(first.afterMs)).toBe(true);
            await own.advance(first.afterMs - 1);
            expect(await own.buckets.tryTake('key', of, of.capacity)).toEqual({ ok: false, afterMs: 1 });
            await own.advance(1);
            expect(await own.buckets.tryTake('key', of, of.capacity)).toEqual({ ok: true });
          } finally {
            await own.close();
          }
        }),
        { numRuns: runs },
      );
    });

    it('never give out more in any stretch of time than their capacity and what came back meanwhile', async () => {
      const steps = fc.array(fc.record({ waitMs: fc.nat(500), tokens: fc.integer({ min: 1, max: 8 }) }), {
        maxLength: 60,
      });
      await fc.assert(
        fc.asyncProperty(limits, steps, async (of, history) => {
          const own = await make();
          try {
            const takes: { at: number; tokens: number }[] = [];
            let now = 0;
            for (const { waitMs, tokens } of history) {
              now += waitMs;
              await own.advance(waitMs);
              const wanted = Math.min(tokens, of.capacity);
              if ((await own.buckets.tryTake('key', of, wanted)).ok) takes.push({ at: now, tokens: wanted });
            }
            for (const [from, { at: begin }] of takes.entries()) {
              let sum = 0;
              for (const { at, tokens } of takes.slice(from)) {
                sum += tokens;
                expect(sum).toBeLessThanOrEqual(of.capacity + ((at - begin) * of.refillPerSecond) / 1_000 + 1e-3);
              }
            }
          } finally {
            await own.close();
          }
        }),
        { numRuns: runs },
      );
    });
  });
}
