import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import type { SlotKind, SlotLimits, Slots } from '../src/index.ts';

export interface SlotsUnderTest {
  readonly slots: Slots;
  close(): Promise<void>;
}

const LIMITS: SlotLimits = { start: 2, poll: 3, background: 1 };

/** What slots keep, wherever they are counted. Giving back may take a moment to be seen by others. */
export function slotsContract(name: string, make: (limits: SlotLimits) => Promise<SlotsUnderTest>): void {
  describe(name, () => {
    let under: SlotsUnderTest;
    beforeEach(async () => {
      under = await make(LIMITS);
    });
    afterEach(() => under.close());

    const tryTake = (key: string, kind: SlotKind): Promise<(() => void) | undefined> => under.slots.tryTake(key, kind);
    const take = (key: string, kind: SlotKind): Promise<() => void> => waitFor('a slot', () => tryTake(key, kind));

    it('give out exactly as many of a kind as its limit, and one more when one came back', async () => {
      const first = await take('con_1', 'start');
      await take('con_1', 'start');
      expect(await tryTake('con_1', 'start')).toBeUndefined();
      first();
      await take('con_1', 'start');
      expect(await tryTake('con_1', 'start')).toBeUndefined();
    });

    it('never exceed a limit, however many try at the same moment', async () => {
      const takes = await Promise.all(Array.from({ length: 20 }, () => tryTake('con_1', 'poll')));
      expect(takes.filter((giveBack) => giveBack !== undefined)).toHaveLength(LIMITS.poll);
    });

    it('let no kind of work wait for another: starts find room while polls and background work have none', async () => {
      for (const kind of ['poll', 'poll', 'poll', 'background'] as const) await take('con_1', kind);
      expect([await tryTake('con_1', 'poll'), await tryTake('con_1', 'background')]).toEqual([undefined, undefined]);
      expect(await tryTake('con_1', 'start')).toBeDefined();
    });

    it('let no connection wait for another', async () => {
      await take('con_1', 'background');
      expect(await tryTake('con_1', 'background')).toBeUndefined();
      expect(await tryTake('con_2', 'background')).toBeDefined();
    });

    it('count a slot that is given back twice once', async () => {
      const first = await take('con_1', 'background');
      first();
      await take('con_1', 'background');
      first();
      expect(await tryTake('con_1', 'background')).toBeUndefined();
    });

    it('are all there again after any amount of work', async () => {
      for (let round = 0; round < 20; round += 1) {
        const held = await Promise.all([take('con_1', 'poll'), take('con_1', 'start'), take('con_2', 'poll')]);
        for (const giveBack of held) giveBack();
      }
      for (let n = 0; n < LIMITS.poll; n += 1) await take('con_1', 'poll');
      expect(await tryTake('con_1', 'poll')).toBeUndefined();
    });
  });
}
