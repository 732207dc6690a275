import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_SLOT_LIMITS, MemorySlots, type SlotKind } from './slots.ts';

const LIMITS = { start: 2, poll: 3, background: 1 };

describe('slots in memory', () => {
  it('gives out exactly as many slots of a kind as its limit, and one more when one came back', async () => {
    const slots = new MemorySlots(LIMITS);
    const first = await slots.tryTake('con_1', 'start');
    expect(await slots.tryTake('con_1', 'start')).toBeDefined();
    expect(await slots.tryTake('con_1', 'start')).toBeUndefined();
    first?.();
    expect(await slots.tryTake('con_1', 'start')).toBeDefined();
    expect(await slots.tryTake('con_1', 'start')).toBeUndefined();
  });

  it('never lets a kind of work or a connection wait for another', async () => {
    const slots = new MemorySlots(LIMITS);
    await slots.tryTake('con_1', 'background');
    expect(await slots.tryTake('con_1', 'background')).toBeUndefined();
    expect(await slots.tryTake('con_1', 'start')).toBeDefined();
    expect(await slots.tryTake('con_2', 'background')).toBeDefined();
  });

  it('counts a slot that is given back twice once', async () => {
    const slots = new MemorySlots({ ...LIMITS, start: 1 });
    const first = await slots.tryTake('con_1', 'start');
    first?.();
    expect(await slots.tryTake('con_1', 'start')).toBeDefined();
    first?.();
    expect(await slots.tryTake('con_1', 'start')).toBeUndefined();
  });

  it('never exceeds a limit and never loses a slot, whatever is taken and given back', async () => {
    const take = fc.record({
      key: fc.constantFrom('con_1', 'con_2'),
      kind: fc.constantFrom<SlotKind>('start', 'poll', 'background'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(take, fc.nat(20)), { maxLength: 60 }), async (steps) => {
        const slots = new MemorySlots(LIMITS);
        const held: { name: string; giveBack: () => void }[] = [];
        for (const step of steps) {
          if (typeof step === 'number') {
            held.splice(step, 1)[0]?.giveBack();
            continue;
          }
          const name = `${step.key} ${step.kind}`;
          const taken = held.filter((slot) => slot.name === name).length;
          const giveBack = await slots.tryTake(step.key, step.kind);
          expect(giveBack !== undefined).toBe(taken < LIMITS[step.kind]);
          if (giveBack !== undefined) held.push({ name, giveBack });
        }
      }),
    );
  });

  it('allows by default what the limits of the house say', () => {
    expect(DEFAULT_SLOT_LIMITS).toEqual({ start: 32, poll: 64, background: 8 });
  });
});
