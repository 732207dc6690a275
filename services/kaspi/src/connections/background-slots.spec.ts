import { describe, expect, it } from '@jest/globals';
import { MemorySlots, type SlotKind, type Slots } from '@tolem/coordination';
import { backgroundWithin } from './background-slots.ts';

const take = (slots: Slots, keys: readonly string[], kind: SlotKind = 'background') =>
  Promise.all(keys.map((key) => slots.tryTake(key, kind)));
const taken = (slots: readonly unknown[]): number => slots.filter((one) => one !== undefined).length;
const CONNECTIONS = Array.from({ length: 100 }, (_, no) => `con_${no}`);

describe('slots for background work', () => {
  it('of all connections together are a quarter of the connections to the bank', async () => {
    const slots = backgroundWithin(new MemorySlots(), 96);
    expect(taken(await take(slots, CONNECTIONS))).toBe(24);
    expect(taken(await take(backgroundWithin(new MemorySlots(), 1), CONNECTIONS))).toBe(1);
  });

  it.each(['start', 'poll'] as const)('take nothing from slots for a %s', async (kind) => {
    const slots = backgroundWithin(new MemorySlots(), 4);
    await take(slots, CONNECTIONS);
    expect(taken(await take(slots, CONNECTIONS, kind))).toBe(CONNECTIONS.length);
  });

  it('are free again when they are given back, each once', async () => {
    const slots = backgroundWithin(new MemorySlots(), 8);
    const [first] = await take(slots, ['con_1', 'con_2']);
    first?.();
    first?.();
    expect(taken(await take(slots, ['con_3', 'con_4']))).toBe(1);
  });

  it('keep the bound of each connection, and what finds none there counts for nothing', async () => {
    const slots = backgroundWithin(new MemorySlots({ start: 1, poll: 1, background: 2 }), 12);
    expect(taken(await take(slots, ['con_1', 'con_1']))).toBe(2);
    for (let time = 0; time < 5; time += 1) expect(taken(await take(slots, ['con_1']))).toBe(0);
    expect(taken(await take(slots, ['con_2']))).toBe(1);
  });

  it('that could not be counted are not counted', async () => {
    const broken: Slots = { tryTake: () => Promise.reject(new Error('the store is away')) };
    const slots = backgroundWithin(broken, 4);
    for (let time = 0; time < 3; time += 1) {
      await expect(slots.tryTake('con_1', 'background')).rejects.toThrow('the store is away');
    }
  });
});
