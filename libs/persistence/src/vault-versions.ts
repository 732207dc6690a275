import type { EntityManager } from 'typeorm';
import type { Database } from './database.ts';
import type { OutboxRow } from './outbox.ts';
import type { KeyOwner, Sealer } from './sealer.ts';
import { credentialContext, type CredentialState, ownerColumn, ownerOf } from './vault.ts';
import type { SecretToKeep } from './vault-secret.ts';

/** What has changed, for whoever tells others of it. */
export interface CredentialVersion {
  readonly id: string;
  readonly version: number;
  readonly state: CredentialState;
  readonly seq: number;
  readonly owner: KeyOwner;
}

/** Makes the messages that tell of a change; they are written in the transaction of the change. */
export type TellChange = (changed: CredentialVersion) => readonly OutboxRow[];

export interface PairToKeep {
  readonly secret: SecretToKeep;
  /** Epoch milliseconds. */
  readonly notAfter: number | null;
  readonly fingerprint: string | null;
}

interface VersionRow {
  readonly id: string;
  readonly version: number;
  readonly state: CredentialState;
  readonly seq: number;
  readonly owner_tenant: string | null;
}

const CHANGED = 'RETURNING id, version, state, seq, owner_tenant';

/**
 * How the versions of a provider's own credentials move, for the provider's service: it may write the rows of its
 * provider and no other. Of several processes that try the same at once one moves, the others see undefined.
 */
