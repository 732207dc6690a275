import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Envelope, paymentState } from '@tolem/contracts';
import { ManualClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { type BatchHandler, Dispatcher, type Subscription, UnreadableMessage } from '../src/index.ts';
import type { BusSetting, BusUnderTest, MakeBus } from './bus-under-test.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { DeadLetterList, message, outage } from './messages.ts';

const COMMANDS = 'commands.kaspi';
const ID = '01kqz7m5y8e3vs6w0c9d4hj2fx';
const MINUTE_MS = 60_000;
const NEVER = new Promise<never>(() => undefined);

const command = (body: unknown, more: Partial<Envelope> = {}): Envelope => message(body, { topic: COMMANDS, ...more });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let worlds = 0;

/** What every bus of this house keeps when processes end, stores are away, handlers are slow and releases differ. */
export function busFaultContract(makeBus: MakeBus): void {
  let clock: ManualClock;
  let world: string;
  let processes: { under: BusUnderTest; outbox: MemoryOutbox; subscriptions: Subscription[] }[];
  let deadLetters: DeadLetterList;

  beforeEach(() => {
    clock = new ManualClock();
    worlds += 1;
    world = `faults-${worlds}`;
    processes = [];
    deadLetters = new DeadLetterList();
  });
  afterEach(async () => {
    for (const { under, outbox, subscriptions } of processes) {
      outbox.close();
      // A subscription whose process "crashed" in its handler never closes; nobody waits for it.
      await Promise.race([Promise.all(subscriptions.map((subscription) => subscription.close())), turn()]);
      await under.close();
    }
  });

  /** A process with its outbox; the next one finds in the table what the last one left. */
  async function start(more: Partial<BusSetting> = {}): Promise<(typeof processes)[number]> {
    const under = await makeBus({
      world,
      clock,
      topology: { [COMMANDS]: ['kaspi'] },
      onError: () => undefined,
      ...more,
    });
    const process = { under, outbox: new MemoryOutbox(under.bus, processes.at(-1)?.outbox.table), subscriptions: [] };
    processes.push(process);
    return process;
  }
  function serve(
    process: (typeof processes)[number],
    handle: (batch: readonly Envelope[]) => Promise<void> | void,
    types: readonly string[] = ['spec.happened'],
    letters = deadLetters,
  ): Subscription {
    const handler: BatchHandler = { types, handle: async (batch) => handle(batch) };
    const dispatcher = new Dispatcher([handler], letters, () => undefined);
    const subscription = process.under.bus.subscribe('kaspi', [COMMANDS], (batch) => dispatcher.deliver(batch));
    process.subscriptions.push(subscription);
    return subscription;
  }
  const empty = (outbox: MemoryOutbox): Promise<boolean> => waitFor('an empty outbox', () => outbox.size === 0);

  describe('with infrastructure away for a minute', () => {
    it('loses nothing, keeps the order and makes no dead letters, whatever comes in meanwhile', async () => {
      const pauses: number[] = [];
      const backAt = clock.now() + MINUTE_MS;
      const process = await start({
        pause: async (ms) => {
          pauses.push(ms);
          clock.advance(ms);
          await turn();
        },
      });
      const seen: unknown[] = [];
      let sent = 0;
      serve(process, (batch) => {
        if (clock.now() < backAt) {
          process.outbox.publish(command((sent += 1)));
          throw outage();
        }
        seen.push(...batch.map(({ body }) => body));
      });
      process.outbox.publish(command(0));
      await empty(process.outbox);
      expect(pauses.length).toBeGreaterThan(5);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000);
      expect(seen).toEqual(numbers(sent + 1));
      expect(deadLetters.letters).toEqual([]);
    });

    it('does not try in a tight loop: a minute takes a few dozen attempts', async () => {
      const backAt = clock.now() + MINUTE_MS;
      const process = await start({
        pause: async (ms) => {
          clock.advance(ms);
          await turn();
        },
      });
      let attempts = 0;
      serve(process, () => {
        attempts += 1;
        if (clock.now() < backAt) throw outage();
      });
      process.outbox.publish(command(1));
      await empty(process.outbox);
      expect(attempts).toBeGreaterThan(3);
      expect(attempts).toBeLessThan(60);
    });
  });

  describe('after a process that ended without a word', () => {
    /** How far the first process gets before it is gone. */
    const ends: Readonly<
      Record<string, { readonly handled: number; run(first: (typeof processes)[number]): Promise<void> }>
    > = {
      'after the commit of the sender, before anything was sent': {
        handled: 0,
        async run({ outbox }) {
          outbox.commit(command('order'));
        },
      },
      'while the message waited for its handler': {
        handled: 0,
        async run({ outbox }) {
          outbox.publish(command('order'));
          await turn();
        },
      },
      'in the handler, before its commit': {
        handled: 0,
        async run(first) {
          let begun = false;
          serve(first, () => {
            begun = true;
            return NEVER;
          });
          first.outbox.publish(command('order'));
          await waitFor('the handler to begin', () => begun);
        },
      },
      'after the commit of the handler, before the bus heard of it': {
        handled: 1,
        async run(first) {
          serve(first, () => {
            handled.push('order');
            return NEVER;
          });
          first.outbox.publish(command('order'));
          await waitFor('the handler to commit', () => handled.length > 0);
        },
      },
      'after the bus heard of it, before the row was removed': {
        handled: 1,
        async run(first) {
          serve(first, () => {
            handled.push('order');
            first.outbox.close();
          });
          first.outbox.publish(command('order'));
          await waitFor('the handler to commit', () => handled.length > 0);
          await waitFor('the bus to hear of it', () => first.under.bus.stats()['kaspi']?.running === 0);
        },
      },
    };
    let handled: unknown[];
    beforeEach(() => {
      handled = [];
    });

    it.each(Object.entries(ends))('the message is handled by the next one: %s', async (_, { handled: before, run }) => {
      const first = await start();
      await run(first);
      first.outbox.close();
      expect(handled).toHaveLength(before);
      expect(first.outbox.size).toBe(1);

      const second = await start();
      serve(second, (batch) => void handled.push(...batch.map(({ body }) => body)));
      await empty(second.outbox);
      expect(handled).toEqual(numbers(before + 1).map(() => 'order'));
      expect(deadLetters.letters).toEqual([]);
    });

    it('a dead letter that was written before the row went is at worst written twice, and never lost', async () => {
      const first = await start();
      const refuse = (): never => {
        throw new UnreadableMessage('nonsense');
      };
      const hanging = new DeadLetterList();
      const add = hanging.add.bind(hanging);
      hanging.add = async (envelope, reason) => {
        await add(envelope, reason);
        await NEVER;
      };
      serve(first, refuse, undefined, hanging);
      first.outbox.publish(command('poison'));
      await waitFor('the dead letter', () => hanging.letters.length > 0);
      first.outbox.close();

      const second = await start();
      serve(second, refuse);
      await empty(second.outbox);
      expect(deadLetters.letters).toEqual(hanging.letters);
    });

    it('its word comes too late: what it had in hand belongs to the next one', async () => {
      const first = await start();
      const { promise: slept, resolve: wakeUp } = Promise.withResolvers<undefined>();
      let begun = false;
      serve(first, async () => {
        begun = true;
        await slept;
      });
      first.outbox.publish(command('order'));
      await waitFor('the handler to begin', () => begun);
      first.outbox.close();

      const second = await start();
      wakeUp(undefined);
      await turn();
      expect(second.outbox.size).toBe(1);
      serve(second, (batch) => void handled.push(...batch.map(({ body }) => body)));
      await empty(second.outbox);
      expect(handled).toEqual(['order']);
    });
  });

  describe('with a consumer that is slower than its senders', () => {
    it('holds no more than its bound; the rest stays with the senders and comes when there is room', async () => {
      const process = await start({ maxQueued: 50 });
      const seen: unknown[] = [];
      let held = 0;
      const { promise: ready, resolve: goOn } = Promise.withResolvers<undefined>();
      serve(process, async (batch) => {
        await ready;
        held = Math.max(held, process.under.bus.stats()['kaspi']?.queued ?? 0);
        seen.push(...batch.map(({ body }) => body));
      });
      process.outbox.publish(...numbers(1_000).map((n) => command(n)));
      await waitFor('a full queue', () => (process.under.bus.stats()['kaspi']?.queued ?? 0) > 0);
      for (const n of numbers(500)) process.under.bus.announce(command(`news ${n}`));
      expect(process.under.bus.stats()['kaspi']?.queued).toBeLessThanOrEqual(50);
      goOn(undefined);
      await empty(process.outbox);
      expect(held).toBeLessThanOrEqual(50);
      expect(new Set(seen.filter((body) => typeof body === 'number'))).toEqual(new Set(numbers(1_000)));
      expect(seen.filter((body) => typeof body === 'number')).toHaveLength(1_000);
    });
  });

  describe('when it stops under load', () => {
    it('finishes the batch in hand, hands over nothing more, and the next process handles the rest', async () => {
      const first = await start({ maxQueued: 100 });
      const done: unknown[] = [];
      let running = 0;
      const subscription = serve(first, async (batch) => {
        running += 1;
        await turn();
        done.push(...batch.map(({ body }) => body));
        running -= 1;
      });
      first.outbox.publish(...numbers(600).map((n) => command(n)));
      await waitFor('some of them', () => done.length > 0);
      const feeding = numbers(20).map(async (n) => {
        await turn();
        first.outbox.publish(command(600 + n));
      });
      await subscription.close();
      expect(running).toBe(0);
      const atClose = done.length;
      await Promise.all(feeding);
      await turn();
      first.outbox.close();
      await first.under.close();
      expect(done).toHaveLength(atClose);

      const second = await start();
      serve(second, (batch) => void done.push(...batch.map(({ body }) => body)));
      await empty(second.outbox);
      expect(new Set(done)).toEqual(new Set(numbers(620)));
    });

    it('stays closed for the one who closed it: closing twice does not take the place of whoever came after', async () => {
      const process = await start();
      const seen: unknown[] = [];
      const first = serve(process, () => undefined);
      await first.close();
      serve(process, (batch) => void seen.push(...batch.map(({ body }) => body)));
      await first.close();
      process.outbox.publish(command('after'));
      await empty(process.outbox);
      expect(seen).toEqual(['after']);
    });
  });

  describe('a message of a type that nobody knows yet', () => {
    it('is tried with growing pauses for as long as it takes, holds up nobody and never becomes a dead letter', async () => {
      const process = await start();
      const tries: number[] = [];
      const begun = clock.monotonicMs();
      const known: unknown[] = [];
      const dispatcher = new Dispatcher(
        [{ types: ['spec.happened'], handle: async (batch) => void known.push(...batch.map(({ body }) => body)) }],
        deadLetters,
        () => undefined,
      );
      const subscription = process.under.bus.subscribe('kaspi', [COMMANDS], (batch) => {
        if (batch.some(({ type }) => type === 'spec.invented')) tries.push(clock.monotonicMs() - begun);
        return dispatcher.deliver(batch);
      });
      process.subscriptions.push(subscription);
      process.outbox.publish(command('tomorrow', { type: 'spec.invented' }));
      await waitFor('the first try', () => process.under.bus.stats()['kaspi']?.parked === 1);
      for (const hour of numbers(60)) {
        clock.advance(MINUTE_MS);
        process.outbox.publish(command(hour));
        await waitFor('the neighbour', () => known.length > hour);
      }
      await waitFor('the last tries', () => (tries.at(-1) ?? 0) > 50 * MINUTE_MS);
      expect(tries.length).toBeLessThanOrEqual(20);
      expect(deadLetters.letters).toEqual([]);
      expect(process.outbox.size).toBe(1);

      await subscription.close();
      const learned: unknown[] = [];
      serve(process, (batch) => void learned.push(...batch.map(({ body }) => body)), [
        'spec.happened',
        'spec.invented',
      ]);
      await empty(process.outbox);
      expect(learned).toEqual(['tomorrow']);
      await waitFor('nothing parked', () => process.under.bus.stats()['kaspi']?.parked === 0);
    });

    it('is the only thing that is parked: thousands of them leave the queue to the others', async () => {
      const process = await start({ maxQueued: 100 });
      const known: unknown[] = [];
      serve(process, (batch) => void known.push(...batch.map(({ body }) => body)));
      process.outbox.publish(...numbers(2_000).map((n) => command(n, { type: 'spec.invented' })));
      await waitFor('all of them parked', () => process.under.bus.stats()['kaspi']?.parked === 2_000);
      process.outbox.publish(command('known'));
      await waitFor('the known one', () => known.length > 0);
      expect(process.under.bus.stats()['kaspi']).toEqual({ queued: 0, running: 0, parked: 2_000, deadLettered: 0 });
      expect(process.outbox.size).toBe(2_000);
    });
  });

  describe('messages of a neighbouring release', () => {
    const state = {
      subject_id: `pay_${ID}`,
      seq: 1,
      op_id: null,
      observed_at: '2026-11-22T10:00:00.000Z',
      phase: 'succeeded',
      provider_ref: '9007199254740993',
      amount: 149_000,
      next_action: null,
      payment_methods: [],
      slip: null,
      cancel: null,
      failure: null,
      evidence: 'stated',
    };

    it('arrive as they were written, whatever version of their schema they name, and can be read', async () => {
      const process = await start();
      const arrived: Envelope[] = [];
      serve(process, (batch) => void arrived.push(...batch), [paymentState.type]);
      const previous = command(state, { type: paymentState.type, schema: 1 });
      const next = command(
        { ...state, seq: 2, tip: 100, evidence: 'witnessed', cancel: { result: 'partly', by: 'x' } },
        { type: paymentState.type, schema: 2 },
      );
      process.outbox.publish(previous, next);
      await empty(process.outbox);
      await waitFor('both', () => arrived.length >= 2);
      expect(arrived).toEqual([previous, next]);
      expect(arrived.map(({ body }) => paymentState.consume.parse(body))).toEqual([
        state,
        { ...state, seq: 2, evidence: 'inferred', cancel: { result: 'pending' } },
      ]);
    });
  });

  it('counts what it writes to the dead letters', async () => {
    const process = await start();
    serve(process, (batch) => {
      if (batch.some(({ body }) => body === 'poison')) throw new UnreadableMessage('nonsense');
    });
    process.outbox.publish(command('poison'), command('fine'), command('poison'));
    await empty(process.outbox);
    expect(process.under.bus.stats()['kaspi']).toMatchObject({ deadLettered: 2, queued: 0, parked: 0 });
    expect(deadLetters.letters).toHaveLength(2);
  });
}
