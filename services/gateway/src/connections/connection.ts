import type { Failure, Mode } from '@tolem/contracts';
import { CASHIER_KEYS, cashierText, idFromUuid } from '@tolem/domain';
import type { z } from 'zod';
import type { connectionView } from './connection.schema.ts';

export interface ConnectionRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly organization_id: string;
  readonly provider: string;
  readonly scheme: string;
  readonly credential_id: string | null;
  readonly base_url: string;
  readonly options: Record<string, unknown>;
  readonly version: number;
  readonly enabled: boolean;
  readonly health: 'unknown' | 'up' | 'down' | 'refused';
  readonly verifying: boolean;
  readonly verifications: number;
  readonly reason: Failure | null;
  readonly checked_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

type View = z.output<typeof connectionView>;

/** A connection as it is shown. */
export function connectionOf(row: ConnectionRow): View {
  return {
    id: idFromUuid('con', row.id),
    object: 'connection',
    organization: idFromUuid('org', row.organization_id),
    mode: row.mode,
    provider: row.provider,
    scheme: row.scheme,
    certificate: row.credential_id === null ? null : idFromUuid('crt', row.credential_id),
    base_url: row.base_url,
    options: row.options,
    status: statusOf(row),
    health: row.health,
    reason: reasonOf(row.reason),
    version: row.version,
    checked_at: row.checked_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

function statusOf(row: ConnectionRow): View['status'] {
  if (!row.enabled) return 'disabled';
  if (row.verifying || row.health === 'unknown') return 'verifying';
  return row.health === 'up' ? 'verified' : 'failed';
}

function reasonOf(reason: Failure | null): View['reason'] {
  if (reason === null) return null;
  const key = CASHIER_KEYS.find((candidate) => candidate === reason.cashier_key);
  return {
    code: reason.code,
    provider_code: reason.provider_code,
    provider_message: reason.provider_message,
    message: key === undefined ? null : cashierText(key),
  };
}
