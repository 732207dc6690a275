import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TrialTurns } from './trial-turns.ts';

const some = (count: number) => Array.from({ length: count }, (_, no) => ({ id: `crt_${no}`, version: 2 }));

describe('turns of versions that wait', () => {
  it('come to each within as many looks as it takes to try all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }), (count, mostAtOnce) => {
        const turns = new TrialTurns(mostAtOnce);
        const waiting = some(count);
        const looks = Math.ceil(count / mostAtOnce);
        for (const round of [0, 1]) {
          const tried = Array.from({ length: looks }, (_, look) => turns.next(waiting, round * 1_000 + look));
          expect(new Set(tried.flat().map((turn) => turn.waiting.id)).size).toBe(count);
          for (const at of tried) expect(at.length).toBeLessThanOrEqual(mostAtOnce);
        }
      }),
    );
  });

  it('count the time of each from its own first try, however long it waited for that', () => {
    const turns = new TrialTurns(1);
    const [one, other] = some(2);
    if (one === undefined || other === undefined) throw new Error('two were made');
    expect(turns.next([one, other], 0)).toEqual([{ waiting: one, triedForMs: 0 }]);
    expect(turns.next([one, other], 3_600_001)).toEqual([{ waiting: other, triedForMs: 0 }]);
    expect(turns.next([one, other], 3_600_002)).toEqual([{ waiting: one, triedForMs: 3_600_002 }]);
    expect(turns.next([one, other], 3_600_010)).toEqual([{ waiting: other, triedForMs: 9 }]);
  });

  it('begin anew for what has stopped waiting in between', () => {
    const turns = new TrialTurns(5);
    const waiting = some(1);
    turns.next(waiting, 0);
    turns.next([], 10);
    expect(turns.next(waiting, 20)).toMatchObject([{ triedForMs: 0 }]);
  });
});
