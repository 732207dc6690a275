import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import type { SingleFlight } from '../src/index.ts';

export interface SingleFlightUnderTest {
  /** Two processes, or the same one twice. */
  readonly here: SingleFlight;
  readonly there: SingleFlight;
  close(): Promise<void>;
}

/** What single flight keeps, wherever it is decided who runs. */
export function singleFlightContract(name: string, make: () => Promise<SingleFlightUnderTest>): void {
  describe(name, () => {
    let under: SingleFlightUnderTest;
    let runs: number;
    beforeEach(async () => {
      under = await make();
      runs = 0;
    });
    afterEach(() => under.close());

    /** Work that goes on until the spec lets it end. */
    function heldWork<T>(): { work: () => Promise<T>; end: (value: T) => void; fail: (error: Error) => void } {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const work = (): Promise<T> => {
        runs += 1;
        return promise;
      };
      return { work, end: resolve, fail: reject };
    }
    const begun = (): Promise<boolean> => waitFor('the run to begin', () => runs > 0);

    it('runs the work once for all who ask at the same moment, and gives everybody its value', async () => {
      const { work, end } = heldWork<{ sum: number }>();
      const asked = [under.here, under.there, under.here].map((side) => side.run('key', work));
      await begun();
      asked.push(under.there.run('key', work));
      end({ sum: 149_000 });
      expect(await Promise.all(asked)).toEqual(asked.map(() => ({ sum: 149_000 })));
      expect(runs).toBe(1);
    });

    it('gives everybody its error', async () => {
      const { work, fail } = heldWork<number>();
      const asked = [under.here, under.there].map((side) => side.run('key', work));
      const outcomes = Promise.allSettled(asked);
      await begun();
      fail(new Error('the bank is away'));
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'the bank is away' } });
      }
      expect(runs).toBe(1);
    });

    it('gives an error that is thrown before anything was awaited in the same way', async () => {
      const broken = (): Promise<number> => {
        throw new Error('at once');
      };
      await expect(under.here.run('key', broken)).rejects.toThrow('at once');
      expect(await under.here.run('key', async () => 1)).toBe(1);
    });

    it('runs again for whoever asks after the end, whether it ended well or badly', async () => {
      const count = async (): Promise<number> => (runs += 1);
      expect(await under.here.run('key', count)).toBe(1);
      expect(await under.here.run('key', count)).toBe(2);
      await expect(under.here.run('key', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      expect(await under.here.run('key', count)).toBe(3);
    });

    it('lets no key wait for another', async () => {
      const { work, end } = heldWork<string>();
      const slow = under.here.run('slow', work);
      expect(await under.here.run('quick', async () => 'quick')).toBe('quick');
      expect(await under.there.run('quick', async () => 'quick again')).toBe('quick again');
      end('slow');
      expect(await slow).toBe('slow');
    });

    it('never runs two works of one key at once, whoever asks and when', async () => {
      let running = 0;
      let most = 0;
      const work = async (): Promise<number> => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return (runs += 1);
      };
      const ask = async (side: SingleFlight): Promise<void> => {
        for (let n = 0; n < 10; n += 1) await side.run('key', work);
      };
      await Promise.all([ask(under.here), ask(under.there), ask(under.here)]);
      expect(most).toBe(1);
      expect(runs).toBeGreaterThanOrEqual(10);
    });
  });
}
