import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { MemoryWakeUps, type WakeUps } from '../wake-ups.ts';
import type { RedisHandle } from './redis-handle.ts';

/** Ids in one message; some ten kilobytes. */
const IDS_PER_MESSAGE = 400;
/** Wake-ups are hints: what comes on top of this in one turn is not told to others, whose waiters read again anyway. */
const MAX_IDS_PER_TURN = 50_000;

/**
 * Wake-ups between processes over one channel for the whole installation. Every process hears all of them: at 200 payments
 * a second a few tens of kilobytes, far less than a subscription per waiter would cost. What is woken in one turn of the
 * event loop is one message; who waits in the same process is woken at once. While Redis is away only the latter.
 */
export class RedisWakeUps implements WakeUps {
  readonly #local = new MemoryWakeUps();
  readonly #subscriber: Redis;
  readonly #channel: string;
  readonly #process = randomBytes(6).toString('hex');
  #pending = new Set<string>();
  #flushing: NodeJS.Immediate | undefined;

  constructor(private readonly redis: RedisHandle) {
    this.#channel = `${redis.prefix}wake-ups`;
    this.#subscriber = redis.another();
    this.#subscriber.on('ready', () => this.#subscribe());
    this.#subscriber.on('message', (_channel, message) => this.#heard(message));
  }

  wake(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#pending.size >= MAX_IDS_PER_TURN) break;
      this.#pending.add(id);
    }
    if (this.#pending.size > 0) this.#flushing ??= setImmediate(() => this.#flush());
    this.#local.wake(ids);
  }

  listen(id: string, heard: () => void): () => void {
    return this.#local.listen(id, heard);
  }

  /** Ends the subscription; what was woken in this turn is still sent. */
  close(): void {
    if (this.#flushing !== undefined) {
      clearImmediate(this.#flushing);
      this.#flush();
    }
    this.#subscriber.disconnect();
  }

  #flush(): void {
    const ids = [...this.#pending];
    this.#pending = new Set();
    this.#flushing = undefined;
    for (let from = 0; from < ids.length; from += IDS_PER_MESSAGE) {
      const message = JSON.stringify([this.#process, ...ids.slice(from, from + IDS_PER_MESSAGE)]);
      // Lost is fine, and the connection has told of its trouble.
      this.redis.run((client) => client.publish(this.#channel, message)).catch(() => undefined);
    }
  }

  #subscribe(): void {
    this.#subscriber.subscribe(this.#channel).catch((error: Error) => {
      this.redis.report(error, 'subscribing to wake-ups');
      // A connection without its subscription would look sound for ever.
      this.#subscriber.disconnect(true);
    });
  }

  #heard(message: string): void {
    try {
      const [sender, ...ids] = JSON.parse(message) as readonly string[];
      if (sender !== this.#process) this.#local.wake(ids);
    } catch (error) {
      this.redis.report(error instanceof Error ? error : new Error(String(error)), 'a wake-up');
    }
  }
}
