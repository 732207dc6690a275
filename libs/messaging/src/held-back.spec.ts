import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import { HeldBack } from './held-back.ts';

const MINUTE_MS = 60_000;

describe('a message that is held back', () => {
  it('waits one second after its first try, twice as long after each other, and never longer than five minutes', () => {
    const clock = new ManualClock();
    const held = new HeldBack(clock);
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]) {
      held.parked('a');
      clock.advance(waitMs - 1);
      expect(held.mustWait('a')).toBe(true);
      clock.advance(1);
      expect(held.mustWait('a')).toBe(false);
    }
  });

  it('starts from the beginning once it was handled, or when others have come to handle it', () => {
    const clock = new ManualClock();
    const held = new HeldBack(clock);
    for (const forget of [() => held.release('a'), () => held.clear()]) {
      for (let tries = 0; tries < 5; tries += 1) held.parked('a');
      forget();
      expect(held.mustWait('a')).toBe(false);
      held.parked('a');
      clock.advance(1_000);
      expect(held.mustWait('a')).toBe(false);
    }
  });

  it('does not wait because its handler failed, but is known to be held', () => {
    const held = new HeldBack(new ManualClock());
    held.failed('a');
    held.parked('b');
    expect(held.mustWait('a')).toBe(false);
    expect([...held.ids].sort()).toEqual(['a', 'b']);
    expect(held.parkedCount).toBe(1);
  });

  it('is forgotten past the bound, the longest held first, and then tried at once', () => {
    const held = new HeldBack(new ManualClock(), 2);
    for (const id of ['a', 'b', 'a', 'c']) held.parked(id);
    expect(held.ids).toEqual(['a', 'c']);
    expect(held.mustWait('b')).toBe(false);
  });

  it('is forgotten when nobody brings it again: its row is gone', () => {
    const clock = new ManualClock();
    const held = new HeldBack(clock);
    held.parked('gone');
    held.parked('kept');
    for (let minute = 0; minute < 11; minute += 1) {
      clock.advance(MINUTE_MS);
      held.mustWait('kept');
    }
    expect(held.ids).toEqual(['kept']);
    expect(held.parkedCount).toBe(1);
  });
});
