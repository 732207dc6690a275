import type { Failure, Mode } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import type { z } from 'zod';
import { certificateReason } from './certificate-reason.ts';
import type { certificateView, VersionState } from './certificate.schema.ts';

/** Facts of a certificate; all null before there is one. */
interface FactColumns {
  readonly subject: string | null;
  readonly issuer: string | null;
  readonly serial: string | null;
  readonly fingerprint: string | null;
  readonly not_before: Date | null;
  readonly not_after: Date | null;
}

export interface VersionRow extends FactColumns {
  readonly certificate_id: string;
  readonly version: number;
  readonly state: VersionState;
  readonly csr: string | null;
  readonly from_certificate: string | null;
  readonly reason: Failure | null;
  readonly created_at: Date;
}

export interface CertificateRow extends FactColumns {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly mode: Mode | null;
  readonly provider: string;
  readonly scheme: string;
  readonly name: string;
  readonly source: 'upload' | 'request' | 'files';
  readonly active_version: number | null;
  readonly merged_into: string | null;
  readonly created_at: Date;
  /** Oldest first. */
  readonly versions: readonly VersionRow[];
}

type View = z.output<typeof certificateView>;

const DAY_MS = 86_400_000;
/** Older versions stay in the database and are of no use to anybody. */
const SHOWN_VERSIONS = 20;

/** A certificate as it is shown. @param now epoch milliseconds */
export function certificateOf(row: CertificateRow, now: number): View {
  const newest = row.versions.at(-1);
  return {
    id: idFromUuid('crt', row.id),
    object: 'certificate',
    tenant: row.tenant_id === null ? null : idFromUuid('ten', row.tenant_id),
    mode: row.mode,
    provider: row.provider,
    scheme: row.scheme,
    name: row.name,
    source: row.source,
    status: statusOf(row, now),
    days_left: row.not_after === null ? null : daysLeft(row.not_after, now),
    active_version: row.active_version,
    csr: newest?.csr ?? null,
    reason: row.active_version === null ? certificateReason(newest?.reason ?? null) : null,
    replace: replacementOf(row),
    versions: row.versions.slice(-SHOWN_VERSIONS).map((version) => ({
      version: version.version,
      state: version.state,
      fingerprint: version.fingerprint,
      not_before: version.not_before?.toISOString() ?? null,
      not_after: version.not_after?.toISOString() ?? null,
      created_at: version.created_at.toISOString(),
    })),
    subject: row.subject,
    issuer: row.issuer,
    serial: row.serial,
    fingerprint: row.fingerprint,
    not_before: row.not_before?.toISOString() ?? null,
    not_after: row.not_after?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  };
}

/** Whole days until then; negative past it. */
export function daysLeft(notAfter: Date, now: number): number {
  return Math.floor((notAfter.getTime() - now) / DAY_MS);
}

function statusOf(row: CertificateRow, now: number): View['status'] {
  if (row.merged_into !== null) return 'retired';
  if (row.active_version !== null) return (row.not_after?.getTime() ?? now) > now ? 'active' : 'expired';
  return row.versions.at(-1)?.state ?? 'files_pending';
}

/** What became of the last version that was to follow another one. */
function replacementOf(row: CertificateRow): View['replace'] {
  const newest = row.versions.at(-1);
  if (newest === undefined || row.versions.length < 2) return null;
  const { version, state } = newest;
  const status = state === 'active' || state === 'retired' ? 'done' : state === 'failed' ? 'failed' : 'pending';
  return { version, status, reason: status === 'done' ? null : certificateReason(newest.reason) };
}
