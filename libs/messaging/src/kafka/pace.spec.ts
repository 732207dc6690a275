import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.ts';

/** Time that passes only while somebody waits for it. */
function ownTime(): {
  now(): number;
  wait(ms: number): Promise<void>;
  readonly waits: number[];
  rest(ms: number): void;
} {
  let nowMs = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => nowMs,
    rest: (ms) => void (nowMs += ms),
    wait: async (ms) => {
      waits.push(ms);
      nowMs += ms;
    },
  };
}

describe('a pace', () => {
  it('lets the first through at once, the next when its time has come, and at once after a rest', async () => {
    const time = ownTime();
    const pace = new Pace(4, time);
    await pace.turn();
    time.rest(1);
    await pace.turn();
    time.rest(10);
    await pace.turn();
    expect(time.waits).toEqual([0, 3, 0]);
  });

  it('lets all who wait through together', async () => {
    const time = ownTime();
    const pace = new Pace(4, time);
    await Promise.all([pace.turn(), pace.turn(), pace.turn()]);
    expect(time.waits).toEqual([0]);
  });
});
