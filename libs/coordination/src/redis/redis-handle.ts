import { type Clock, systemClock } from '@tolem/domain';
import { Redis, type RedisOptions as ClientOptions } from 'ioredis';
import { redisAddress } from './redis-address.ts';
import { RedisAway } from './redis-away.ts';

export interface RedisConnectionOptions {
  /** redis(s)://user:password@host:port/db */
  readonly url: string;
  /** PEM of the authorities that may sign Redis' certificate; those of the system if left out. For rediss:// only. */
  readonly ca?: string;
  /** Before every key and channel, so that installations may share a Redis. Default `tolem:`. */
  readonly keyPrefix?: string;
  /** The longest wait for an answer, in milliseconds. Default 1,000. */
  readonly commandTimeoutMs?: number;
  /** Hears of trouble, at most once in ten seconds for each kind. Nothing has to be done: all users go on without Redis. */
  readonly onError: (error: Error, what: string) => void;
  readonly clock?: Clock;
}

const COMMAND_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_MS = 1_000;
const MAX_PENDING = 20_000;
const TOLD_EVERY_MS = 10_000;

/**
 * The one connection of a process to Redis, and the one place that says how it behaves: a command is sent at once or
 * fails at once, waits no longer than its time, and is never sent twice by itself. Commands of one turn of the event loop
 * travel in one packet. A connection that does not answer in time is given up for another one, and until that one stands
 * everybody is told at once that Redis is away; this goes on for ever.
 *
 * Keys that one script touches carry one hash tag (`{…}`), so that they lie in one slot of a cluster; what needs no common
 * key has tags of its own and spreads over the slots.
 */
export class RedisHandle {
  readonly prefix: string;
  readonly #main: Redis;
  readonly #others = new Set<Redis>();
  readonly #readyListeners = new Set<() => void>();
  readonly #toldAt = new Map<string, number>();
  readonly #clock: Clock;
  #pending = 0;
  #closed = false;

  constructor(private readonly options: RedisConnectionOptions) {
    this.prefix = options.keyPrefix ?? 'tolem:';
    this.#clock = options.clock ?? systemClock;
    this.#main = this.#connect();
    this.#main.on('ready', () => {
      for (const listener of this.#readyListeners) listener();
    });
  }

  /** Whether commands reach Redis as far as is known. */
  get isReady(): boolean {
    return this.#main.status === 'ready';
  }

  /** Runs commands. Rejects with RedisAway, whatever went wrong. */
  async run<T>(commands: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.isReady) throw new RedisAway('there is no connection to Redis');
    if (this.#pending >= MAX_PENDING) throw new RedisAway('too many commands wait for Redis');
    this.#pending += 1;
    try {
      return await commands(this.#main);
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      // No answer: the other end may be gone for good. READONLY (scripts wrap it): what was the primary is one no more.
      if (/^Command timed out|\bREADONLY\b/.test(cause.message) && this.isReady) this.#connectAnew();
      const away = new RedisAway(cause.message, { cause });
      if (!this.#closed) this.report(away, 'a command to Redis');
      throw away;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Calls `listener` each time when a connection stands, beginning with the next one. */
  onReady(listener: () => void): () => void {
    this.#readyListeners.add(listener);
    return () => this.#readyListeners.delete(listener);
  }

  /** Resolves as soon as there is a connection, with false if there is none after `timeoutMs`. */
  async whenReady(timeoutMs: number): Promise<boolean> {
    if (this.isReady) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const stop = this.onReady(() => resolve(true));
    const ready = await promise;
    clearTimeout(timer);
    stop();
    return ready;
  }

  /** Another connection like the first one, for a subscriber; closed with it. */
  another(): Redis {
    const redis = this.#connect();
    this.#others.add(redis);
    return redis;
  }

  report(error: Error, what: string): void {
    const now = this.#clock.monotonicMs();
    const told = this.#toldAt.get(what);
    if (told !== undefined && now - told < TOLD_EVERY_MS) return;
    this.#toldAt.set(what, now);
    this.options.onError(error, what);
  }

  /** Waits for what is on its way, as long as a command may take, and disconnects. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.isReady) await this.#main.quit().catch(() => undefined);
    for (const redis of [this.#main, ...this.#others]) redis.disconnect();
  }

  /** Subscribers too: nothing would tell them that nobody is there any more. */
  #connectAnew(): void {
    for (const redis of [this.#main, ...this.#others]) redis.disconnect(true);
  }

  #connect(): Redis {
    const { secure, ...address } = redisAddress(this.options.url);
    const timeoutMs = this.options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
    const options: ClientOptions = {
      ...address,
      ...(secure ? { tls: this.options.ca === undefined ? {} : { ca: this.options.ca } } : {}),
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: timeoutMs,
      disconnectTimeout: timeoutMs,
      keepAlive: 10_000,
      enableAutoPipelining: true,
      // Nothing waits for a connection, and what was under way when one broke is not sent again: it may have been done.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      // Never alike in two processes, so that a Redis that comes back is not met by all of them at once.
      retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 10), MAX_RECONNECT_MS) * (0.5 + Math.random() / 2),
    };
    const redis = new Redis(options);
    redis.on('error', (error: Error) => this.report(error, 'the connection to Redis'));
    return redis;
  }
}

/** Begins to connect; `checkRedis` says whether what is found there is fit for use. */
export function connectRedis(options: RedisConnectionOptions): RedisHandle {
  return new RedisHandle(options);
}
