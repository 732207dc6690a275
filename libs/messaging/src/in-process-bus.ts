import type { Envelope } from '@tolem/contracts';
import { type Clock, systemClock } from '@tolem/domain';
import type { OutboxMessage } from '@tolem/persistence';
import type { Bus, ConsumerStats, Deliver, Subscription } from './bus.ts';
import { ConsumerQueue } from './consumer-queue.ts';
import { HeldBack } from './held-back.ts';
import { pauseFor } from './pause-for.ts';

export interface InProcessBusOptions {
  /** Topic → the consumers that must have handled a message before its row may go. */
  readonly topology: Readonly<Record<string, readonly string[]>>;
  /** Most messages that wait for one consumer; what does not fit stays in the outbox and comes again. */
  readonly maxQueued?: number;
  readonly batchSize?: number;
  readonly onError: (error: unknown, consumer: string) => void;
  /** Tells when a parked message may be tried again. */
  readonly clock?: Clock;
  /** How the bus waits while infrastructure is in trouble: resolves after `ms`, or at once when the signal says so. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const MAX_QUEUED = 10_000;
const BATCH_SIZE = 200;

/** One consumer that lives here, and the messages of it that wait in the outbox for a reason of their own. */
interface LocalConsumer {
  readonly queue: ConsumerQueue;
  readonly held: HeldBack;
}

/**
 * The bus of one machine. Messages come from the outboxes of the services in this process and go to handlers in this
 * process, but never in the caller's stack: each consumer has a bounded queue and works at its own pace. A message is
 * safe only when its handler has committed; until then its row stays in the outbox, so a crash loses nothing.
 */
export class InProcessBus implements Bus {
  readonly #consumers = new Map<string, LocalConsumer>();
  /** What waits or runs, so that the relay and the first publish do not make the same message run twice. */
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(private readonly options: InProcessBusOptions) {
    const { clock = systemClock, maxQueued = MAX_QUEUED, batchSize = BATCH_SIZE, onError, pause = pauseFor } = options;
    for (const consumer of new Set(Object.values(options.topology).flat())) {
      const queue = new ConsumerQueue({ consumer, maxQueued, batchSize, onError, pause });
      this.#consumers.set(consumer, { queue, held: new HeldBack(clock) });
    }
  }

  consumersOf(topic: string): readonly string[] {
    const consumers = this.options.topology[topic];
    if (consumers === undefined) throw new Error(`nobody consumes topic ${topic} here`);
    return consumers;
  }

  send(messages: readonly OutboxMessage[]): readonly Promise<boolean>[] {
    return messages.map((message) => {
      const running = this.#underWay.get(message.id);
      if (running !== undefined) return running;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const settle = (safe: boolean): void => {
        this.#underWay.delete(message.id);
        resolve(safe);
      };
      if (!this.#push(message, settle)) return Promise.resolve(false);
      this.#underWay.set(message.id, promise);
      return promise;
    });
  }

  announce(envelope: Envelope): void {
    for (const consumer of this.options.topology[envelope.topic] ?? []) {
      this.#consumers.get(consumer)?.queue.push({ envelope, settle: () => undefined });
    }
  }

  subscribe(consumer: string, topics: readonly string[], deliver: Deliver): Subscription {
    const local = this.#consumers.get(consumer);
    const unknown = topics.filter((topic) => !this.options.topology[topic]?.includes(consumer));
    if (local === undefined || unknown.length > 0) {
      throw new Error(`${consumer} is not a consumer of ${unknown.join(', ') || 'any topic'} in this process`);
    }
    const subscription = local.queue.open(deliver);
    local.held.clear();
    return subscription;
  }

  stats(): Readonly<Record<string, ConsumerStats>> {
    return Object.fromEntries(
      [...this.#consumers].map(([consumer, { queue, held }]) => [
        consumer,
        { ...queue.stats, parked: held.parkedCount },
      ]),
    );
  }

  heldBack(): readonly string[] {
    return [...this.#consumers.values()].flatMap(({ held }) => held.ids);
  }

  /** False where there is no room, or where the message was tried in vain only just now. */
  #push({ id, consumer, envelope }: OutboxMessage, settle: (safe: boolean) => void): boolean {
    const local = this.#consumers.get(consumer);
    if (local === undefined || local.queue.room <= 0 || local.held.mustWait(id)) return false;
    return local.queue.push({
      envelope,
      settle: (outcome) => {
        if (outcome === 'parked') local.held.parked(id);
        else if (outcome === 'again') local.held.failed(id);
        else if (outcome !== 'returned') local.held.release(id);
        settle(outcome === 'done' || outcome === 'dead');
      },
    });
  }
}
