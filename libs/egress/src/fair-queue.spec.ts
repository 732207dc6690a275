import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FairQueue } from './fair-queue.ts';

interface Item {
  share: string;
  n: number;
}
type Step = { do: 'offer'; share: string } | { do: 'take' } | { do: 'remove'; at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('offer' as const), share: fc.constantFrom('a', 'b', 'c', 'd') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), at: fc.nat(20) }) },
);
const limits = fc.record({ total: fc.integer({ min: 1, max: 12 }), perShare: fc.integer({ min: 1, max: 8 }) });

/** Runs the steps and keeps a plain list of what waits beside the queue. */
function run(
  bounds: { total: number; perShare: number },
  steps: readonly Step[],
  look: (waiting: readonly Item[], event: { offered?: Item; displaced?: Item; full?: string; took?: Item }) => void,
): void {
  const queue = new FairQueue<Item>(bounds);
  const waiting: Item[] = [];
  const drop = (item: Item): void => void waiting.splice(waiting.indexOf(item), 1);
  steps.forEach((now, n) => {
    if (now.do === 'offer') {
      const item = { share: now.share, n };
      const offered = queue.offer(now.share, item);
      look(waiting, {
        offered: item,
        ...(offered.taken ? (offered.displaced ? { displaced: offered.displaced } : {}) : { full: offered.full }),
      });
      if (offered.taken) {
        if (offered.displaced) drop(offered.displaced);
        waiting.push(item);
      }
    } else if (now.do === 'take') {
      const took = queue.take();
      expect(took === undefined).toBe(waiting.length === 0);
      if (took !== undefined) {
        expect(waiting).toContain(took);
        look(waiting, { took });
        drop(took);
      }
    } else {
      const item = waiting[now.at];
      if (item === undefined) return;
      queue.remove(item.share, item);
      queue.remove(item.share, item);
      drop(item);
    }
    expect(queue.size).toBe(waiting.length);
    expect(queue.shares).toBe(new Set(waiting.map(({ share }) => share)).size);
  });
  const rest = Array.from({ length: waiting.length }, () => queue.take());
  expect(new Set(rest)).toEqual(new Set(waiting));
  expect(queue.take()).toBeUndefined();
}

const held = (waiting: readonly Item[], share: string): number => waiting.filter((item) => item.share === share).length;

describe('the fair queue', () => {
  it('loses and doubles nothing and keeps both of its bounds', () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 80 }), (bounds, steps) => {
        run(bounds, steps, (waiting) => {
          expect(waiting.length).toBeLessThanOrEqual(bounds.total);
          for (const share of 'abcd') expect(held(waiting, share)).toBeLessThanOrEqual(bounds.perShare);
        });
      }),
    );
  });

  it('serves a share in the order of arrival', () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 80 }), (bounds, steps) => {
        run(bounds, steps, (waiting, { took }) => {
          if (took !== undefined) expect(waiting.find(({ share }) => share === took.share)).toBe(took);
        });
      }),
    );
  });

  it('between two turns of a share that waits, no other share has more than one turn', () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 120 }), (bounds, steps) => {
        const since = new Map<string, string[]>();
        run(bounds, steps, (waiting, { took }) => {
          for (const share of [...since.keys()]) if (held(waiting, share) === 0) since.delete(share);
          for (const { share } of waiting) if (!since.has(share)) since.set(share, []);
          if (took === undefined) return;
          since.set(took.share, []);
          for (const [share, turns] of since) {
            if (share !== took.share) turns.push(took.share);
            expect(new Set(turns).size).toBe(turns.length);
          }
        });
      }),
    );
  });

  it('refuses a share with less than its equal part never, and takes the room from a longest share only', () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 120 }), (bounds, steps) => {
        run(bounds, steps, (waiting, { offered, displaced, full }) => {
          if (offered === undefined) return;
          const own = held(waiting, offered.share);
          const longest = Math.max(0, ...[...'abcd'].map((share) => held(waiting, share)));
          if (full === 'share') expect(own).toBe(bounds.perShare);
          if (full === 'queue') {
            expect(waiting).toHaveLength(bounds.total);
            expect(own + 1).toBeGreaterThanOrEqual(longest);
          }
          if (displaced !== undefined) {
            expect(waiting).toHaveLength(bounds.total);
            expect(held(waiting, displaced.share)).toBe(longest);
            expect(longest).toBeGreaterThan(own + 1);
            expect(waiting.findLast(({ share }) => share === displaced.share)).toBe(displaced);
          }
        });
      }),
    );
  });
});
