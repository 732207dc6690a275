import { describe, expect, it } from '@jest/globals';
import type { Envelope } from '@tolem/contracts';
import { type BatchHandler, type DeadLetters, Dispatcher, UnreadableMessage } from '../src/index.ts';
import { DeadLetterList, message, outage } from './messages.ts';

const MAX_REMEMBERED = 10_000;
const bodies = (batch: readonly Envelope[]): unknown[] => batch.map(({ body }) => body);

function setting(...handlers: readonly BatchHandler[]): {
  dispatcher: Dispatcher;
  deadLetters: DeadLetterList;
  failures: { error: unknown; body: unknown; deliveries: number }[];
} {
  const deadLetters = new DeadLetterList();
  const failures: { error: unknown; body: unknown; deliveries: number }[] = [];
  const onFailure = (error: unknown, { body }: Envelope, deliveries: number): void =>
    void failures.push({ error, body, deliveries });
  return { dispatcher: new Dispatcher(handlers, deadLetters, onFailure), deadLetters, failures };
}

const handling = (type: string, handle: (batch: readonly Envelope[]) => void): BatchHandler => ({
  types: [type],
  handle: async (batch) => handle(batch),
});

describe('routing a batch', () => {
  it('gives each handler all of its messages at once, in order, and answers in the order of the batch', async () => {
    const calls: unknown[] = [];
    const { dispatcher } = setting(
      { types: ['a', 'b'], handle: async (batch) => void calls.push(bodies(batch)) },
      { types: ['c'], handle: async (batch) => void calls.push(bodies(batch)) },
    );
    const batch = ['a1', 'c1', 'x1', 'b1', 'a2'].map((body) => message(body, { type: body.charAt(0) }));
    expect(await dispatcher.deliver(batch)).toEqual(['done', 'done', 'parked', 'done', 'done']);
    expect(calls).toEqual([['a1', 'b1', 'a2'], ['c1']]);
  });

  it('calls nobody for an empty batch or for types that nobody knows', async () => {
    const { dispatcher, deadLetters } = setting(
      handling('a', () => {
        throw new Error('never called');
      }),
    );
    expect(await dispatcher.deliver([])).toEqual([]);
    expect(await dispatcher.deliver([message(1, { type: 'x' })])).toEqual(['parked']);
    expect(deadLetters.letters).toEqual([]);
  });
});

describe('a bug in a handler', () => {
  it('sets the whole batch apart: each message is tried alone and only the bad one comes again', async () => {
    const calls: unknown[] = [];
    const { dispatcher, failures } = setting(
      handling('a', (batch) => {
        calls.push(bodies(batch));
        if (batch.some(({ body }) => body === 'bad')) throw new Error('bug');
      }),
    );
    const batch = ['one', 'bad', 'two'].map((body) => message(body, { type: 'a' }));
    expect(await dispatcher.deliver(batch)).toEqual(['done', 'again', 'done']);
    expect(calls).toEqual([['one', 'bad', 'two'], ['one'], ['bad'], ['two']]);
    expect(failures.map(({ body, deliveries }) => ({ body, deliveries }))).toEqual([{ body: 'bad', deliveries: 1 }]);
  });

  it('is counted per message until the fifth delivery, and the count is forgotten with the dead letter', async () => {
    const { dispatcher, deadLetters, failures } = setting(
      handling('a', () => {
        throw new RangeError('bug');
      }),
    );
    const bad = message('bad', { type: 'a' });
    const outcomes: unknown[] = [];
    for (let n = 0; n < 6; n += 1) outcomes.push(...(await dispatcher.deliver([bad])));
    expect(outcomes).toEqual(['again', 'again', 'again', 'again', 'dead', 'again']);
    expect(failures.map(({ deliveries }) => deliveries)).toEqual([1, 2, 3, 4, 5, 1]);
    expect(deadLetters.letters).toEqual([{ body: 'bad', reason: 'RangeError: bug' }]);
  });

  it('that went away is forgotten: a message once handled starts from zero', async () => {
    let broken = true;
    const { dispatcher, failures } = setting(
      handling('a', () => {
        if (broken) throw new Error('bug');
      }),
    );
    const shaky = message('shaky', { type: 'a' });
    for (let n = 0; n < 4; n += 1) await dispatcher.deliver([shaky]);
    broken = false;
    expect(await dispatcher.deliver([shaky])).toEqual(['done']);
    broken = true;
    expect(await dispatcher.deliver([shaky])).toEqual(['again']);
    expect(failures.at(-1)?.deliveries).toBe(1);
  });

  it('is remembered for a bounded number of messages only', async () => {
    const { dispatcher, failures } = setting(
      handling('a', () => {
        throw new Error('bug');
      }),
    );
    const first = message('first', { type: 'a' });
    await dispatcher.deliver([first]);
    await dispatcher.deliver(Array.from({ length: MAX_REMEMBERED }, (_, n) => message(n, { type: 'a' })));
    await dispatcher.deliver([first]);
    expect(failures.at(-1)).toMatchObject({ body: 'first', deliveries: 1 });
  });

  it('however many there are, ends the message that comes again and again', async () => {
    const { dispatcher } = setting(
      handling('a', () => {
        throw new Error('bug');
      }),
    );
    const stubborn = message('stubborn', { type: 'a' });
    const ends: unknown[] = [];
    for (let n = 0; n < 5; n += 1) {
      ends.push(...(await dispatcher.deliver([stubborn])));
      await dispatcher.deliver(
        Array.from({ length: MAX_REMEMBERED / 4 }, (_, k) => message(`${n} ${k}`, { type: 'a' })),
      );
    }
    expect(ends).toEqual(['again', 'again', 'again', 'again', 'dead']);
  });

  it('may be anything that can be thrown', async () => {
    const { dispatcher, failures } = setting(
      handling('a', () => {
        throw undefined;
      }),
    );
    expect(await dispatcher.deliver([message('bad', { type: 'a' })])).toEqual(['again']);
    expect(failures).toHaveLength(1);
  });
});

