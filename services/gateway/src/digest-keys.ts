import { Inject, Injectable } from '@nestjs/common';
import type { Database, Sealer } from '@tolem/persistence';
import { LRUCache } from 'lru-cache';
import { APP_DATABASE, RANDOM_BYTES } from './tokens.ts';
import { SEALER } from './webhooks/webhook-settings.ts';

const MAX_KEYS = 10_000;
const KEY_BYTES = 32;

/**
 * A secret per tenant for digests of personal data: who reads the database without the master key can neither compare nor
 * guess what was digested, not even where there are as few possibilities as there are phones.
 */
@Injectable()
export class DigestKeys {
  readonly #keys = new LRUCache<string, Buffer>({ max: MAX_KEYS });

  constructor(
    @Inject(APP_DATABASE) private readonly db: Database,
    @Inject(SEALER) private readonly sealer: Sealer,
    @Inject(RANDOM_BYTES) private readonly randomBytes: (n: number) => Uint8Array,
  ) {}

  /** @param tenantId UUID */
  async keyOf(tenantId: string): Promise<Buffer> {
    const known = this.#keys.get(tenantId);
    if (known !== undefined) return known;
    const key = (await this.#stored(tenantId)) ?? (await this.#made(tenantId));
    this.#keys.set(tenantId, key);
    return key;
  }

  async #made(tenantId: string): Promise<Buffer> {
    const sealed = await this.sealer.seal(
      { tenant: tenantId },
      Buffer.from(this.randomBytes(KEY_BYTES)),
      contextOf(tenantId),
    );
    await this.db.asTenant(tenantId, (manager) =>
      manager.query('INSERT INTO digest_key (tenant_id, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        tenantId,
        sealed,
      ]),
    );
    // Two processes may meet here: the first row wins and both read it.
    const key = await this.#stored(tenantId);
    if (key === undefined) throw new Error('a digest key vanished while it was made');
    return key;
  }

  async #stored(tenantId: string): Promise<Buffer | undefined> {
    const rows = await this.db.asTenant(tenantId, (manager) =>
      manager.query<{ sealed: Buffer }[]>('SELECT sealed FROM digest_key WHERE tenant_id = $1', [tenantId]),
    );
    const [row] = rows;
    return row === undefined ? undefined : this.sealer.open(row.sealed, contextOf(tenantId));
  }
}

function contextOf(tenantId: string): string {
  return `digest_key:${tenantId}`;
}
