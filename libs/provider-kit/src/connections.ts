import type { ConnectionPut, Mode } from '@tolem/contracts';
import type { Database, Vault } from '@tolem/persistence';
import type { Access } from './provider.ts';

interface ConnectionRow {
  readonly id: string;
  readonly version: number;
  readonly base_url: string;
  readonly scheme: string;
  readonly tax_id: string;
  readonly credential_id: string | null;
  readonly options: Record<string, unknown>;
  readonly enabled: boolean;
}

const MAX_CACHED = 10_000;

/** Connections as the gateway put them here, with their credentials from the vault; cached by version. */
export class Connections {
  readonly #cache = new Map<string, Access>();
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

  /** Forgets what another process has replaced meanwhile. */
  async dropStale(): Promise<void> {
    const known = [...this.#cache.values()].map(({ connectionId, version }) => ({ id: connectionId, version }));
    if (known.length === 0) return;
    const stale = await this.db.query<{ id: string }>(
      `SELECT c.id FROM connection c JOIN jsonb_to_recordset($1::jsonb) AS k (id text, version integer) USING (id)
        WHERE c.version > k.version`,
      [JSON.stringify(known)],
    );
    for (const { id } of stale) this.#forget(id);
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
    const known = this.#cache.get(id);
    if (known !== undefined && known.version >= minVersion) return known;
    const changes = this.#changes;
    const [row] = await this.db.query<ConnectionRow>('SELECT * FROM connection WHERE id = $1', [id]);
    if (row === undefined || row.version < minVersion) return undefined;
    const access = await this.#accessOf(row);
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    if (changes === this.#changes) this.#cache.set(id, access);
    return access;
  }

  async #accessOf(row: ConnectionRow): Promise<Access> {
    const secret = row.credential_id === null ? undefined : await this.vault.read(row.credential_id);
    return {
      connectionId: row.id,
      version: row.version,
      baseUrl: row.base_url,
      scheme: row.scheme,
      taxId: row.tax_id,
      options: row.options,
      enabled: row.enabled,
      credential:
        secret === undefined || row.credential_id === null
          ? undefined
          : {
              id: row.credential_id,
              // A certificate that is replaced gets an id of its own, so the id is its version.
              version: row.credential_id,
              certificatePem: secret.certificate,
              privateKeyPem: secret.private_key,
              ...(secret.pass_phrase === undefined ? {} : { passPhrase: secret.pass_phrase }),
              ...(secret.ca === undefined ? {} : { caPem: secret.ca }),
            },
    };
  }
}
