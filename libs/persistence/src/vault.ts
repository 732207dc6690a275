import type { Database } from './database.ts';
import type { KeyOwner, Sealer } from './sealer.ts';
import { readSecret, type Secret, type SecretToKeep } from './vault-secret.ts';

/** The migration `credential-versions` tells of each. */
export type CredentialState = 'key' | 'ready' | 'active' | 'retired' | 'failed';

/** One version of a credential, opened. */
export interface StoredCredential {
  readonly id: string;
  readonly version: number;
  readonly state: CredentialState;
  readonly owner: KeyOwner;
  readonly secret: Secret;
}

/** Where a secret is put; by default the first version, used at once. */
export interface CredentialPlace {
  readonly version?: number;
  readonly state?: 'ready' | 'active';
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint?: string;
}

export interface CredentialRow {
  readonly id: string;
  readonly version: number;
  readonly state: CredentialState;
  readonly owner_tenant: string | null;
  readonly cipher: Buffer;
}

/**
 * Secrets of providers' connections. The gateway puts them in, a provider's service reads its own (row-level security
 * by role), messages carry the id alone.
 */
export class Vault {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
  ) {}

  /**
   * The first secret of an id and version stays: to put it in again changes nothing.
   * @param notAfter when the certificate ends, epoch milliseconds; null for what does not end
   */
  async put(
    id: string,
    owner: KeyOwner,
    provider: string,
    secret: SecretToKeep,
    notAfter: number | null,
    place: CredentialPlace = {},
  ): Promise<void> {
    const version = place.version ?? 1;
    const cipher = await this.sealer.seal(owner, JSON.stringify(secret), credentialContext(id, version));
    await this.db.query(
      `INSERT INTO vault.credential (id, version, state, owner_tenant, provider, cipher, not_after, fingerprint)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
      [
        id,
        version,
        place.state ?? 'active',
        ownerColumn(owner),
        provider,
        cipher,
        notAfter === null ? null : new Date(notAfter),
        place.fingerprint ?? null,
      ],
    );
  }

  /** The version that is used; undefined where the id is unknown, not this service's, or has none in use. */
  async read(id: string): Promise<StoredCredential | undefined> {
    return this.#open(
      await this.db.query<CredentialRow>(
        `SELECT id, version, state, owner_tenant, cipher FROM vault.credential WHERE id = $1 AND state = 'active'`,
        [id],
      ),
    );
  }

  /** One version, whatever state it is in. */
  async readVersion(id: string, version: number): Promise<StoredCredential | undefined> {
    return this.#open(
      await this.db.query<CredentialRow>(
        'SELECT id, version, state, owner_tenant, cipher FROM vault.credential WHERE id = $1 AND version = $2',
        [id, version],
      ),
    );
  }

  /** Which of these credentials have another version in use than the one that is known. */
  async replaced(known: readonly { readonly id: string; readonly version: number }[]): Promise<ReadonlySet<string>> {
    if (known.length === 0) return new Set();
    const rows = await this.db.query<{ id: string }>(
      `SELECT DISTINCT c.id FROM vault.credential c JOIN jsonb_to_recordset($1::jsonb) AS k (id text, version integer) USING (id)
        WHERE c.state = 'active' AND c.version <> k.version`,
      [JSON.stringify(known)],
    );
    return new Set(rows.map((row) => row.id));
  }

  async #open(rows: readonly CredentialRow[]): Promise<StoredCredential | undefined> {
    const [row] = rows;
    if (row === undefined) return undefined;
    const plain = await this.sealer.open(row.cipher, credentialContext(row.id, row.version));
    return {
      id: row.id,
      version: row.version,
      state: row.state,
      owner: ownerOf(row.owner_tenant),
      secret: readSecret(plain.toString('utf8')),
    };
  }
}

/** Credentials were sealed before they had versions, under their id alone. */
export function credentialContext(id: string, version: number): string {
  return version === 1 ? `credential:${id}` : `credential:${id}:${version}`;
}

export function ownerOf(tenant: string | null): KeyOwner {
  return tenant === null ? 'operator' : { tenant };
}

export function ownerColumn(owner: KeyOwner): string | null {
  return owner === 'operator' ? null : owner.tenant;
}
