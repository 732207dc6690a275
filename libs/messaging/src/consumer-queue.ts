import type { Envelope } from '@tolem/contracts';
import type { ConsumerStats, Deliver, Delivery, Subscription } from './bus.ts';
import type { HeldBack } from './held-back.ts';

/** One message in the queue; without an id it has no row behind it and may be lost. */
export interface Waiting {
  readonly id: string | undefined;
  readonly envelope: Envelope;
  readonly settle: (safe: boolean) => void;
}

export interface ConsumerQueueOptions {
  readonly consumer: string;
  readonly maxQueued: number;
  readonly batchSize: number;
  readonly held: HeldBack;
  readonly onError: (error: unknown, consumer: string) => void;
  /** Resolves after `ms`, or at once when the signal says so; never rejects. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
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

  get full(): boolean {
    return this.#waiting.length >= this.options.maxQueued;
  }

  get stats(): ConsumerStats {
    return {
      queued: this.#waiting.length,
      running: this.#running,
      parked: this.options.held.parkedCount,
      deadLettered: this.#deadLettered,
    };
  }

  get heldIds(): readonly string[] {
    return this.options.held.ids;
  }

  /** Takes a message, unless there is no room for it or it was tried in vain only just now. */
  push(message: Waiting): boolean {
    if (this.full || (message.id !== undefined && this.options.held.mustWait(message.id))) return false;
    this.#waiting.push(message);
    this.#kick();
    return true;
  }

  open(deliver: Deliver): Subscription {
    if (this.#session !== undefined) throw new Error(`${this.options.consumer} subscribed twice`);
    const session: Session = { deliver, closing: new AbortController(), running: undefined };
    this.#session = session;
    this.options.held.clear();
    this.#kick();
    return { close: () => this.#close(session) };
  }

  async #close(session: Session): Promise<void> {
    session.closing.abort();
    if (this.#session === session) this.#session = undefined;
    await session.running;
    // Nobody works here any more: what waits goes back to its senders, unless somebody has taken over meanwhile.
    if (this.#session === undefined) for (const message of this.#waiting.splice(0)) message.settle(false);
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
      await this.#deliverUntilHeard(session, batch);
      this.#running = 0;
    }
  }

  /** Trouble of infrastructure is waited out with the batch in hand; closing gives the batch back to the outbox. */
  async #deliverUntilHeard({ deliver, closing }: Session, batch: readonly Waiting[]): Promise<void> {
    const envelopes = batch.map((message) => message.envelope);
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      if (closing.signal.aborted) {
        for (const message of batch) message.settle(false);
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
    if (message.id !== undefined) {
      if (outcome === 'parked') this.options.held.parked(message.id);
      else if (outcome === 'again') this.options.held.failed(message.id);
      else this.options.held.release(message.id);
    }
    message.settle(outcome === 'done' || outcome === 'dead');
  }
}
