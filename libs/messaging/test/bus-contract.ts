import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Envelope } from '@tolem/contracts';
import { systemClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { type BatchHandler, Dispatcher, type Subscription, UnreadableMessage } from '../src/index.ts';
import { busFaultContract } from './bus-fault-contract.ts';
import type { BusUnderTest, MakeBus } from './bus-under-test.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { DeadLetterList, message, outage, rowsOf } from './messages.ts';

const COMMANDS = 'commands.kaspi';
const TOPOLOGY = { events: ['gateway', 'fiscal'], [COMMANDS]: ['kaspi'] };

/** A promise that the spec opens when it likes. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { passed: promise, open: () => resolve(undefined) };
}

const command = (body: unknown, more: Partial<Envelope> = {}): Envelope => message(body, { topic: COMMANDS, ...more });
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

let worlds = 0;

/** What every bus of this house keeps, whatever carries its messages. */
export function busContract(name: string, makeBus: MakeBus): void {
  describe(name, () => {
    let under: BusUnderTest;
    let outbox: MemoryOutbox;
    let deadLetters: DeadLetterList;
    let troubles: string[];
    let subscriptions: Subscription[];

    beforeEach(async () => {
      troubles = [];
      subscriptions = [];
      deadLetters = new DeadLetterList();
      worlds += 1;
      under = await makeBus({
        world: `bus-${worlds}`,
        clock: systemClock,
        topology: TOPOLOGY,
        onError: (_error, consumer) => troubles.push(consumer),
      });
      outbox = new MemoryOutbox(under.bus);
    });
    afterEach(async () => {
      outbox.close();
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
      await under.close();
    });

    /** Subscribes as a service does: handlers behind a dispatcher. */
    function serve(consumer: string, topic: string, ...handlers: readonly BatchHandler[]): Subscription {
      const dispatcher = new Dispatcher(handlers, deadLetters, () => undefined);
      const subscription = under.bus.subscribe(consumer, [topic], (batch) => dispatcher.deliver(batch));
      subscriptions.push(subscription);
      return subscription;
    }
    function handler(
      handle: (batch: readonly Envelope[]) => Promise<void> | void,
      type = 'spec.happened',
    ): BatchHandler {
      return { types: [type], handle: async (batch) => handle(batch) };
    }
    /** Keeps the bodies of what is handled, in order. */
    function keepIn(seen: unknown[]): BatchHandler {
      return handler((batch) => void seen.push(...batch.map(({ body }) => body)));
    }
    const allSafe = (): Promise<boolean> => waitFor('every message to be safe', () => outbox.size === 0);

    it('brings every message of a topic to every consumer of it, as it was sent, and to nobody else', async () => {
      const seen: Record<string, Envelope[]> = { gateway: [], fiscal: [], kaspi: [] };
      for (const [topic, consumers] of Object.entries(TOPOLOGY)) {
        for (const consumer of consumers)
          serve(
            consumer,
            topic,
            handler((batch) => void seen[consumer]?.push(...batch)),
          );
      }
      const event = message(
        { sum: 149_000, text: 'төлем ₸' },
        { traceparent: '00-a-b-01', tenant: null, mode: 'live' },
      );
      const order = command('start');
      outbox.publish(event, order);
      await allSafe();
      await waitFor('all consumers', () => Object.values(seen).every((each) => each.length > 0));
      expect(seen).toEqual({ gateway: [event], fiscal: [event], kaspi: [order] });
    });

    it('keeps the order of one key for each consumer', async () => {
      const seen: { key: string; n: number }[] = [];
      serve(
        'kaspi',
        COMMANDS,
        handler((batch) => void seen.push(...batch.map(({ key, body }) => ({ key, n: Number(body) })))),
      );
      for (const n of numbers(0, 500)) outbox.publish(command(n, { key: `pay_${n % 7}` }));
      await allSafe();
      await waitFor('all of them', () => seen.length >= 500);
      for (const key of numbers(0, 7).map((n) => `pay_${n}`)) {
        const order = seen.filter((each) => each.key === key).map((each) => each.n);
        expect(order).toEqual(numbers(0, 500).filter((n) => `pay_${n % 7}` === key));
      }
    });

    it('gives many messages to a handler at once and hands over one batch at a time', async () => {
      let running = 0;
      let most = 0;
      const sizes: number[] = [];
      const busy = handler(async (batch) => {
        running += 1;
        most = Math.max(most, running);
        sizes.push(batch.length);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      });
      serve('kaspi', COMMANDS, busy);
      outbox.publish(...numbers(0, 300).map((n) => command(n)));
      await allSafe();
      await waitFor('all of them', () => sizes.reduce((sum, size) => sum + size, 0) >= 300);
      expect(most).toBe(1);
      expect(Math.max(...sizes)).toBeGreaterThan(1);
    });

    it('never handles a message in the stack of its sender', async () => {
      const seen: unknown[] = [];
      serve('kaspi', COMMANDS, keepIn(seen));
      outbox.publish(command('sent'));
      under.bus.announce(command('announced'));
      expect(seen).toEqual([]);
      await Promise.resolve();
      expect(seen).toEqual([]);
      await waitFor('both', () => seen.length === 2);
    });

    it('keeps what was sent before anybody subscribed', async () => {
      const seen: unknown[] = [];
      outbox.publish(command('early'));
      serve('kaspi', COMMANDS, keepIn(seen));
      await waitFor('the early one', () => seen.length > 0);
      expect(seen).toEqual(['early']);
    });

    it('runs a message once that is sent twice while it is under way, and tells both senders the same', async () => {
      const seen: unknown[] = [];
      const hold = gate();
      serve(
        'kaspi',
        COMMANDS,
        handler(async (batch) => {
          await hold.passed;
          seen.push(...batch.map(({ body }) => body));
        }),
      );
      const rows = rowsOf(under.bus, command('once'));
      const outcomes = [...under.bus.send(rows), ...under.bus.send(rows)];
      hold.open();
      expect(await Promise.all(outcomes)).toEqual([true, true]);
      await waitFor('the message', () => seen.length > 0);
      expect(seen).toEqual(['once']);
    });

    it('takes a message again that was safe already: whoever sends it twice is told twice that it is safe', async () => {
      const seen: unknown[] = [];
      serve('kaspi', COMMANDS, keepIn(seen));
      const rows = rowsOf(under.bus, command('again'));
      expect(await Promise.all(under.bus.send(rows))).toEqual([true]);
      expect(await Promise.all(under.bus.send(rows))).toEqual([true]);
      await waitFor('the message', () => seen.length > 0);
      expect(new Set(seen)).toEqual(new Set(['again']));
    });

    it('waits while infrastructure is in trouble, loses nothing, keeps the order and makes no dead letters', async () => {
      const seen: unknown[] = [];
      let attempts = 0;
      serve(
        'kaspi',
        COMMANDS,
        handler((batch) => {
          attempts += 1;
          if (attempts <= 3) throw outage();
          seen.push(...batch.map(({ body }) => body));
        }),
      );
      outbox.publish(...numbers(0, 20).map((n) => command(n)));
      await allSafe();
      await waitFor('all of them', () => seen.length >= 20);
      expect(seen).toEqual(numbers(0, 20));
      expect(troubles).toEqual(['kaspi', 'kaspi', 'kaspi']);
      expect(deadLetters.letters).toEqual([]);
    });

    it('does not count an outage as a delivery, however long it takes', async () => {
      let attempts = 0;
      serve(
        'kaspi',
        COMMANDS,
        handler(() => {
          attempts += 1;
          if (attempts <= 3) throw outage();
          if (attempts <= 7) throw new Error('a bug, four times');
        }),
      );
      outbox.publish(command('patient'));
      await allSafe();
      await waitFor('the handler', () => attempts === 8);
      expect(deadLetters.letters).toEqual([]);
    });

    it('does not let one consumer in trouble hold up another', async () => {
      const seen: unknown[] = [];
      const hold = gate();
      serve(
        'fiscal',
        'events',
        handler(() => hold.passed),
      );
      serve('gateway', 'events', keepIn(seen));
      outbox.publish(...numbers(0, 5).map((n) => message(n)));
      await waitFor('the healthy consumer', () => seen.length >= 5);
      hold.open();
      await allSafe();
    });

    it('makes a message that its handler cannot stand a dead letter after five deliveries; its neighbours pass', async () => {
      const seen: unknown[] = [];
      let tries = 0;
      serve(
        'kaspi',
        COMMANDS,
        handler((batch) => {
          if (batch.length === 1 && batch[0]?.body === 'poison') tries += 1;
          if (batch.some(({ body }) => body === 'poison')) throw new TypeError('cannot read this');
          seen.push(...batch.map(({ body }) => body));
        }),
      );
      outbox.publish(command('before'), command('poison'), command('after'));
      await allSafe();
      await waitFor('the dead letter', () => deadLetters.letters.length > 0);
      expect(deadLetters.letters).toEqual([{ body: 'poison', reason: 'TypeError: cannot read this' }]);
      expect(tries).toBe(5);
      expect(new Set(seen)).toEqual(new Set(['before', 'after']));
    });

    it('makes a message that breaks its contract a dead letter at once', async () => {
      let tries = 0;
      serve(
        'kaspi',
        COMMANDS,
        handler(() => {
          tries += 1;
          throw new UnreadableMessage('amount: expected a number');
        }),
      );
      outbox.publish(command('nonsense'));
      await allSafe();
      await waitFor('the dead letter', () => deadLetters.letters.length > 0);
      expect(deadLetters.letters.map(({ body }) => body)).toEqual(['nonsense']);
      expect(tries).toBe(1);
    });

    it('parks a message of a type that nobody here knows yet, and brings it once somebody does', async () => {
      const seen: unknown[] = [];
      const late: unknown[] = [];
      const first = serve('kaspi', COMMANDS, keepIn(seen));
      outbox.publish(command('tomorrow', { type: 'spec.invented' }), command('today'));
      await waitFor('the known one', () => seen.length > 0);
      await first.close();
      expect(deadLetters.letters).toEqual([]);
      const learned = handler((batch) => void late.push(...batch.map(({ body }) => body)), 'spec.invented');
      serve('kaspi', COMMANDS, keepIn(seen), learned);
      await waitFor('the type that was learned', () => late.length > 0);
      await allSafe();
      expect(new Set(seen)).toEqual(new Set(['today']));
      expect(new Set(late)).toEqual(new Set(['tomorrow']));
    });

    it('finishes the running batch when it is closed and gives the rest to whoever subscribes next', async () => {
      const first: unknown[] = [];
      const second: unknown[] = [];
      const hold = gate();
      const subscription = serve(
        'kaspi',
        COMMANDS,
        handler(async (batch) => {
          const bodies = batch.map(({ body }) => body);
          first.push(...bodies);
          await hold.passed;
          first.push(...bodies.map((body) => `${String(body)} done`));
        }),
      );
      outbox.publish(command('running'));
      await waitFor('the batch to run', () => first.length > 0);
      outbox.publish(command('waiting'));
      let closed = false;
      const closing = subscription.close().then(() => (closed = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(closed).toBe(false);
      hold.open();
      await closing;
      expect(first).toEqual(['running', 'running done']);

      serve('kaspi', COMMANDS, keepIn(second));
      await allSafe();
      await waitFor('the rest', () => second.includes('waiting'));
      expect(first).toEqual(['running', 'running done']);
      expect(second).toEqual(['waiting']);
    });

    it('closes at once while it waits out an outage, and the message is there for whoever subscribes next', async () => {
      const subscription = serve(
        'kaspi',
        COMMANDS,
        handler(() => {
          throw outage();
        }),
      );
      outbox.publish(command('held'));
      await waitFor('the outage to last a while', () => troubles.length >= 3);
      await subscription.close();
      const attempts = troubles.length;
      const seen: unknown[] = [];
      serve('kaspi', COMMANDS, keepIn(seen));
      await allSafe();
      await waitFor('the message', () => seen.length > 0);
      expect(troubles).toHaveLength(attempts);
      expect(deadLetters.letters).toEqual([]);
    });

    it('announces to every consumer that listens', async () => {
      const gateway: unknown[] = [];
      const fiscal: unknown[] = [];
      serve('gateway', 'events', keepIn(gateway));
      serve('fiscal', 'events', keepIn(fiscal));
      under.bus.announce(message('scanned'));
      await waitFor('both', () => gateway.length + fiscal.length >= 2);
      expect([gateway, fiscal]).toEqual([['scanned'], ['scanned']]);
    });

    it('never blocks and never throws where somebody announces, whoever listens and however slowly', async () => {
      const hold = gate();
      serve(
        'gateway',
        'events',
        handler(() => hold.passed),
      );
      for (const n of numbers(0, 2_000)) under.bus.announce(message(n));
      expect(() => under.bus.announce(message('nobody listens', { topic: 'unheard-of' }))).not.toThrow();
      hold.open();
    });

    it('lets nobody subscribe to a topic that is not his', () => {
      expect(() => under.bus.subscribe('kaspi', ['events'], async () => [])).toThrow('kaspi');
      expect(() => under.bus.subscribe('stranger', [COMMANDS], async () => [])).toThrow('stranger');
    });

    it('handles every message at least once, whatever fails and in whatever order', async () => {
      const handled = new Set<unknown>();
      let step = 0;
      serve(
        'kaspi',
        COMMANDS,
        handler((batch) => {
          step += 1;
          if (step % 11 === 3) throw outage();
          if (step % 5 === 1) throw new Error('a bug that comes and goes');
          for (const { body } of batch) handled.add(body);
        }),
      );
      for (const n of numbers(0, 120)) outbox.publish(command(n));
      await allSafe();
      await waitFor('all of them', () => handled.size + deadLetters.letters.length >= 120);
      expect(deadLetters.letters).toEqual([]);
    });
  });

  describe(`${name}, when things go wrong`, () => busFaultContract(makeBus));
}
