import { Inject, Injectable } from '@nestjs/common';
import { type Clock, idFromUuid } from '@tolem/domain';
import { Audit } from '../audit-log/audit.ts';
import { ApiProblem, notFound } from '../http/api-problem.ts';
import { type KeyAuth, mayAct } from '../http/auth.ts';
import type { Origin } from '../http/origin.ts';
import { CLOCK } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import type { CreateOrganization, UpdateOrganization } from './organization.schema.ts';
import { DEFAULT_TIMEZONE, ORGANIZATION_COLUMNS, type OrganizationRow, validTaxId } from './organization.ts';

export interface OrganizationFilter {
  readonly taxId: string | null;
  readonly status: 'active' | 'archived' | null;
  readonly after: string | null;
  readonly limit: number;
}

/** Legal entities of a tenant. */
@Injectable()
export class Organizations {
  constructor(
    private readonly transactions: Transactions,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Makes an organization within the caller's transaction. */
  async makeWithin(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    id: string,
    body: CreateOrganization,
  ): Promise<OrganizationRow> {
    refuseLimited(auth);
    const { value, kind } = validTaxId(body);
    const [row] = await query<OrganizationRow>(
      `INSERT INTO organization (id, tenant_id, mode, country, tax_id, tax_id_kind, name, timezone, max_amount, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING ${ORGANIZATION_COLUMNS}`,
      [
        id,
        auth.tenantId,
        auth.mode,
        body.country,
        value,
        kind,
        body.name,
        body.timezone ?? DEFAULT_TIMEZONE[body.country],
        body.max_amount,
        new Date(this.clock.now()),
      ],
    );
    if (row === undefined) throw new Error('an organization was not written');
    await this.#note(query, auth, origin, 'organization.create', id);
    return row;
  }

  /** Whatever broke the rule that a tenant has an organization once, as a refusal that names the one that is there. */
  async exists(auth: KeyAuth, taxId: string, cause: unknown): Promise<ApiProblem> {
    const [row] = await this.list(auth, { taxId, status: null, after: null, limit: 1 });
    const extra = row === undefined ? {} : { organization: { id: idFromUuid('org', row.id) } };
    const detail = 'This tenant has an organization with this tax id already.';
    return new ApiProblem(409, 'organization_exists', detail, { extra, cause });
  }

  get(auth: KeyAuth, id: string): Promise<OrganizationRow> {
    return this.transactions.as(auth, (query) => requireOrganization(query, auth, id));
  }

  list(auth: KeyAuth, filter: OrganizationFilter): Promise<OrganizationRow[]> {
    return this.transactions.as(auth, (query) =>
      query<OrganizationRow>(
        `SELECT ${ORGANIZATION_COLUMNS} FROM organization
          WHERE mode = $1 AND ($2::uuid[] IS NULL OR id = ANY($2)) AND ($3::text IS NULL OR tax_id = $3)
            AND ($4::text IS NULL OR (archived_at IS NOT NULL) = ($4 = 'archived')) AND ($5::uuid IS NULL OR id < $5)
          ORDER BY id DESC LIMIT $6`,
        [auth.mode, auth.organizations, filter.taxId, filter.status, filter.after, filter.limit],
      ),
    );
  }

  update(auth: KeyAuth, origin: Origin, id: string, body: UpdateOrganization): Promise<OrganizationRow> {
    return this.transactions.as(auth, async (query) => {
      await requireOrganization(query, auth, id);
      return this.updateWithin(query, auth, origin, id, body);
    });
  }

  /** Changes an organization that the caller has found, within his transaction. */
  async updateWithin(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    id: string,
    body: UpdateOrganization,
  ): Promise<OrganizationRow> {
    const [row] = await query<OrganizationRow>(
      `UPDATE organization SET name = coalesce($2, name), timezone = coalesce($3, timezone), max_amount = coalesce($4, max_amount), updated_at = $5
        WHERE id = $1 RETURNING ${ORGANIZATION_COLUMNS}`,
      [id, body.name ?? null, body.timezone ?? null, body.max_amount ?? null, new Date(this.clock.now())],
    );
    if (row === undefined) throw notFound('organization');
    await this.#note(query, auth, origin, 'organization.update', id);
    return row;
  }

  /** An archived organization takes no new payments; what is under way goes on. */
  archive(auth: KeyAuth, origin: Origin, id: string): Promise<OrganizationRow> {
    return this.#change(auth, origin, id, 'organization.archive', (query) =>
      query<OrganizationRow>(
        `UPDATE organization SET archived_at = coalesce(archived_at, $2), updated_at = $2 WHERE id = $1 RETURNING ${ORGANIZATION_COLUMNS}`,
        [id, new Date(this.clock.now())],
      ),
    );
  }

  restore(auth: KeyAuth, origin: Origin, id: string): Promise<OrganizationRow> {
    return this.#change(auth, origin, id, 'organization.restore', (query) =>
      query<OrganizationRow>(
        `UPDATE organization SET archived_at = NULL, updated_at = $2 WHERE id = $1 RETURNING ${ORGANIZATION_COLUMNS}`,
        [id, new Date(this.clock.now())],
      ),
    );
  }

  #change(
    auth: KeyAuth,
    origin: Origin,
    id: string,
    action: string,
    update: (query: Query) => Promise<OrganizationRow[]>,
  ): Promise<OrganizationRow> {
    return this.transactions.as(auth, async (query) => {
      await requireOrganization(query, auth, id);
      const [row] = await update(query);
      if (row === undefined) throw notFound('organization');
      await this.#note(query, auth, origin, action, id);
      return row;
    });
  }

  #note(query: Query, auth: KeyAuth, origin: Origin, action: string, id: string): Promise<void> {
    return this.audit.write(query, { auth, origin, action, subject: idFromUuid('org', id), tenantId: auth.tenantId });
  }
}

/** A key that is limited to some organizations cannot make another one. */
export function refuseLimited(auth: KeyAuth): void {
  if (auth.organizations === null) return;
  const detail = 'This key is limited to some organizations and cannot make another one.';
  throw new ApiProblem(403, 'key_is_limited', detail);
}

/** An organization that this key reaches, or 404. Row-level security hides those of other tenants. */
export async function requireOrganization(query: Query, auth: KeyAuth, id: string): Promise<OrganizationRow> {
  const [row] = await query<OrganizationRow>(
    `SELECT ${ORGANIZATION_COLUMNS} FROM organization WHERE id = $1 AND mode = $2`,
    [id, auth.mode],
  );
  if (row === undefined || !mayAct(auth, row.id)) throw notFound('organization');
  return row;
}
