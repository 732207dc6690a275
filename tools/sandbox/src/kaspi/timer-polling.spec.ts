import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TIMER_RULE, looksLikeTimer } from './timer-polling.ts';

function times(pauses: readonly number[]): number[] {
  return pauses.reduce<number[]>((all, pause) => [...all, (all.at(-1) ?? 0) + pause], [0]);
}

describe('questions by a timer', () => {
  it('are known by equal pauses, whatever their length and however it began', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(90_000), { maxLength: 5 }), fc.integer({ min: 1, max: 600_000 }), (before, pause) => {
        expect(looksLikeTimer(times([...before, pause, pause, pause, pause, pause]), TIMER_RULE)).toBe(true);
      }),
    );
  });

  it('are not few questions, nor uneven ones, nor a burst at one moment', () => {
    expect(looksLikeTimer(times([5000, 5000, 5000, 5000]), TIMER_RULE)).toBe(false);
    expect(looksLikeTimer(times([5000, 5000, 9000, 5000, 5000]), TIMER_RULE)).toBe(false);
    expect(looksLikeTimer(times([0, 0, 0, 0, 0]), TIMER_RULE)).toBe(false);
    expect(looksLikeTimer([], TIMER_RULE)).toBe(false);
  });

  it('are judged as tolerantly as told', () => {
    const uneven = times([1000, 1200, 900]);
    expect(looksLikeTimer(uneven, { equalPauses: 3, tolerance: 0.2 })).toBe(true);
    expect(looksLikeTimer(uneven, { equalPauses: 3, tolerance: 0.1 })).toBe(false);
  });
});
