import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.ts';

describe('a pace', () => {
  it('lets the first through at once and the next no earlier than its time', async () => {
    const pace = new Pace(30);
    await pace.turn();
    const sinceMs = performance.now();
    await pace.turn();
    // Timers of Node may fire a fraction of a millisecond early, never more.
    expect(performance.now() - sinceMs).toBeGreaterThan(28);
  });

  it('lets all who wait through together', async () => {
    const pace = new Pace(10);
    await pace.turn();
    const waiting = [pace.turn(), pace.turn(), pace.turn()];
    expect(new Set(waiting).size).toBe(1);
    await Promise.all(waiting);
  });
});
