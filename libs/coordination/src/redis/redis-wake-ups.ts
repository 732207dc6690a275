import { randomBytes } from 'node:crypto';
import { MemoryWakeUps, type WakeUps } from '../wake-ups.ts';
import { RedisChannel } from './redis-channel.ts';
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
  readonly #channel: RedisChannel;
  readonly #process = randomBytes(6).toString('hex');
  #pending = new Set<string>();
  #flushing: NodeJS.Immediate | undefined;

  constructor(redis: RedisHandle) {
    this.#channel = new RedisChannel(redis, 'wake-ups', (message) => this.#heard(message));
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
    this.#channel.close();
  }

  #flush(): void {
    const ids = [...this.#pending];
    this.#pending = new Set();
    this.#flushing = undefined;
    for (let from = 0; from < ids.length; from += IDS_PER_MESSAGE) {
      this.#channel.say(JSON.stringify([this.#process, ...ids.slice(from, from + IDS_PER_MESSAGE)]));
    }
  }

  #heard(message: string): void {
    const [sender, ...ids] = JSON.parse(message) as readonly string[];
    if (sender !== this.#process) this.#local.wake(ids);
  }
}
