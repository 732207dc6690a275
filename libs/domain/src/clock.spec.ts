import { describe, expect, it } from '@jest/globals';
import { ManualClock, systemClock } from './clock.ts';

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock(1_000);
    expect([clock.now(), clock.now(), clock.monotonicMs()]).toEqual([1_000, 1_000, 0]);
  });

  it('moves both clocks when time passes', () => {
    const clock = new ManualClock(1_000);
    clock.advance(250);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_250, 250]);
  });

  it('keeps the monotonic clock when the wall clock is corrected backwards', () => {
    const clock = new ManualClock(1_000);
    clock.advance(500);
    clock.stepWall(-400);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_100, 500]);
  });

  it('refuses to let time pass backwards', () => {
    expect(() => new ManualClock().advance(-1)).toThrow(RangeError);
    expect(() => new ManualClock().advance(Number.NaN)).toThrow(RangeError);
  });
});

describe('systemClock', () => {
  it('gives epoch milliseconds and a monotonic reading that never falls', () => {
    expect(systemClock.now()).toBeGreaterThan(Date.UTC(2025, 0, 1));
    const first = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first);
  });
});
