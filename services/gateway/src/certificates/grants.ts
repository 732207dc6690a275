import { Injectable } from '@nestjs/common';
import { checkTaxId, type Country, idFromUuid } from '@tolem/domain';
import { providerNamed } from '@tolem/contracts';
import type { z } from 'zod';
import { Audit } from '../audit-log/audit.ts';
import { CutConnections } from '../connections/cut-connections.ts';
import { ApiProblem, notFound } from '../http/api-problem.ts';
import type { OperatorAuth } from '../http/auth.ts';
import type { Origin } from '../http/origin.ts';
import { taxIdInvalid } from '../organizations/organization.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { type Query, Transactions } from '../transactions.ts';
import type { grantsView } from './certificate.schema.ts';

export interface Grants {
  readonly certificateId: string;
  readonly tenantId: string;
  readonly taxIds: readonly string[];
}

/**
 * Who may act for a tax id under a shared certificate: at most one tenant, decided by the database. A withdrawn grant
 * disables the connection that stood on it.
 */
@Injectable()
export class CertificateGrants {
  constructor(
    private readonly transactions: Transactions,
    private readonly audit: Audit,
    private readonly connections: CutConnections,
    private readonly outbox: OutboxRows,
  ) {}

  /** Replaces what one tenant is granted. */
  async replace(auth: OperatorAuth, origin: Origin, grants: Grants): Promise<Grants> {
    const { certificateId, tenantId } = grants;
    const { result, rows } = await this.transactions.as(auth, async (query) => {
      const taxIds = await this.#checked(query, grants);
      const withdrawn = await query<{ tax_id: string }>(
        'DELETE FROM credential_grant WHERE credential_id = $1 AND tenant_id = $2 AND tax_id <> ALL($3) RETURNING tax_id',
        [certificateId, tenantId, taxIds],
      );
      await query(
        `INSERT INTO credential_grant (credential_id, tenant_id, tax_id) SELECT $1, $2, unnest($3::text[])
         ON CONFLICT ON CONSTRAINT credential_grant_tax_id DO NOTHING`,
        [certificateId, tenantId, taxIds],
      );
      await refuseForeign(query, certificateId, tenantId, taxIds);
      const lost = withdrawn.map((row) => row.tax_id);
      const published = await this.connections.cut(query, { certificateId, tenantId, taxIds: lost }, origin);
      await this.audit.write(query, {
        auth,
        origin,
        action: 'certificate.grant',
        subject: idFromUuid('crt', certificateId),
        tenantId,
        detail: { tax_ids: taxIds, withdrawn: lost },
      });
      return { result: { certificateId, tenantId, taxIds }, rows: published };
    });
    this.outbox.publish(rows);
    return result;
  }

  get(auth: OperatorAuth, certificateId: string, tenantId: string): Promise<Grants> {
    return this.transactions.as(auth, async (query) => {
      await requireShared(query, certificateId);
      await requireTenant(query, tenantId);
      const rows = await query<{ tax_id: string }>(
        'SELECT tax_id FROM credential_grant WHERE credential_id = $1 AND tenant_id = $2 ORDER BY tax_id',
        [certificateId, tenantId],
      );
      return { certificateId, tenantId, taxIds: rows.map((row) => row.tax_id) };
    });
  }

  list(
    auth: OperatorAuth,
    certificateId: string,
    after: string | null,
    limit: number,
  ): Promise<(Grants & { id: string })[]> {
    return this.transactions.as(auth, async (query) => {
      await requireShared(query, certificateId);
      const rows = await query<{ tenant_id: string; tax_ids: string[] }>(
        `SELECT tenant_id, array_agg(tax_id ORDER BY tax_id) AS tax_ids FROM credential_grant
          WHERE credential_id = $1 AND ($2::uuid IS NULL OR tenant_id < $2) GROUP BY tenant_id ORDER BY tenant_id DESC LIMIT $3`,
        [certificateId, after, limit],
      );
      return rows.map((row) => ({ id: row.tenant_id, certificateId, tenantId: row.tenant_id, taxIds: row.tax_ids }));
    });
  }

  async #checked(query: Query, grants: Grants): Promise<string[]> {
    const certificate = await requireShared(query, grants.certificateId);
    await requireTenant(query, grants.tenantId);
    const country = providerNamed(certificate.provider)?.country ?? 'KZ';
    return [...new Set(grants.taxIds.map((text, index) => checkedTaxId(country, text, index)))].sort();
  }
}

function checkedTaxId(country: Country, text: string, index: number): string {
  const check = checkTaxId(country, text);
  if (!check.ok) throw taxIdInvalid(country, check.reason, `/tax_ids/${index}`);
  return check.value;
}

/** Of a tenant's own certificate nothing can be granted to others. */
async function requireShared(query: Query, id: string): Promise<{ readonly provider: string }> {
  const [row] = await query<{ provider: string }>(
    'SELECT provider FROM certificate WHERE id = $1 AND tenant_id IS NULL',
    [id],
  );
  if (row === undefined) throw notFound('certificate');
  return row;
}

async function requireTenant(query: Query, id: string): Promise<void> {
  const [row] = await query('SELECT 1 FROM tenant WHERE id = $1', [id]);
  if (row === undefined) throw notFound('tenant');
}

/** Whose they are is nobody's business, not even the operator's log of this call. */
async function refuseForeign(
  query: Query,
  certificateId: string,
  tenantId: string,
  taxIds: readonly string[],
): Promise<void> {
  const foreign = await query<{ tax_id: string }>(
    'SELECT tax_id FROM credential_grant WHERE credential_id = $1 AND tenant_id <> $2 AND tax_id = ANY($3) ORDER BY tax_id',
    [certificateId, tenantId, taxIds],
  );
  if (foreign.length === 0) return;
  const list = foreign.map((row) => row.tax_id);
  throw new ApiProblem(
    409,
    'tax_id_granted_elsewhere',
    `Granted to another tenant under this certificate: ${list.slice(0, 20).join(', ')}.`,
    {
      extra: { tax_ids: list },
    },
  );
}

/** Grants as they are shown. */
export function grantsOf(grants: Grants): z.output<typeof grantsView> {
  return {
    object: 'certificate_grants',
    certificate: idFromUuid('crt', grants.certificateId),
    tenant: idFromUuid('ten', grants.tenantId),
    tax_ids: [...grants.taxIds],
  };
}
