import type { Envelope } from '@tolem/contracts';
import { ManualClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { type BatchHandler, Dispatcher, type Subscription } from '../src/index.ts';
import type { BusSetting, BusUnderTest, MakeBus } from './bus-under-test.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { DeadLetterList, message } from './messages.ts';

export const COMMANDS = 'commands.kaspi';

/** One process' end of the bus, with its outbox. */
export interface ProcessUnderTest {
  readonly under: BusUnderTest;
  readonly outbox: MemoryOutbox;
  readonly subscriptions: Subscription[];
}

let worlds = 0;

/** Processes that follow each other on one bus, each beginning with what the last one left in its table. */
export class FaultWorld {
  readonly clock = new ManualClock();
  readonly deadLetters = new DeadLetterList();
  readonly #name = `faults-${(worlds += 1)}`;
  readonly #processes: ProcessUnderTest[] = [];

  constructor(private readonly makeBus: MakeBus) {}

  async start(more: Partial<BusSetting> = {}): Promise<ProcessUnderTest> {
    const under = await this.makeBus({
      world: this.#name,
      clock: this.clock,
      topology: { [COMMANDS]: ['kaspi'] },
      onError: () => undefined,
      ...more,
    });
    const outbox = new MemoryOutbox(under.bus, this.#processes.at(-1)?.outbox.table);
    const process: ProcessUnderTest = { under, outbox, subscriptions: [] };
    this.#processes.push(process);
    return process;
  }

  serve(
    process: ProcessUnderTest,
    handle: (batch: readonly Envelope[]) => Promise<void> | void,
    types: readonly string[] = ['spec.happened'],
    letters = this.deadLetters,
  ): Subscription {
    const handler: BatchHandler = { types, handle: async (batch) => handle(batch) };
    const dispatcher = new Dispatcher([handler], letters, () => undefined);
    const subscription = process.under.bus.subscribe('kaspi', [COMMANDS], (batch) => dispatcher.deliver(batch));
    process.subscriptions.push(subscription);
    return subscription;
  }

  async end(): Promise<void> {
    for (const { under, outbox, subscriptions } of this.#processes) {
      outbox.close();
      // A subscription whose process "crashed" in its handler never closes; nobody waits for it.
      await Promise.race([Promise.all(subscriptions.map((subscription) => subscription.close())), turn()]);
      await under.close();
    }
  }
}

export function command(body: unknown, more: Partial<Envelope> = {}): Envelope {
  return message(body, { topic: COMMANDS, ...more });
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Until every message of the outbox is safe. */
export function emptied(outbox: MemoryOutbox): Promise<boolean> {
  return waitFor('an empty outbox', () => outbox.size === 0);
}
