import type { Failure, Mode } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import type { z } from 'zod';
import { adminTextOf } from '../onboarding/admin-text.ts';
import type { connectionView } from './connection.schema.ts';

export interface ConnectionRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly organization_id: string;
  readonly provider: string;
  readonly scheme: string;
  /** Of the certificate. */
  readonly credential_id: string | null;
  /** What the API key lies under in the vault, where the scheme works with one. */
  readonly api_key_id: string | null;
  readonly api_key_set_at: Date | null;
  /** PEM of what the provider's server certificate must be signed by, where it was given with the API key. */
  readonly api_key_ca: string | null;
  readonly base_url: string;
  readonly options: Record<string, unknown>;
  readonly version: number;
  readonly enabled: boolean;
  readonly health: 'unknown' | 'up' | 'down' | 'refused';
  readonly verifying: boolean;
  readonly verifications: number;
  readonly reason: Failure | null;
  readonly checked_at: Date | null;
  /** How its first steps go; null where it was not made together with its organization. */
  readonly onboarding: OnboardingStatus | null;
  readonly onboarding_desk_id: string | null;
  readonly onboarding_reason: Failure | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export type OnboardingStatus = 'verifying' | 'registering_device' | 'ready' | 'failed';

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
    api_key_set_at: row.api_key_set_at?.toISOString() ?? null,
    base_url: row.base_url,
    options: row.options,
    status: statusOf(row),
    health: row.health,
    reason: reasonOf(row.reason),
    version: row.version,
    onboarding: onboardingOf(row),
    checked_at: row.checked_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

function onboardingOf(row: ConnectionRow): View['onboarding'] {
  if (row.onboarding === null) return null;
  const reason = row.onboarding_reason;
  return {
    // A failure is being looked into again as soon as somebody asks the provider again.
    status: row.onboarding === 'failed' && row.verifying ? 'verifying' : row.onboarding,
    desk: row.onboarding_desk_id === null ? null : idFromUuid('dsk', row.onboarding_desk_id),
    reason:
      reason === null ? null : { code: reason.code, provider_code: reason.provider_code, text: adminTextOf(reason) },
  };
}

function statusOf(row: ConnectionRow): View['status'] {
  if (!row.enabled) return 'disabled';
  if (row.verifying || row.health === 'unknown') return 'verifying';
  return row.health === 'up' ? 'verified' : 'failed';
}

function reasonOf(reason: Failure | null): View['reason'] {
  if (reason === null) return null;
  return {
    code: reason.code,
    provider_code: reason.provider_code,
    provider_message: reason.provider_message,
    message: adminTextOf(reason),
  };
}
