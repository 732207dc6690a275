import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@tolem/domain';
import type { Logger } from '@tolem/observability';
import type { Database } from '@tolem/persistence';
import { LRUCache } from 'lru-cache';
import { CLOCK, LOGGER, WORKER_DATABASE } from '../tokens.ts';

const MAX_KEYS = 10_000;
const WRITE_EVERY_MS = 60_000;

/** When each key was used last: noted in memory with every request, written at most once a minute, never in a request's way. */
@Injectable()
export class LastUsed {
  readonly #seen = new LRUCache<string, number>({ max: MAX_KEYS });
  #writtenAt: number;
  #writing: Promise<void> | undefined;

  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#writtenAt = Number.NEGATIVE_INFINITY;
  }

  touch(keyId: string): void {
    this.#seen.set(keyId, this.clock.now());
    if (this.clock.monotonicMs() - this.#writtenAt < WRITE_EVERY_MS) return;
    this.#writtenAt = this.clock.monotonicMs();
    this.#writing = this.#write();
  }

  /** Writes what is still only in memory. */
  async flush(): Promise<void> {
    await this.#writing;
    await this.#write();
  }

  async #write(): Promise<void> {
    if (this.#seen.size === 0) return;
    const entries = [...this.#seen.entries()];
    this.#seen.clear();
    try {
      await this.db.query(
        `UPDATE api_key SET last_used_at = u.at
           FROM unnest($1::uuid[], $2::timestamptz[]) AS u(id, at)
          WHERE api_key.id = u.id AND (last_used_at IS NULL OR last_used_at < u.at)`,
        [entries.map(([id]) => id), entries.map(([, at]) => new Date(at))],
      );
    } catch (error) {
      // Only a display depends on it: the next use of the keys tells it again.
      this.logger.warn({ err: error }, 'the last use of keys could not be written');
    }
  }
}
