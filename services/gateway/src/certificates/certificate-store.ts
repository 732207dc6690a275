import { Injectable } from '@nestjs/common';
import { notFound } from '../http/api-problem.ts';
import type { Auth } from '../http/auth.ts';
import type { Query } from '../transactions.ts';
import type { CertificateRow, VersionRow } from './certificate.ts';
import type { VersionState } from './certificate.schema.ts';
import type { CertificateFacts } from './read-pair.ts';

/** Row-level security keeps tenants apart; a key sees what is its tenant's own, of its mode, and no shared one. */
const VISIBLE = '($1::uuid IS NULL OR (c.tenant_id = $1 AND c.mode = $2))';

/** A certificate with its versions as they stood at one moment; their dates are text. */
const WITH_VERSIONS = `c.*, coalesce((
  SELECT jsonb_agg(to_jsonb(v) ORDER BY v.version) FROM certificate_version v WHERE v.certificate_id = c.id), '[]') AS versions`;

interface VersionAsJson extends Omit<VersionRow, 'not_before' | 'not_after' | 'created_at'> {
  readonly not_before: string | null;
  readonly not_after: string | null;
  readonly created_at: string;
}
type CertificateAsJson = Omit<CertificateRow, 'versions'> & { readonly versions: readonly VersionAsJson[] };

export interface NewVersion {
  readonly certificateId: string;
  readonly tenantId: string | null;
  readonly version: number;
  readonly state: VersionState;
  readonly facts: CertificateFacts | null;
  readonly fromCertificate?: string;
  readonly at: Date;
}

/** Reads and writes certificates and their versions within the caller's transaction. */
@Injectable()
export class CertificateStore {
  /** @param lock keeps others from changing it until the transaction ends */
  async require(query: Query, auth: Auth, id: string, lock = false): Promise<CertificateRow> {
    const scope = [...scopeOf(auth), id];
    // The lock first and by itself: a statement that waited for it would show versions as they were before.
    if (lock) await query(`SELECT FROM certificate c WHERE ${VISIBLE} AND c.id = $3 FOR UPDATE`, scope);
    const [row] = await query<CertificateAsJson>(
      `SELECT ${WITH_VERSIONS} FROM certificate c WHERE ${VISIBLE} AND c.id = $3`,
      scope,
    );
    if (row === undefined) throw notFound('certificate');
    return certificateOf(row);
  }

  /** Newest first. */
  async list(query: Query, auth: Auth, after: string | null, limit: number): Promise<CertificateRow[]> {
    const rows = await query<CertificateAsJson>(
      `SELECT ${WITH_VERSIONS} FROM certificate c WHERE ${VISIBLE} AND ($3::uuid IS NULL OR c.id < $3) ORDER BY c.id DESC LIMIT $4`,
      [...scopeOf(auth), after, limit],
    );
    return rows.map(certificateOf);
  }

  async insert(
    query: Query,
    auth: Auth,
    made: Pick<CertificateRow, 'id' | 'provider' | 'scheme' | 'name' | 'source'> & { readonly at: Date },
  ): Promise<void> {
    await query(
      `INSERT INTO certificate (id, tenant_id, mode, provider, scheme, name, source, created_at)
       VALUES ($3, $1, $2, $4, $5, $6, $7, $8)`,
      [...scopeOf(auth), made.id, made.provider, made.scheme, made.name, made.source, made.at],
    );
  }

  async addVersion(query: Query, made: NewVersion): Promise<void> {
    await query(
      `INSERT INTO certificate_version (certificate_id, version, tenant_id, state, from_certificate, created_at, updated_at,
                                        subject, issuer, serial, fingerprint, not_before, not_after)
       VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12)`,
      [
        made.certificateId,
        made.version,
        made.tenantId,
        made.state,
        made.fromCertificate ?? null,
        made.at,
        ...columnsOf(made.facts),
      ],
    );
    if (made.state === 'active') await this.use(query, made.certificateId, made.version, made.facts);
  }

  /** The facts of the version in use stand in the certificate's own row; an older version never comes back. */
  async use(query: Query, id: string, version: number, facts: CertificateFacts | null): Promise<void> {
    await query(
      `UPDATE certificate SET active_version = $2, subject = $3, issuer = $4, serial = $5, fingerprint = $6, not_before = $7,
              not_after = $8 WHERE id = $1 AND coalesce(active_version, 0) <= $2`,
      [id, version, ...columnsOf(facts)],
    );
  }
}

function certificateOf(row: CertificateAsJson): CertificateRow {
  const date = (text: string | null): Date | null => (text === null ? null : new Date(text));
  const versions = row.versions.map((version) => ({
    ...version,
    not_before: date(version.not_before),
    not_after: date(version.not_after),
    created_at: new Date(version.created_at),
  }));
  return { ...row, versions };
}

function scopeOf(auth: Auth): readonly [string | null, string | null] {
  return auth.kind === 'operator' ? [null, null] : [auth.tenantId, auth.mode];
}

export function columnsOf(facts: CertificateFacts | null): readonly unknown[] {
  if (facts === null) return [null, null, null, null, null, null];
  const { subject, issuer, serial, fingerprint, notBefore, notAfter } = facts;
  return [subject, issuer, serial, fingerprint, notBefore, notAfter];
}