describe('a message that breaks its contract', () => {
  it('is a dead letter after one delivery, whatever stood beside it in the batch', async () => {
    const { dispatcher, deadLetters } = setting(
      handling('a', (batch) => {
        if (batch.some(({ body }) => body === 'nonsense')) throw new UnreadableMessage('no amount');
      }),
    );
    const batch = ['good', 'nonsense'].map((body) => message(body, { type: 'a' }));
    expect(await dispatcher.deliver(batch)).toEqual(['done', 'dead']);
    expect(deadLetters.letters).toEqual([{ body: 'nonsense', reason: 'Error: no amount' }]);
  });
});

describe('trouble of infrastructure', () => {
  it('is thrown on with its cause and counts for nothing, in the batch and in a message tried alone', async () => {
    const { dispatcher, deadLetters, failures } = setting(
      handling('a', (batch) => {
        throw batch.length > 1 ? new Error('bug') : outage();
      }),
    );
    const batch = [1, 2].map((body) => message(body, { type: 'a' }));
    for (let n = 0; n < 7; n += 1) {
      await expect(dispatcher.deliver(batch)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
    expect(failures).toEqual([]);
    expect(deadLetters.letters).toEqual([]);
  });

  it('while a dead letter is written keeps the message: it is written when the table is back', async () => {
    const written: unknown[] = [];
    let away = true;
    const table: DeadLetters = {
      add: async ({ body }) => {
        if (away) throw outage();
        written.push(body);
      },
    };
    const bug = handling('a', () => {
      throw new UnreadableMessage('nonsense');
    });
    const dispatcher = new Dispatcher([bug], table, () => undefined);
    await expect(dispatcher.deliver([message('bad', { type: 'a' })])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    away = false;
    expect(await dispatcher.deliver([message('bad', { type: 'a' })])).toEqual(['dead']);
    expect(written).toEqual(['bad']);
  });
});

describe('what is no message', () => {
  it('becomes one dead letter, however often an outage brings its batch again', async () => {
    let away = 3;
    const { dispatcher, deadLetters } = setting(
      handling('a', () => {
        away -= 1;
        if (away >= 0) throw outage();
      }),
    );
    const unreadable = message({ reason: 'its body is no JSON' }, { type: 'bus.unreadable' });
    const batch = [unreadable, message('fine', { type: 'a' })];
    for (let n = 0; n < 3; n += 1)
      await expect(dispatcher.deliver(batch)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await dispatcher.deliver(batch)).toEqual(['dead', 'done']);
    expect(deadLetters.letters.map(({ reason }) => reason)).toEqual(['Error: its body is no JSON']);
  });
});
