import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import type { WakeUps } from '../src/index.ts';

export interface WakeUpsUnderTest {
  /** Where something happens, and where somebody waits: two processes, or the same one twice. */
  readonly waker: WakeUps;
  readonly waiter: WakeUps;
  close(): Promise<void>;
}

let probes = 0;

/** What wake-ups keep, however they travel. */
export function wakeUpsContract(name: string, make: () => Promise<WakeUpsUnderTest>): void {
  describe(name, () => {
    let under: WakeUpsUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(() => under.close());

    /** Whoever listens by now hears, and whatever was woken by now has been heard. */
    async function settled(): Promise<void> {
      probes += 1;
      const probe = `probe_${probes}`;
      let heard = false;
      const stop = under.waiter.listen(probe, () => (heard = true));
      await waitFor('the probe', () => {
        under.waker.wake([probe]);
        return heard;
      });
      stop();
    }
    async function wake(...ids: readonly string[]): Promise<void> {
      under.waker.wake(ids);
      await settled();
    }

    it('reach every listener of the ids named and no other', async () => {
      const heard: string[] = [];
      under.waiter.listen('pay_1', () => heard.push('first of 1'));
      under.waiter.listen('pay_1', () => heard.push('second of 1'));
      under.waiter.listen('pay_2', () => heard.push('2'));
      under.waiter.listen('pay_3', () => heard.push('3'));
      await settled();
      await wake('pay_1', 'pay_2', 'pay_unknown');
      expect(heard.sort()).toEqual(['2', 'first of 1', 'second of 1']);
    });

    it('reach listeners where the waking happens as well as elsewhere', async () => {
      const heard: string[] = [];
      under.waker.listen('pay_1', () => heard.push('here'));
      under.waiter.listen('pay_1', () => heard.push('there'));
      await settled();
      await waitFor('both', () => {
        under.waker.wake(['pay_1']);
        return heard.includes('here') && heard.includes('there');
      });
    });

    it('are not heard any more once a listener was removed, however often it is removed', async () => {
      const heard: string[] = [];
      const stop = under.waiter.listen('pay_1', () => heard.push('stopped'));
      await settled();
      stop();
      under.waiter.listen('pay_1', () => heard.push('stays'));
      stop();
      await settled();
      await wake('pay_1');
      expect(heard).toEqual(['stays']);
    });

    it('are heard twice by a function that listens twice, and once more after one of the two ended', async () => {
      let count = 0;
      const heard = (): void => void (count += 1);
      const stop = under.waiter.listen('pay_1', heard);
      under.waiter.listen('pay_1', heard);
      await settled();
      await wake('pay_1');
      expect(count).toBe(2);
      stop();
      await settled();
      await wake('pay_1');
      expect(count).toBe(3);
    });

    it('end even when a listener listens again while it is called', async () => {
      let count = 0;
      const listenAgain = (): void => {
        const stop = under.waiter.listen('pay_1', () => {
          count += 1;
          if (count > 100) throw new Error('a wake-up without an end');
          stop();
          listenAgain();
        });
      };
      listenAgain();
      await settled();
      await wake('pay_1');
      expect(count).toBe(1);
      await wake('pay_1');
      expect(count).toBe(2);
    });

    it('are not kept for whoever listens later', async () => {
      await wake('pay_1');
      let heard = 0;
      under.waiter.listen('pay_1', () => (heard += 1));
      await settled();
      expect(heard).toBe(0);
    });

    it.each(['before it listens', 'after it listens, before it reads', 'after it has read'])(
      'and a waiter that listens, reads, and reads again when woken miss nothing: the news comes %s',
      async (moment) => {
        let truth = 'open';
        const happen = (when: string): void => {
          if (when !== moment) return;
          truth = 'paid';
          under.waker.wake(['pay_1']);
        };
        const { promise: woken, resolve: wakeUp } = Promise.withResolvers<undefined>();
        happen('before it listens');
        under.waiter.listen('pay_1', () => wakeUp(undefined));
        await settled();
        happen('after it listens, before it reads');
        let read = truth;
        happen('after it has read');
        if (read === 'open') {
          await woken;
          read = truth;
        }
        expect(read).toBe('paid');
      },
    );

    it('cost nothing where nobody listens, however many there are', async () => {
      under.waker.wake(Array.from({ length: 10_000 }, (_, n) => `pay_${n}`));
      under.waker.wake([]);
      await settled();
    });
  });
}
