import { Inject, Injectable } from '@nestjs/common';
import type { Mode } from '@tolem/contracts';
import type { Clock } from '@tolem/domain';
import type { Scope } from '../http/scopes.ts';
import { CLOCK, RANDOM_BYTES } from '../tokens.ts';
import type { Query } from '../transactions.ts';
import { hashSecret, makeApiKey } from './api-key-text.ts';
import { API_KEY_COLUMNS, type ApiKeyRow } from './api-key.ts';

export interface KeySettings {
  readonly tenantId: string;
  readonly mode: Mode;
  readonly name: string | null;
  readonly scopes: readonly Scope[] | readonly string[];
  readonly organizations: readonly string[] | null;
  readonly ips: readonly string[] | null;
  readonly expiresAt: Date | null;
  readonly rotatedFrom?: string;
}

/** A key that was just made: its row, and the text that nobody will see again. */
export interface MadeKey {
  readonly row: ApiKeyRow;
  /** Null where an earlier request made the key. */
  readonly text: string | null;
}

export interface KeyFilter {
  readonly tenantId: string | null;
  readonly mode: Mode | null;
  readonly after: string | null;
  readonly limit: number;
}

/** Statements on the table `api_key`; the caller's role decides what they see. */
@Injectable()
export class ApiKeyStore {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RANDOM_BYTES) private readonly randomBytes: (n: number) => Uint8Array,
  ) {}

  async make(query: Query, id: string, settings: KeySettings): Promise<MadeKey> {
    const { text, secret } = makeApiKey(settings.mode, id, this.randomBytes);
    const [row] = await query<ApiKeyRow>(
      `INSERT INTO api_key (id, tenant_id, mode, name, secret_hash, scopes, organizations, ips, expires_at, rotated_from, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING ${API_KEY_COLUMNS}`,
      [
        id,
        settings.tenantId,
        settings.mode,
        settings.name,
        hashSecret(secret),
        [...new Set<string>(settings.scopes)],
        settings.organizations,
        settings.ips,
        settings.expiresAt,
        settings.rotatedFrom ?? null,
        new Date(this.clock.now()),
      ],
    );
    if (row === undefined) throw new Error('an API key was not written');
    return { row, text };
  }

  /** @param mode only a key of this mode; null is either */
  async find(query: Query, id: string, mode: Mode | null): Promise<ApiKeyRow | undefined> {
    const [row] = await query<ApiKeyRow>(
      `SELECT ${API_KEY_COLUMNS} FROM api_key WHERE id = $1 AND ($2::text IS NULL OR mode = $2)`,
      [id, mode],
    );
    return row;
  }

  async list(query: Query, filter: KeyFilter): Promise<ApiKeyRow[]> {
    return query<ApiKeyRow>(
      `SELECT ${API_KEY_COLUMNS} FROM api_key
        WHERE ($1::uuid IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR mode = $2) AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4`,
      [filter.tenantId, filter.mode, filter.after, filter.limit],
    );
  }

  /** Ends a key at a time, unless it ends earlier already. */
  async endAt(query: Query, id: string, at: Date): Promise<ApiKeyRow | undefined> {
    const [row] = await query<ApiKeyRow>(
      `UPDATE api_key SET revoked_at = least(coalesce(revoked_at, $2), $2) WHERE id = $1 RETURNING ${API_KEY_COLUMNS}`,
      [id, at],
    );
    return row;
  }
}
