import { setTimeout as passing } from 'node:timers/promises';
import type { Envelope } from '@tolem/contracts';
import { type Clock, systemClock } from '@tolem/domain';
import type { OutboxMessage } from '@tolem/persistence';
import type { Bus, ConsumerStats, Deliver, Subscription } from './bus.ts';
import { ConsumerQueue } from './consumer-queue.ts';
import { HeldBack } from './held-back.ts';

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

/**
 * The bus of one machine. Messages come from the outboxes of the services in this process and go to handlers in this
 * process, but never in the caller's stack: each consumer has a bounded queue and works at its own pace. A message is
 * safe only when its handler has committed; until then its row stays in the outbox, so a crash loses nothing.
 */
export class InProcessBus implements Bus {
  readonly #queues = new Map<string, ConsumerQueue>();
  /** What waits or runs, so that the relay and the first publish do not make the same message run twice. */
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(private readonly options: InProcessBusOptions) {
    const { clock = systemClock, maxQueued = MAX_QUEUED, batchSize = BATCH_SIZE, onError, pause = pauseFor } = options;
    for (const consumer of new Set(Object.values(options.topology).flat())) {
      const held = new HeldBack(clock);
      this.#queues.set(consumer, new ConsumerQueue({ consumer, maxQueued, batchSize, held, onError, pause }));
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
      const queue = this.#queues.get(message.consumer);
      if (queue?.push({ id: message.id, envelope: message.envelope, settle }) !== true) return Promise.resolve(false);
      this.#underWay.set(message.id, promise);
      return promise;
    });
  }

  announce(envelope: Envelope): void {
    for (const consumer of this.options.topology[envelope.topic] ?? []) {
      this.#queues.get(consumer)?.push({ id: undefined, envelope, settle: () => undefined });
    }
  }

  subscribe(consumer: string, topics: readonly string[], deliver: Deliver): Subscription {
    const queue = this.#queues.get(consumer);
    const unknown = topics.filter((topic) => !this.options.topology[topic]?.includes(consumer));
    if (queue === undefined || unknown.length > 0) {
      throw new Error(`${consumer} is not a consumer of ${unknown.join(', ') || 'any topic'} in this process`);
    }
    return queue.open(deliver);
  }

  stats(): Readonly<Record<string, ConsumerStats>> {
    return Object.fromEntries([...this.#queues].map(([consumer, queue]) => [consumer, queue.stats]));
  }

  heldBack(): readonly string[] {
    return [...this.#queues.values()].flatMap((queue) => queue.heldIds);
  }
}

/** Ends early, without an error, when the signal says so. */
function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return passing(ms, undefined, { signal }).catch(() => undefined);
}
