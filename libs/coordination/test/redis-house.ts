import { sharedStore, waitFor } from '@tolem/testing';
import { connectRedis, type RedisHandle } from '../src/index.ts';

/** One Redis for a spec file, and connections to it, each as if from a process of its own. */
export class RedisHouse {
  /** What the connections have complained about. */
  readonly troubles: string[] = [];
  readonly #open: RedisHandle[] = [];
  #prefixes = 0;

  private constructor(readonly url: string) {}

  /** The Redis that all specs of a run share: nothing is emptied there. */
  static async open(): Promise<RedisHouse> {
    return RedisHouse.of(await sharedStore('redis'));
  }

  /** A Redis that somebody else starts and stops. */
  static of(url: string): RedisHouse {
    return new RedisHouse(url);
  }

  /** A prefix that no other case uses. */
  prefix(): string {
    this.#prefixes += 1;
    return `spec:${process.pid}:${Date.now()}:${this.#prefixes}:`;
  }

  /** Begins to connect. */
  begin(keyPrefix: string, url = this.url): RedisHandle {
    const onError = (error: Error, what: string): void => void this.troubles.push(`${what}: ${error.message}`);
    const handle = connectRedis({ url, keyPrefix, onError });
    this.#open.push(handle);
    return handle;
  }

  async connect(keyPrefix: string, url = this.url): Promise<RedisHandle> {
    const handle = this.begin(keyPrefix, url);
    await waitFor('Redis', () => handle.isReady);
    return handle;
  }

  async closeConnections(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((handle) => handle.close()));
  }

  async close(): Promise<void> {
    await this.closeConnections();
  }
}
