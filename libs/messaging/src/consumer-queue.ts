import type { Envelope } from '@tolem/contracts';
import type { ConsumerStats, Deliver, Delivery, Subscription } from './bus.ts';

/** What became of a message in the queue: what its handler said, or given back because nobody works here any more. */
export type Outcome = Delivery | 'returned';

export interface Waiting {
  readonly envelope: Envelope;
  /** Called once for each time the message was pushed. */
  readonly settle: (outcome: Outcome) => void;
}

export interface ConsumerQueueOptions {
  readonly consumer: string;
  readonly maxQueued: number;
  readonly batchSize: number;
  readonly onError: (error: unknown, consumer: string) => void;
  /** Resolves after `ms`, or at once when the signal says so; never rejects. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Hears that messages have left the queue for their handlers. */
  readonly onRoom?: () => void;
}

/** One subscriber, from `open` to `close`. */
interface Session {
  readonly deliver: Deliver;
  readonly closing: AbortController;
  running: Promise<void> | undefined;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** The queue of one consumer: one batch at a time, in order; pauses while infrastructure is in trouble. */
export class ConsumerQueue {
  readonly #waiting: Waiting[] = [];
  #session: Session | undefined;
  #busy = false;
  #running = 0;
  #deadLettered = 0;

  constructor(private readonly options: ConsumerQueueOptions) {}

  /** How many more messages it takes. */
  get room(): number {
    return this.options.maxQueued - this.#waiting.length;
  }

  get stats(): Omit<ConsumerStats, 'parked'> {
    return { queued: this.#waiting.length, running: this.#running, deadLettered: this.#deadLettered };
  }

  /** Takes a message, unless there is no room for it. */
  push(message: Waiting): boolean {
    if (this.room <= 0) return false;
    this.#waiting.push(message);
    this.#kick();
    return true;
  }

  open(deliver: Deliver): Subscription {
    if (this.#session !== undefined) throw new Error(`${this.options.consumer} subscribed twice`);
    const session: Session = { deliver, closing: new AbortController(), running: undefined };
    this.#session = session;
    this.#kick();
    return { close: () => this.#close(session) };
  }

  /** Gives back what waits, and nothing that has begun. */
  giveBack(): void {
    for (const message of this.#waiting.splice(0)) message.settle('returned');
  }

  async #close(session: Session): Promise<void> {
    session.closing.abort();
    if (this.#session === session) this.#session = undefined;
    await session.running;
    // Nobody works here any more: what waits goes back to its senders, unless somebody has taken over meanwhile.
    if (this.#session === undefined) this.giveBack();
  }

  #kick(): void {
    const session = this.#session;
    if (this.#busy || session === undefined || this.#waiting.length === 0) return;
    this.#busy = true;
    session.running = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#work(session))
      .finally(() => {
        this.#busy = false;
        session.running = undefined;
        this.#kick();
      });
  }

  async #work(session: Session): Promise<void> {
    while (this.#waiting.length > 0 && !session.closing.signal.aborted) {
      const batch = this.#waiting.splice(0, this.options.batchSize);
      this.#running = batch.length;
      this.options.onRoom?.();
      await this.#deliverUntilHeard(session, batch);
      this.#running = 0;
    }
  }

  /** Trouble of infrastructure is waited out with the batch in hand; closing gives the batch back to its senders. */
  async #deliverUntilHeard({ deliver, closing }: Session, batch: readonly Waiting[]): Promise<void> {
    const envelopes = batch.map((message) => message.envelope);
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      if (closing.signal.aborted) {
        for (const message of batch) message.settle('returned');
        return;
      }
      try {
        const outcomes = await deliver(envelopes);
        batch.forEach((message, index) => this.#settle(message, outcomes[index] ?? 'again'));
        return;
      } catch (error) {
        this.options.onError(error, this.options.consumer);
        await this.options.pause(pauseMs, closing.signal);
      }
    }
  }

  #settle(message: Waiting, outcome: Delivery): void {
    if (outcome === 'dead') this.#deadLettered += 1;
    message.settle(outcome);
  }
}
