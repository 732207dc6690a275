import type { Mode } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import type { z } from 'zod';
import type { apiKeyView } from './api-key.schema.ts';

export interface ApiKeyRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly name: string | null;
  readonly scopes: string[];
  readonly organizations: string[] | null;
  readonly ips: string[] | null;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly last_used_at: Date | null;
  readonly created_at: Date;
}

/** Everything of a key but the hash of its secret. */
export const API_KEY_COLUMNS =
  'id, tenant_id, mode, name, scopes, organizations, ips, expires_at, revoked_at, last_used_at, created_at';

/** A key as it is shown. @param now epoch milliseconds */
export function apiKeyOf(row: ApiKeyRow, now: number): z.output<typeof apiKeyView> {
  return {
    id: idFromUuid('key', row.id),
    object: 'api_key',
    tenant: idFromUuid('ten', row.tenant_id),
    mode: row.mode,
    name: row.name,
    scopes: row.scopes,
    organizations: row.organizations?.map((uuid) => idFromUuid('org', uuid)) ?? null,
    ips: row.ips,
    status: statusOf(row, now),
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  };
}

function statusOf(row: ApiKeyRow, now: number): 'active' | 'expired' | 'revoked' {
  if (row.revoked_at !== null && row.revoked_at.getTime() <= now) return 'revoked';
  return row.expires_at !== null && row.expires_at.getTime() <= now ? 'expired' : 'active';
}
