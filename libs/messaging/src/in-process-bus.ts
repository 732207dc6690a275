import type { Envelope } from '@tolem/contracts';
import type { OutboxMessage } from '@tolem/persistence';
import type { Bus, Deliver, Subscription } from './bus.ts';

export interface InProcessBusOptions {
  /** Topic → the consumers that must have handled a message before its row may go. */
  readonly topology: Readonly<Record<string, readonly string[]>>;
  /** Most messages that wait for one consumer; what does not fit stays in the outbox and comes again. */
  readonly maxQueued?: number;
  readonly batchSize?: number;
  readonly onError: (error: unknown, consumer: string) => void;
}

interface Waiting {
  readonly id: string | undefined;
  readonly envelope: Envelope;
  readonly settle: (safe: boolean) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

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
    for (const consumer of new Set(Object.values(options.topology).flat())) {
      this.#queues.set(consumer, new ConsumerQueue(consumer, options));
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
      const queue = this.#queues.get(message.consumer);
      if (queue === undefined || queue.full) return Promise.resolve(false);
      const outcome = new Promise<boolean>((resolve) => {
        queue.push({ id: message.id, envelope: message.envelope, settle: resolve });
      });
      this.#underWay.set(message.id, outcome);
      void outcome.then(() => this.#underWay.delete(message.id));
      return outcome;
    });
  }

  announce(envelope: Envelope): void {
    for (const consumer of this.options.topology[envelope.topic] ?? []) {
      const queue = this.#queues.get(consumer);
      if (queue !== undefined && !queue.full) queue.push({ id: undefined, envelope, settle: () => undefined });
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
}

/** The queue of one consumer: one batch at a time, in order; pauses while infrastructure is in trouble. */
class ConsumerQueue {
  #waiting: Waiting[] = [];
  #deliver: Deliver | undefined;
  #running: Promise<void> | undefined;
  #wakePause: (() => void) | undefined;

  constructor(
    private readonly consumer: string,
    private readonly options: InProcessBusOptions,
  ) {}

  get full(): boolean {
    return this.#waiting.length >= (this.options.maxQueued ?? 10_000);
  }

  push(message: Waiting): void {
    this.#waiting.push(message);
    this.#kick();
  }

  open(deliver: Deliver): Subscription {
    if (this.#deliver !== undefined) throw new Error(`${this.consumer} subscribed twice`);
    this.#deliver = deliver;
    this.#kick();
    return {
      close: async () => {
        this.#deliver = undefined;
        this.#wakePause?.();
        await this.#running;
      },
    };
  }

  #kick(): void {
    if (this.#running !== undefined || this.#deliver === undefined || this.#waiting.length === 0) return;
    this.#running = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#work())
      .finally(() => {
        this.#running = undefined;
        this.#kick();
      });
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.options.batchSize ?? 200);
      await this.#deliverUntilHeard(batch);
    }
  }

  /** Trouble of infrastructure is waited out with the batch in hand; closing gives the batch back to the outbox. */
  async #deliverUntilHeard(batch: readonly Waiting[]): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const deliver = this.#deliver;
      if (deliver === undefined) {
        for (const message of batch) message.settle(false);
        return;
      }
      try {
        const outcomes = await deliver(batch.map((message) => message.envelope));
        batch.forEach((message, index) => message.settle(outcomes[index] === 'done'));
        return;
      } catch (error) {
        this.options.onError(error, this.consumer);
        await this.#pause(pauseMs);
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakePause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
