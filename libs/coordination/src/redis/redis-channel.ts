import type { Redis } from 'ioredis';
import type { RedisHandle } from './redis-handle.ts';

/**
 * A channel of the whole installation: every process hears what any of them says, itself included, and nothing is kept.
 * What is said while Redis is away is lost.
 */
export class RedisChannel {
  readonly #subscriber: Redis;
  readonly #name: string;

  constructor(
    private readonly redis: RedisHandle,
    private readonly what: string,
    private readonly heard: (message: string) => void,
  ) {
    this.#name = `${redis.prefix}${what}`;
    this.#subscriber = redis.another();
    this.#subscriber.on('ready', () => this.#subscribe());
    this.#subscriber.on('message', (_channel, message) => this.#hear(message));
  }

  say(message: string): void {
    // Lost is fine, and the connection has told of its trouble.
    this.redis.run((client) => client.publish(this.#name, message)).catch(() => undefined);
  }

  close(): void {
    this.#subscriber.disconnect();
  }

  #subscribe(): void {
    this.#subscriber.subscribe(this.#name).catch((error: Error) => {
      this.redis.report(error, `subscribing to ${this.what}`);
      // A connection without its subscription would look sound for ever.
      this.#subscriber.disconnect(true);
    });
  }

  #hear(message: string): void {
    try {
      this.heard(message);
    } catch (error) {
      this.redis.report(error instanceof Error ? error : new Error(String(error)), `hearing of ${this.what}`);
    }
  }
}
