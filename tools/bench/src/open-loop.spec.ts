import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dueAt, runOpenLoop } from './open-loop.ts';

const never = new AbortController().signal;

describe('the arrivals of an open loop', () => {
  it('never go back, never pass the total, and are all there when the time is over', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.double({ min: 0, max: 70_000, noNaN: true })),
        (rate, seconds, times) => {
          const total = rate * seconds;
          const counts = times.toSorted((a, b) => a - b).map((ms) => dueAt(ms, rate, total));
          expect(counts).toEqual(counts.toSorted((a, b) => a - b));
          expect(counts.every((due) => due >= 1 && due <= total)).toBe(true);
          expect(dueAt(seconds * 1_000, rate, total)).toBe(total);
        },
      ),
    );
  });

  it('keep their rate though no operation ends', async () => {
    const fired: number[] = [];
    const outcome = await runOpenLoop({
      rate: 500,
      seconds: 0.1,
      fire: (index) => {
        fired.push(index);
        return new Promise(() => undefined);
      },
      mostUnderWay: 1_000,
      drainMs: 0,
      signal: never,
    });
    expect(fired).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(outcome).toMatchObject({ sent: 50, overflowed: false, left: 50 });
  });

  it('end when more operations are under way than a run keeps', async () => {
    const outcome = await runOpenLoop({
      rate: 1_000,
      seconds: 5,
      fire: () => new Promise(() => undefined),
      mostUnderWay: 10,
      drainMs: 0,
      signal: never,
    });
    expect(outcome).toMatchObject({ sent: 10, overflowed: true, left: 10 });
  });

  it('wait for what is under way before the outcome is told', async () => {
    let ended = 0;
    const last = Promise.withResolvers<undefined>();
    const outcome = await runOpenLoop({
      rate: 200,
      seconds: 0.05,
      fire: (index) => {
        if (index === 9) setImmediate(() => last.resolve(undefined));
        return last.promise.then(() => void (ended += 1));
      },
      mostUnderWay: 100,
      drainMs: 5_000,
      signal: never,
    });
    expect(outcome).toMatchObject({ sent: 10, left: 0 });
    expect(ended).toBe(10);
  });
});
