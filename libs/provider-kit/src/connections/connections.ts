import type { ConnectionPut, Mode } from '@tolem/contracts';
import type { Database, StoredCredential, Vault } from '@tolem/persistence';
import type { Access } from '../call.ts';
import { credentialOf } from './credential.ts';

interface ConnectionRow {
  readonly id: string;
  readonly version: number;
  readonly mode: Mode;
  readonly base_url: string;
  readonly scheme: string;
  readonly tax_id: string;
  readonly credential_id: string | null;
  readonly options: Record<string, unknown>;
  readonly enabled: boolean;
}

interface Known {
  readonly access: Access;
  /** The version of its credential that is used; 0 where none is yet. */
  readonly credential: { readonly id: string; readonly version: number } | undefined;
}

const MAX_CACHED = 10_000;
/** Most addresses that one credential is used at; more are a mistake of somebody's configuration. */
const MAX_ADDRESSES = 20;
const MAX_BROKEN_TRIALS = 5;

/** Where a version of a credential can be tried. */
export interface Trials {
  /** The version in use is let in at all of these; otherwise it is let in nowhere. */
  readonly inUse: boolean;
  readonly accesses: readonly Access[];
}

/** Connections as the gateway put them here, with their credentials from the vault; cached by version. */
export class Connections {
  readonly #cache = new Map<string, Known>();
  /** Counts changes, so that what was read before one is not remembered after it. */
  #changes = 0;

  constructor(
    private readonly db: Database,
    private readonly vault: Vault,
  ) {}

  /** Stores newer settings; older ones and repeats change nothing. */
  async put(command: ConnectionPut, tenant: string, mode: Mode): Promise<void> {
    await this.db.query(
      `INSERT INTO connection (id, tenant, mode, version, base_url, scheme, tax_id, credential_id, options, enabled)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (id) DO UPDATE
         SET version = EXCLUDED.version, base_url = EXCLUDED.base_url, scheme = EXCLUDED.scheme, tax_id = EXCLUDED.tax_id,
             credential_id = EXCLUDED.credential_id, options = EXCLUDED.options, enabled = EXCLUDED.enabled, updated_at = now()
       WHERE connection.version < EXCLUDED.version AND connection.tenant = EXCLUDED.tenant`,
      [
        command.connection_id,
        tenant,
        mode,
        command.connection_version,
        command.base_url,
        command.scheme,
        command.tax_id,
        command.credential_id,
        JSON.stringify(command.options),
        command.enabled,
      ],
    );
    this.#forget(command.connection_id);
  }

  /** Forgets what another process has replaced meanwhile: settings, and the version of a credential. */
  async dropStale(): Promise<void> {
    const known = [...this.#cache.values()];
    if (known.length === 0) return;
    const settings = known.map(({ access }) => ({ id: access.connectionId, version: access.version }));
    const stale = await this.db.query<{ id: string }>(
      `SELECT c.id FROM connection c JOIN jsonb_to_recordset($1::jsonb) AS k (id text, version integer) USING (id)
        WHERE c.version > k.version`,
      [JSON.stringify(settings)],
    );
    for (const { id } of stale) this.#forget(id);
    await this.dropReplaced();
  }

  /** Forgets credentials of which another version is used by now; the next call uses that one. */
  async dropReplaced(): Promise<void> {
    const versions = new Map<string, number>();
    for (const { credential } of this.#cache.values()) if (credential) versions.set(credential.id, credential.version);
    const replaced = await this.vault.replaced([...versions].map(([id, version]) => ({ id, version })));
    for (const id of replaced) this.forgetCredential(id);
  }

  forgetCredential(credentialId: string): void {
    this.#changes += 1;
    for (const [id, { credential }] of this.#cache) if (credential?.id === credentialId) this.#cache.delete(id);
  }

  /**
   * Where a version of a credential that is not in use yet can be tried: with one connection for each address where the
   * version in use is let in. Where it is let in nowhere, with a few connections of each address: any of them may be
   * broken for reasons of its own.
   */
  async trials(candidate: StoredCredential): Promise<Trials> {
    const rows = await this.db.query<ConnectionRow & { works: boolean }>(
      `SELECT t.* FROM (
         SELECT a.*, row_number() OVER (PARTITION BY base_url, scheme ORDER BY updated_at DESC, id) AS place
           FROM (
             SELECT c.*, s.id IS NOT NULL AS works, bool_or(s.id IS NOT NULL) OVER () AS any_works
               FROM connection c
               LEFT JOIN subject s
                 ON s.id = c.id AND s.kind = 'connection' AND s.phase = 'up' AND (s.data->>'version')::integer = c.version
              WHERE c.credential_id = $1 AND c.enabled) a
          WHERE works OR NOT any_works) t
        WHERE place <= CASE WHEN works THEN 1 ELSE $3 END
        ORDER BY place, base_url, scheme LIMIT $2`,
      [candidate.id, MAX_ADDRESSES, MAX_BROKEN_TRIALS],
    );
    return { inUse: rows.some(({ works }) => works), accesses: rows.map((row) => accessOf(row, candidate)) };
  }

  #forget(id: string): void {
    this.#changes += 1;
    this.#cache.delete(id);
  }

  /**
   * Access under a connection in at least the version that a command was made for; undefined while that version has not
   * arrived here: the command waits for it.
   */
  async access(id: string, minVersion: number): Promise<Access | undefined> {
    const known = this.#cache.get(id)?.access;
    if (known !== undefined && known.version >= minVersion) return known;
    const changes = this.#changes;
    const [row] = await this.db.query<ConnectionRow>('SELECT * FROM connection WHERE id = $1', [id]);
    if (row === undefined || row.version < minVersion) return undefined;
    const stored = row.credential_id === null ? undefined : await this.vault.read(row.credential_id);
    const access = accessOf(row, stored);
    const credential =
      row.credential_id === null ? undefined : { id: row.credential_id, version: stored?.version ?? 0 };
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    if (changes === this.#changes) this.#cache.set(id, { access, credential });
    return access;
  }
}

function accessOf(row: ConnectionRow, stored: StoredCredential | undefined): Access {
  return {
    connectionId: row.id,
    version: row.version,
    mode: row.mode,
    baseUrl: row.base_url,
    scheme: row.scheme,
    taxId: row.tax_id,
    options: row.options,
    enabled: row.enabled,
    credential: stored === undefined ? undefined : credentialOf(stored),
  };
}
