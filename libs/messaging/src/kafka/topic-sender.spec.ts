import { describe, expect, it } from '@jest/globals';
import type { OutgoingMessage } from './kafka-message.ts';
import { TopicSender } from './topic-sender.ts';

const message = (value: string): OutgoingMessage => ({ key: 'lane', value, headers: {} });
const numbered = (count: number): OutgoingMessage[] => Array.from({ length: count }, (_, n) => message(String(n)));

interface Under {
  readonly sender: TopicSender;
  readonly batches: string[][];
  readonly troubles: string[];
}

function senderWith(carry: (batch: readonly string[]) => Promise<void> | void, maxWaiting = 10_000): Under {
  const batches: string[][] = [];
  const troubles: string[] = [];
  const sender = new TopicSender({
    topic: 'events',
    maxWaiting,
    onError: (error, topic) => troubles.push(`${topic}: ${String(error)}`),
    carry: async (_, messages) => {
      const batch = messages.map(({ value }) => value);
      batches.push(batch);
      await carry(batch);
    },
  });
  return { sender, batches, troubles };
}

describe('sending to one topic', () => {
  it('puts into one batch what comes in one turn, in order, and tells each sender', async () => {
    const { sender, batches } = senderWith(() => undefined);
    const outcomes = numbered(3).map((each) => sender.send(each));
    expect(batches).toEqual([]);
    expect(await Promise.all(outcomes)).toEqual([true, true, true]);
    expect(batches).toEqual([['0', '1', '2']]);
  });

  it('sends one batch at a time, and what comes meanwhile goes together in the next', async () => {
    const { promise: passed, resolve: pass } = Promise.withResolvers<undefined>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>();
    const { sender, batches } = senderWith(async () => {
      begin(undefined);
      await passed;
    });
    const first = sender.send(message('first'));
    await begun;
    const others = ['second', 'third'].map((each) => sender.send(message(each)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(batches).toEqual([['first']]);
    pass(undefined);
    expect(await Promise.all([first, ...others])).toEqual([true, true, true]);
    expect(batches).toEqual([['first'], ['second', 'third']]);
  });

  it('keeps each batch below what a broker takes', async () => {
    const { sender, batches } = senderWith(() => undefined);
    await Promise.all(numbered(1_200).map((each) => sender.send(each)));
    expect(batches.map((batch) => batch.length)).toEqual([500, 500, 200]);
    batches.splice(0);
    await Promise.all([1, 2, 3].map(() => sender.send(message('x'.repeat(400_000)))));
    expect(batches.map((batch) => batch.length)).toEqual([2, 1]);
  });

  it('gives a failed batch back with all that waits behind it, so that nothing overtakes it; tells once until it works', async () => {
    let broken = true;
    const { sender, batches, troubles } = senderWith(() => {
      if (broken) throw new Error('away');
    });
    expect((await Promise.all(numbered(700).map((each) => sender.send(each)))).some((held) => held)).toBe(false);
    expect(await sender.send(message('more'))).toBe(false);
    expect(batches.map((batch) => batch.length)).toEqual([500, 1]);
    expect(troubles).toEqual(['events: Error: away']);
    broken = false;
    expect(await sender.send(message('again'))).toBe(true);
    broken = true;
    expect(await sender.send(message('and again'))).toBe(false);
    expect(troubles).toHaveLength(2);
  });

  it('refuses what does not fit, and takes more when there is room', async () => {
    const { sender } = senderWith(() => undefined, 2);
    const outcomes = numbered(3).map((each) => sender.send(each));
    expect(await Promise.all(outcomes)).toEqual([true, true, false]);
    expect(await sender.send(message('later'))).toBe(true);
  });

  it('refuses a message that no broker would take, and it alone', async () => {
    const { sender, troubles } = senderWith(() => undefined);
    const outcomes = [message('x'.repeat(2_000_000)), message('small')].map((each) => sender.send(each));
    expect(await Promise.all(outcomes)).toEqual([false, true]);
    expect(troubles).toEqual([expect.stringContaining('too large')]);
  });

  it('sends the messages of a batch that is too large for the brokers one by one, and refuses the one to blame', async () => {
    const { sender, batches, troubles } = senderWith((batch) => {
      if (batch.includes('huge')) throw Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' });
    });
    const messages = ['first', 'huge', 'last'].map(message);
    expect(await Promise.all(messages.map((each) => sender.send(each)))).toEqual([true, false, true]);
    expect(messages.map((each) => sender.hasRefused(each))).toEqual([false, true, false]);
    expect(batches).toEqual([['first', 'huge', 'last'], ['first'], ['huge'], ['last']]);
    expect(troubles).toEqual(['events: Error: too large']);
  });

  it('gives the rest of such a batch back when the brokers go away in the middle of it', async () => {
    const { sender, batches } = senderWith((batch) => {
      if (batch.length > 1) throw Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' });
      if (batch.includes('second')) throw new Error('away');
    });
    const messages = ['first', 'second', 'third'].map(message);
    expect(await Promise.all(messages.map((each) => sender.send(each)))).toEqual([true, false, false]);
    expect(messages.some((each) => sender.hasRefused(each))).toBe(false);
    expect(batches.at(-1)).toEqual(['second']);
  });

  it('is idle when everything has its outcome', async () => {
    const { sender, batches } = senderWith(() => undefined);
    void sender.send(message('last'));
    await sender.idle();
    expect(batches).toEqual([['last']]);
  });
});
