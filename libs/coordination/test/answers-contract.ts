import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { type Answers, MAX_ANSWER_LENGTH } from '../src/index.ts';

export interface AnswersUnderTest {
  /** Where the answer is known, and where somebody waits for it: two processes, or the same one twice. */
  readonly teller: Answers;
  readonly listener: Answers;
  close(): Promise<void>;
}

let probes = 0;

/** What answers keep, however they travel. */
export function answersContract(name: string, make: () => Promise<AnswersUnderTest>): void {
  describe(name, () => {
    let under: AnswersUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(() => under.close());

    /** Whoever listens by now hears, and whatever was told by now has been heard. */
    async function settled(): Promise<void> {
      probes += 1;
      const probe = `probe_${probes}`;
      let heard = false;
      const stop = under.listener.listen(probe, () => (heard = true));
      await waitFor('the probe', () => {
        under.teller.tell(probe, '');
        return heard;
      });
      stop();
    }

    it('reach whoever listens for them, word for word, and nobody else', async () => {
      const heard: string[] = [];
      under.listener.listen('que_1', (text) => heard.push(`first: ${text}`));
      under.listener.listen('que_1', (text) => heard.push(`second: ${text}`));
      under.listener.listen('que_2', (text) => heard.push(`other: ${text}`));
      await settled();
      under.teller.tell('que_1', 'Иван "\n" 🧾');
      await settled();
      expect(heard.sort()).toEqual(['first: Иван "\n" 🧾', 'second: Иван "\n" 🧾']);
    });

    it('are heard where they are told as well', async () => {
      const heard: string[] = [];
      under.teller.listen('que_1', (text) => heard.push(text));
      under.teller.tell('que_1', 'here');
      expect(heard).toEqual(['here']);
      await settled();
      expect(heard).toEqual(['here']);
    });

    it('are not heard any more once a listener has ended, nor by whoever listens later', async () => {
      const heard: string[] = [];
      const stop = under.listener.listen('que_1', () => heard.push('ended'));
      await settled();
      stop();
      stop();
      under.teller.tell('que_1', 'too late');
      await settled();
      under.listener.listen('que_1', () => heard.push('later'));
      await settled();
      expect(heard).toEqual([]);
    });

    it('of the greatest length arrive whole, and longer ones are refused before they leave', async () => {
      const heard: string[] = [];
      under.listener.listen('que_1', (text) => heard.push(text));
      await settled();
      const longest = 'я'.repeat(MAX_ANSWER_LENGTH);
      under.teller.tell('que_1', longest);
      await settled();
      expect(() => under.teller.tell('que_1', `${longest}.`)).toThrow(RangeError);
      await settled();
      expect(heard).toEqual([longest]);
    });
  });
}