export class CredentialVersions {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly provider: string,
    private readonly publish: (rows: readonly OutboxRow[]) => void,
  ) {}

  /** A fresh version. Undefined where that version exists. */
  async add(
    place: { readonly id: string; readonly version: number; readonly owner: KeyOwner },
    state: 'key' | 'ready',
    pair: PairToKeep,
    tell: TellChange,
  ): Promise<CredentialVersion | undefined> {
    const cipher = await this.#seal(place.owner, place.id, place.version, pair.secret);
    return this.#change(tell, (manager) =>
      run(
        manager,
        `INSERT INTO vault.credential (id, version, state, owner_tenant, provider, cipher, not_after, fingerprint, seq)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) ON CONFLICT DO NOTHING ${CHANGED}`,
        [place.id, place.version, state, ownerColumn(place.owner), this.provider, cipher, ...columnsOf(pair)],
      ),
    );
  }

  /** A key has become a whole pair. Undefined where it is no bare key. */
  async complete(
    place: { readonly id: string; readonly version: number; readonly owner: KeyOwner },
    pair: PairToKeep,
    tell: TellChange,
  ): Promise<CredentialVersion | undefined> {
    const cipher = await this.#seal(place.owner, place.id, place.version, pair.secret);
    return this.#change(tell, (manager) =>
      run(
        manager,
        `UPDATE vault.credential SET state = 'ready', cipher = $3, not_after = $4, fingerprint = $5, seq = seq + 1, updated_at = now()
          WHERE id = $1 AND version = $2 AND state = 'key' ${CHANGED}`,
        [place.id, place.version, cipher, ...columnsOf(pair)],
      ),
    );
  }

  /** Takes a ready version into use; the one before and all that are ready below it retire. */
  async activate(id: string, version: number, tell: TellChange): Promise<CredentialVersion | undefined> {
    return this.#change(tell, async (manager) => {
      const rows = await run(
        manager,
        'SELECT version, state FROM vault.credential WHERE id = $1 ORDER BY version FOR UPDATE',
        [id],
      );
      if (rows.find((row) => row.version === version)?.state !== 'ready') return [];
      const overtaken = rows.some((row) => row.version > version && row.state === 'active');
      await run(
        manager,
        `UPDATE vault.credential SET state = 'retired', seq = seq + 1, updated_at = now()
          WHERE id = $1 AND state IN ('active', 'ready') AND version ${overtaken ? '=' : '<'} $2`,
        [id, version],
      );
      return run(
        manager,
        overtaken
          ? `SELECT id, version, state, seq, owner_tenant FROM vault.credential WHERE id = $1 AND version = $2`
          : `UPDATE vault.credential SET state = 'active', seq = seq + 1, updated_at = now()
              WHERE id = $1 AND version = $2 ${CHANGED}`,
        [id, version],
      );
    });
  }

  /** A ready version that cannot be used. */
  async fail(id: string, version: number, tell: TellChange): Promise<CredentialVersion | undefined> {
    return this.#change(tell, (manager) =>
      run(
        manager,
        `UPDATE vault.credential SET state = 'failed', seq = seq + 1, updated_at = now()
          WHERE id = $1 AND version = $2 AND state = 'ready' ${CHANGED}`,
        [id, version],
      ),
    );
  }

  /** Tells once more of a version that others may know less of. It goes on waiting since when it did. */
  async tellAgain(id: string, version: number, tell: TellChange): Promise<CredentialVersion | undefined> {
    return this.#change(tell, (manager) =>
      run(manager, `UPDATE vault.credential SET seq = seq + 1 WHERE id = $1 AND version = $2 ${CHANGED}`, [
        id,
        version,
      ]),
    );
  }

  /** Versions that wait to be taken into use, the latest of each credential. */
  async waiting(limit: number): Promise<readonly CredentialVersion[]> {
    const rows = await this.db.query<VersionRow>(
      `SELECT DISTINCT ON (id) id, version, state, seq, owner_tenant
         FROM vault.credential WHERE state = 'ready' AND provider = $1 ORDER BY id, version DESC LIMIT $2`,
      [this.provider, limit],
    );
    return rows.map(versionOf);
  }

  /** All versions of a credential, oldest first. */
  async of(id: string): Promise<readonly (CredentialVersion & { readonly fingerprint: string | null })[]> {
    const rows = await this.db.query<VersionRow & { fingerprint: string | null }>(
      'SELECT id, version, state, seq, owner_tenant, fingerprint FROM vault.credential WHERE id = $1 ORDER BY version',
      [id],
    );
    return rows.map((row) => ({ ...versionOf(row), fingerprint: row.fingerprint }));
  }

  async #seal(owner: KeyOwner, id: string, version: number, secret: SecretToKeep): Promise<Buffer> {
    return this.sealer.seal(owner, JSON.stringify(secret), credentialContext(id, version));
  }

  async #change(
    tell: TellChange,
    change: (manager: EntityManager) => Promise<readonly VersionRow[]>,
  ): Promise<CredentialVersion | undefined> {
    const told: OutboxRow[] = [];
    const changed = await this.db.transaction(async (manager) => {
      const [row] = await change(manager);
      if (row === undefined) return undefined;
      const version = versionOf(row);
      told.push(...tell(version));
      await run(
        manager,
        `INSERT INTO outbox (id, topic, consumer, key, headers, body)
         SELECT r.id, r.topic, r.consumer, r.key, r.headers, r.body
           FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, topic text, consumer text, key text, headers jsonb, body jsonb)`,
        [JSON.stringify(told)],
      );
      return version;
    });
    if (changed !== undefined) this.publish(told);
    return changed;
  }
}

function columnsOf({ notAfter, fingerprint }: PairToKeep): readonly unknown[] {
  return [notAfter === null ? null : new Date(notAfter), fingerprint];
}

function versionOf(row: VersionRow): CredentialVersion {
  return { id: row.id, version: row.version, state: row.state, seq: row.seq, owner: ownerOf(row.owner_tenant) };
}

/** TypeORM answers UPDATE with [rows, count], everything else with rows. */
async function run(manager: EntityManager, sql: string, values: readonly unknown[]): Promise<readonly VersionRow[]> {
  const result: unknown = await manager.query(sql, [...values]);
  const isUpdate =
    Array.isArray(result) && result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number';
  return (isUpdate ? (result as unknown[])[0] : result) as readonly VersionRow[];
}
