import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ClientInfoLimit } from './client-info-limit.ts';

describe('the limit on looking payers up', () => {
  it('never lets more than 50 calls of a device through within a minute, and never fewer than it may', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { minLength: 60, maxLength: 150 }), (pauses) => {
        const limit = new ClientInfoLimit();
        const allowed: number[] = [];
        let nowMs = 0;
        for (const pause of pauses) {
          nowMs += pause;
          const inWindow = allowed.filter((atMs) => atMs > nowMs - 60_000).length;
          expect(limit.allows('desk', nowMs)).toBe(inWindow < 50);
          if (inWindow < 50) allowed.push(nowMs);
        }
      }),
    );
  });

  it('counts each device by itself and forgets all of them when cleared', () => {
    const limit = new ClientInfoLimit();
    const used = Array.from({ length: 51 }, () => limit.allows('one', 0));
    expect([used.filter(Boolean).length, limit.allows('two', 0)]).toEqual([50, true]);
    limit.clear();
    expect(limit.allows('one', 0)).toBe(true);
  });
});
