import { describe, expect, it } from '@jest/globals';
import { ClaimSize } from './claim-size.ts';

/** Looks one after the other, each finding `due` entries and `slots` free ones; gives what each look took in vain. */
function inVain(size: ClaimSize, looks: number, due: number, slots: number): number[] {
  return Array.from({ length: looks }, () => {
    const taken = Math.min(size.next(), due);
    const without = Math.max(0, taken - slots);
    for (let n = 0; n < without; n += 1) size.noSlot();
    return without;
  });
}

describe('how many entries a look takes', () => {
  it('is all that is due where there are slots for them', () => {
    const size = new ClaimSize(200);
    expect(inVain(size, 10, 150, 200).every((without) => without === 0)).toBe(true);
    expect(size.next()).toBe(200);
  });

  it('comes near to what finds a slot', () => {
    const [first, ...later] = inVain(new ClaimSize(200), 40, 10_000, 64);
    expect(first).toBe(136);
    expect(Math.max(...later.slice(1))).toBeLessThanOrEqual(16);
  });

  it('grows again where slots are free again, up to its bound', () => {
    const size = new ClaimSize(200);
    inVain(size, 10, 10_000, 64);
    expect(inVain(size, 20, 10_000, 1_000).every((without) => without === 0)).toBe(true);
    expect(size.next()).toBe(200);
  });

  it('never is nothing, so that slots that are free again are noticed', () => {
    const size = new ClaimSize(200);
    inVain(size, 20, 10_000, 0);
    expect(size.next()).toBe(16);
  });

  it('stays within a bound that is smaller than that', () => {
    const size = new ClaimSize(5);
    inVain(size, 5, 100, 0);
    expect(size.next()).toBe(5);
  });
});
