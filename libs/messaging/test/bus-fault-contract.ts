import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Envelope, paymentState } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import { Dispatcher, UnreadableMessage } from '../src/index.ts';
import type { MakeBus } from './bus-under-test.ts';
import { COMMANDS, command, emptied, FaultWorld, turn } from './fault-world.ts';
import { outage } from './messages.ts';

const ID = '01kqz7m5y8e3vs6w0c9d4hj2fx';
const MINUTE_MS = 60_000;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** What every bus of this house keeps when stores are away, handlers are slow, processes stop and releases differ. */
export function busFaultContract(makeBus: MakeBus): void {
  let world: FaultWorld;
  beforeEach(() => {
    world = new FaultWorld(makeBus);
  });
  afterEach(() => world.end());

  describe('with infrastructure away for a minute', () => {
    it('loses nothing, keeps the order and makes no dead letters, whatever comes in meanwhile', async () => {
      const pauses: number[] = [];
      const backAt = world.clock.now() + MINUTE_MS;
      const process = await world.start({
        pause: async (ms) => {
          pauses.push(ms);
          world.clock.advance(ms);
          await turn();
        },
      });
      const seen: unknown[] = [];
      let sent = 0;
      world.serve(process, (batch) => {
        if (world.clock.now() < backAt) {
          process.outbox.publish(command((sent += 1)));
          throw outage();
        }
        seen.push(...batch.map(({ body }) => body));
      });
      process.outbox.publish(command(0));
      await emptied(process.outbox);
      await waitFor('all of them', () => world.clock.now() >= backAt && seen.length > sent);
      expect(pauses.length).toBeGreaterThan(5);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000);
      expect(seen).toEqual(numbers(sent + 1));
      expect(world.deadLetters.letters).toEqual([]);
    });

    it('does not try in a tight loop: a minute takes a few dozen attempts', async () => {
      const backAt = world.clock.now() + MINUTE_MS;
      const process = await world.start({
        pause: async (ms) => {
          world.clock.advance(ms);
          await turn();
        },
      });
      let attempts = 0;
      let handled = false;
      world.serve(process, () => {
        attempts += 1;
        if (world.clock.now() < backAt) throw outage();
        handled = true;
      });
      process.outbox.publish(command(1));
      await emptied(process.outbox);
      await waitFor('the handler', () => handled);
      expect(attempts).toBeGreaterThan(3);
      expect(attempts).toBeLessThan(60);
    });
  });

  describe('with a consumer that is slower than its senders', () => {
    it('holds no more than its bound; the rest stays with the senders and comes when there is room', async () => {
      const process = await world.start({ maxQueued: 50 });
      const seen: unknown[] = [];
      let held = 0;
      const { promise: ready, resolve: goOn } = Promise.withResolvers<undefined>();
      world.serve(process, async (batch) => {
        await ready;
        held = Math.max(held, process.under.bus.stats()['kaspi']?.queued ?? 0);
        seen.push(...batch.map(({ body }) => body));
      });
      process.outbox.publish(...numbers(1_000).map((n) => command(n)));
      await waitFor('a full queue', () => (process.under.bus.stats()['kaspi']?.queued ?? 0) > 0);
      for (const n of numbers(500)) process.under.bus.announce(command(`news ${n}`));
      expect(process.under.bus.stats()['kaspi']?.queued).toBeLessThanOrEqual(50);
      goOn(undefined);
      await emptied(process.outbox);
      await waitFor('all of them', () => seen.filter((body) => typeof body === 'number').length >= 1_000);
      expect(held).toBeLessThanOrEqual(50);
      expect(new Set(seen.filter((body) => typeof body === 'number'))).toEqual(new Set(numbers(1_000)));
      expect(seen.filter((body) => typeof body === 'number')).toHaveLength(1_000);
    });
  });

  describe('when it stops under load', () => {
    it('finishes the batch in hand, hands over nothing more, and the next process handles the rest', async () => {
      const first = await world.start({ maxQueued: 100 });
      const done: unknown[] = [];
      let running = 0;
      const subscription = world.serve(first, async (batch) => {
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

      const second = await world.start();
      world.serve(second, (batch) => void done.push(...batch.map(({ body }) => body)));
      await emptied(second.outbox);
      await waitFor('the rest', () => new Set(done).size >= 620);
      expect(new Set(done)).toEqual(new Set(numbers(620)));
    });

    it('stays closed for the one who closed it: closing twice does not take the place of whoever came after', async () => {
      const process = await world.start();
      const seen: unknown[] = [];
      const first = world.serve(process, () => undefined);
      await first.close();
      world.serve(process, (batch) => void seen.push(...batch.map(({ body }) => body)));
      await first.close();
      process.outbox.publish(command('after'));
      await emptied(process.outbox);
      await waitFor('the message', () => seen.length > 0);
      expect(seen).toEqual(['after']);
    });
  });

  describe('a message of a type that nobody knows yet', () => {
    it('is tried with growing pauses for as long as it takes, holds up nobody and never becomes a dead letter', async () => {
      const process = await world.start();
      const tries: number[] = [];
      const begun = world.clock.monotonicMs();
      const known: unknown[] = [];
      const dispatcher = new Dispatcher(
        [{ types: ['spec.happened'], handle: async (batch) => void known.push(...batch.map(({ body }) => body)) }],
        world.deadLetters,
        () => undefined,
      );
      const subscription = process.under.bus.subscribe('kaspi', [COMMANDS], (batch) => {
        if (batch.some(({ type }) => type === 'spec.invented')) tries.push(world.clock.monotonicMs() - begun);
        return dispatcher.deliver(batch);
      });
      process.subscriptions.push(subscription);
      process.outbox.publish(command('tomorrow', { type: 'spec.invented' }));
      await waitFor('the first try', () => process.under.bus.stats()['kaspi']?.parked === 1);
      for (const hour of numbers(60)) {
        world.clock.advance(MINUTE_MS);
        process.outbox.publish(command(hour));
        await waitFor('the neighbour', () => known.length > hour);
      }
      await waitFor('the last tries', () => (tries.at(-1) ?? 0) > 50 * MINUTE_MS);
      expect(tries.length).toBeLessThanOrEqual(20);
      expect(world.deadLetters.letters).toEqual([]);
      expect(process.outbox.size).toBe(process.under.safeMeans === 'handled' ? 1 : 0);

      await subscription.close();
      const learned: unknown[] = [];
      world.serve(process, (batch) => void learned.push(...batch.map(({ body }) => body)), [
        'spec.happened',
        'spec.invented',
      ]);
      await emptied(process.outbox);
      await waitFor('the type that was learned', () => learned.length > 0);
      expect(learned).toEqual(['tomorrow']);
      await waitFor('nothing parked', () => process.under.bus.stats()['kaspi']?.parked === 0);
    });

    it('is the only thing that is parked: thousands of them leave the queue to the others', async () => {
      const process = await world.start({ maxQueued: 100 });
      const known: unknown[] = [];
      world.serve(process, (batch) => void known.push(...batch.map(({ body }) => body)));
      process.outbox.publish(...numbers(2_000).map((n) => command(n, { type: 'spec.invented' })));
      await waitFor('all of them parked', () => process.under.bus.stats()['kaspi']?.parked === 2_000);
      process.outbox.publish(command('known'));
      await waitFor('the known one', () => known.length > 0);
      expect(process.under.bus.stats()['kaspi']).toMatchObject({
        queued: 0,
        running: 0,
        parked: 2_000,
        deadLettered: 0,
      });
      expect(process.outbox.size).toBe(process.under.safeMeans === 'handled' ? 2_000 : 0);
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
      const process = await world.start();
      const arrived: Envelope[] = [];
      world.serve(process, (batch) => void arrived.push(...batch), [paymentState.type]);
      const previous = command(state, { type: paymentState.type, schema: 1 });
      const next = command(
        { ...state, seq: 2, tip: 100, evidence: 'witnessed', cancel: { result: 'partly', by: 'x' } },
        { type: paymentState.type, schema: 2 },
      );
      process.outbox.publish(previous, next);
      await emptied(process.outbox);
      await waitFor('both', () => arrived.length >= 2);
      expect(arrived).toEqual([previous, next]);
      expect(arrived.map(({ body }) => paymentState.consume.parse(body))).toEqual([
        state,
        { ...state, seq: 2, evidence: 'inferred', cancel: { result: 'pending' } },
      ]);
    });
  });

  it('counts what it writes to the dead letters', async () => {
    const process = await world.start();
    world.serve(process, (batch) => {
      if (batch.some(({ body }) => body === 'poison')) throw new UnreadableMessage('nonsense');
    });
    process.outbox.publish(command('poison'), command('fine'), command('poison'));
    await emptied(process.outbox);
    await waitFor('both letters', () => process.under.bus.stats()['kaspi']?.deadLettered === 2);
    await waitFor('the batch to end', () => process.under.bus.stats()['kaspi']?.running === 0);
    expect(process.under.bus.stats()['kaspi']).toMatchObject({ deadLettered: 2, queued: 0, parked: 0 });
    expect(world.deadLetters.letters).toHaveLength(2);
  });
}
