import { Inject, Injectable } from '@nestjs/common';
import type { Mode } from '@tolem/contracts';
import type { Clock } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import { LRUCache } from 'lru-cache';
import type { Scope } from '../http/scopes.ts';
import { CLOCK, WORKER_DATABASE } from '../tokens.ts';

/** A key as it is needed to judge a request. */
export interface KnownKey {
  readonly id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly secret_hash: Buffer;
  readonly scopes: readonly Scope[];
  readonly organizations: readonly string[] | null;
  readonly ips: readonly string[] | null;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly tenant_status: 'active' | 'suspended';
}

const MAX_KEYS = 10_000;
/** A payment must not pay a round trip for its key, and a revoked key must be dead within this time on every replica. */
const KNOWN_FOR_MS = 5_000;

/** Keys by id, remembered for five seconds; that a key does not exist is remembered as well. */
@Injectable()
export class KeyDirectory {
  readonly #cache: LRUCache<string, { readonly key: KnownKey | undefined }>;

  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.#cache = new LRUCache({
      max: MAX_KEYS,
      ttl: KNOWN_FOR_MS,
      ttlResolution: 0,
      perf: { now: () => clock.monotonicMs() + 1 },
      fetchMethod: async (id) => ({ key: await this.#read(id) }),
    });
  }

  async find(keyId: string): Promise<KnownKey | undefined> {
    return (await this.#cache.fetch(keyId))?.key;
  }

  /** Forgets everything about keys in this process at once: something about a key or a tenant has changed. */
  forgetAll(): void {
    this.#cache.clear();
  }

  async #read(keyId: string): Promise<KnownKey | undefined> {
    const [row] = await this.db.query<KnownKey>(
      `SELECT k.id, k.tenant_id, k.mode, k.secret_hash, k.scopes, k.organizations, k.ips, k.expires_at, k.revoked_at,
              t.status AS tenant_status
         FROM api_key k JOIN tenant t ON t.id = k.tenant_id WHERE k.id = $1`,
      [keyId],
    );
    return row;
  }
}
