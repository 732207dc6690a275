import type { OutgoingMessage } from './kafka-message.ts';
import { Pace } from './pace.ts';

export interface TopicSenderOptions {
  readonly topic: string;
  /** Brings a batch to the brokers; resolves when all in-sync replicas hold all of it. */
  readonly carry: (topic: string, messages: readonly OutgoingMessage[]) => Promise<void>;
  /** Most messages that wait for their turn. */
  readonly maxWaiting: number;
  /** Hears why a batch failed, once until one gets through again, and of every message that is too large. */
  readonly onError: (error: unknown, topic: string) => void;
}

interface Waiting {
  readonly message: OutgoingMessage;
  readonly bytes: number;
  readonly settle: (held: boolean) => void;
}

/** The longest that a message waits for others to travel with, and only where one has just left. */
const LINGER_MS = 4;
const BATCH_SIZE = 500;
/** Together with what the protocol adds, below the 1 MiB that a broker takes by default in one batch. */
const BATCH_BYTES = 900_000;

/**
 * Sends to one topic: what comes while a batch is under way or has just left goes together, one batch at a time, so that
 * messages of one key keep their order.
 */
export class TopicSender {
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;
  #failing = false;
  readonly #pace = new Pace(LINGER_MS);
  readonly #refused = new WeakSet<OutgoingMessage>();

  constructor(private readonly options: TopicSenderOptions) {}

  /** True once all in-sync replicas hold the message, false where it must be sent again. Never rejects. */
  send(message: OutgoingMessage): Promise<boolean> {
    const bytes = bytesOf(message);
    if (bytes > BATCH_BYTES) {
      this.#refuse(message, new RangeError(`a message of ${bytes} bytes is too large for Kafka`));
      return Promise.resolve(false);
    }
    if (this.#waiting.length >= this.options.maxWaiting) return Promise.resolve(false);
    return new Promise((settle) => {
      this.#waiting.push({ message, bytes, settle });
      this.#sending ??= this.#sendAll();
    });
  }

  /** Whether this message was not taken for a reason of its own: it would not be taken again. */
  hasRefused(message: OutgoingMessage): boolean {
    return this.#refused.has(message);
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#pace.turn();
      const batch = this.#waiting.splice(0, sizeOfBatch(this.#waiting));
      const left = await this.#carry(batch);
      // What waits behind a batch that failed goes back with it: it must not overtake it, and it would only fail too.
      if (left.length > 0) for (const { settle } of [...left, ...this.#waiting.splice(0)]) settle(false);
    }
    // In the very turn in which the last outcome is told, because whoever hears it may send again at once.
    this.#sending = undefined;
  }

  /**
   * Returns what must be sent again. Of a batch that is too large for the brokers each message goes by itself, so that the
   * one that is to blame stays behind alone.
   */
  async #carry(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    try {
      await this.options.carry(
        this.options.topic,
        batch.map(({ message }) => message),
      );
      this.#failing = false;
      for (const { settle } of batch) settle(true);
      return [];
    } catch (error) {
      const [first, ...others] = batch;
      if (isTooLarge(error) && first !== undefined) {
        if (others.length > 0) return this.#carrySingly(batch);
        this.#refuse(first.message, error);
        first.settle(false);
        return [];
      }
      if (!this.#failing) this.options.onError(error, this.options.topic);
      this.#failing = true;
      return batch;
    }
  }

  async #carrySingly(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    for (const [at, each] of batch.entries()) {
      const left = await this.#carry([each]);
      if (left.length > 0) return batch.slice(at);
    }
    return [];
  }

  #refuse(message: OutgoingMessage, error: unknown): void {
    this.#refused.add(message);
    this.options.onError(error, this.options.topic);
  }
}

/** The brokers take less at once than we do (`max.message.bytes` of the topic); the error's name at the library. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'MESSAGE_TOO_LARGE';
}

function sizeOfBatch(waiting: readonly Waiting[]): number {
  let bytes = 0;
  let size = 0;
  for (const message of waiting) {
    bytes += message.bytes;
    if (size === BATCH_SIZE || (size > 0 && bytes > BATCH_BYTES)) break;
    size += 1;
  }
  return size;
}

function bytesOf({ key, value, headers }: OutgoingMessage): number {
  return [key, value, ...Object.entries(headers).flat()].reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 0);
}
