import { Injectable } from '@nestjs/common';
import { notFound } from '../http/api-problem.ts';
import type { Auth } from '../http/auth.ts';
import type { Query } from '../transactions.ts';
import type { CertificateRow, VersionRow } from './certificate.ts';
import type { VersionState } from './certificate.schema.ts';
import type { CertificateFacts } from './read-pair.ts';

/** Row-level security keeps tenants apart; a key sees what is its tenant's own, of its mode, and no shared one. */
const VISIBLE = '($1::uuid IS NULL OR (c.tenant_id = $1 AND c.mode = $2))';

/** Versions as JSON lose their dates' type; they are read apart. */
type CertificateColumns = Omit<CertificateRow, 'versions'>;

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
    const [row] = await query<CertificateColumns>(
      `SELECT c.* FROM certificate c WHERE ${VISIBLE} AND c.id = $3 ${lock ? 'FOR UPDATE' : ''}`,
      [...scopeOf(auth), id],
    );
    if (row === undefined) throw notFound('certificate');
    const [whole] = await this.#withVersions(query, [row]);
    if (whole === undefined) throw notFound('certificate');
    return whole;
  }

  /** Newest first. */
  async list(query: Query, auth: Auth, after: string | null, limit: number): Promise<CertificateRow[]> {
    const rows = await query<CertificateColumns>(
      `SELECT c.* FROM certificate c WHERE ${VISIBLE} AND ($3::uuid IS NULL OR c.id < $3) ORDER BY c.id DESC LIMIT $4`,
      [...scopeOf(auth), after, limit],
    );
    return this.#withVersions(query, rows);
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

  async #withVersions(query: Query, rows: readonly CertificateColumns[]): Promise<CertificateRow[]> {
    const versions = await query<VersionRow>(
      'SELECT * FROM certificate_version WHERE certificate_id = ANY($1) ORDER BY certificate_id, version',
      [rows.map(({ id }) => id)],
    );
    return rows.map((row) => ({ ...row, versions: versions.filter(({ certificate_id: id }) => id === row.id) }));
  }
}

function scopeOf(auth: Auth): readonly [string | null, string | null] {
  return auth.kind === 'operator' ? [null, null] : [auth.tenantId, auth.mode];
}

export function columnsOf(facts: CertificateFacts | null): readonly unknown[] {
  if (facts === null) return [null, null, null, null, null, null];
  const { subject, issuer, serial, fingerprint, notBefore, notAfter } = facts;
  return [subject, issuer, serial, fingerprint, notBefore, notAfter];
}
