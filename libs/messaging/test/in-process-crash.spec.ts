import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { InProcessBus, UnreadableMessage } from '../src/index.ts';
import { command, emptied, FaultWorld, type ProcessUnderTest, turn } from './fault-world.ts';
import { DeadLetterList } from './messages.ts';

const NEVER = new Promise<never>(() => undefined);

/** Where safe means handled, the sender's row and the handler's commit can be counted exactly. */
describe('the bus of one machine, after a process that ended without a word', () => {
  let world: FaultWorld;
  beforeEach(() => {
    world = new FaultWorld(async (setting) => ({
      bus: new InProcessBus(setting),
      safeMeans: 'handled',
      close: async () => undefined,
    }));
  });
  afterEach(() => world.end());

  /** How far the first process gets before it is gone. */
  const ends: Readonly<Record<string, { readonly handled: number; run(first: ProcessUnderTest): Promise<void> }>> = {
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
        world.serve(first, () => {
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
        world.serve(first, () => {
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
        world.serve(first, () => {
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
    const first = await world.start();
    await run(first);
    first.outbox.close();
    expect(handled).toHaveLength(before);
    expect(first.outbox.size).toBe(1);

    const second = await world.start();
    world.serve(second, (batch) => void handled.push(...batch.map(({ body }) => body)));
    await emptied(second.outbox);
    expect(handled).toEqual(Array.from({ length: before + 1 }, () => 'order'));
    expect(world.deadLetters.letters).toEqual([]);
  });

  it('a dead letter that was written before the row went is at worst written twice, and never lost', async () => {
    const first = await world.start();
    const refuse = (): never => {
      throw new UnreadableMessage('nonsense');
    };
    const hanging = new DeadLetterList();
    const add = hanging.add.bind(hanging);
    hanging.add = async (envelope, reason) => {
      await add(envelope, reason);
      await NEVER;
    };
    world.serve(first, refuse, undefined, hanging);
    first.outbox.publish(command('poison'));
    await waitFor('the dead letter', () => hanging.letters.length > 0);
    first.outbox.close();

    const second = await world.start();
    world.serve(second, refuse);
    await emptied(second.outbox);
    expect(world.deadLetters.letters).toEqual(hanging.letters);
  });

  it('its word comes too late: what it had in hand belongs to the next one', async () => {
    const first = await world.start();
    const { promise: slept, resolve: wakeUp } = Promise.withResolvers<undefined>();
    let begun = false;
    world.serve(first, async () => {
      begun = true;
      await slept;
    });
    first.outbox.publish(command('order'));
    await waitFor('the handler to begin', () => begun);
    first.outbox.close();

    const second = await world.start();
    wakeUp(undefined);
    await turn();
    expect(second.outbox.size).toBe(1);
    world.serve(second, (batch) => void handled.push(...batch.map(({ body }) => body)));
    await emptied(second.outbox);
    expect(handled).toEqual(['order']);
  });
});
