import { Inject, Injectable } from '@nestjs/common';
import { type Clock, type IdFactory, idFromUuid } from '@tolem/domain';
import type { z } from 'zod';
import { ApiKeyStore, type MadeKey } from '../api-keys/api-key-store.ts';
import { API_KEY_COLUMNS, type ApiKeyRow } from '../api-keys/api-key.ts';
import { KeyDirectory } from '../api-keys/key-directory.ts';
import { Audit } from '../audit-log/audit.ts';
import { notFound } from '../http/api-problem.ts';
import type { Attempt } from '../http/attempt.ts';
import type { OperatorAuth } from '../http/auth.ts';
import { type Creation, Idempotency } from '../http/idempotency.ts';
import type { Origin } from '../http/origin.ts';
import { CLOCK, IDS } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import type { CreateTenant, tenantView, UpdateTenant } from './tenant.schema.ts';

export interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly status: 'active' | 'suspended';
  readonly late_policy: 'person' | 'keep' | 'refund';
  readonly created_at: Date;
}

export interface MadeTenant {
  readonly row: TenantRow;
  readonly key: MadeKey;
}

const COLUMNS = 'id, name, status, late_policy, created_at';

/** The operator's work on tenants. */
@Injectable()
export class Tenants {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly keys: ApiKeyStore,
    private readonly directory: KeyDirectory,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  /** A tenant comes with its first key: test mode, all rights. */
  create(auth: OperatorAuth, origin: Origin, attempt: Attempt, body: CreateTenant): Promise<Creation<MadeTenant>> {
    return this.idempotency.create(auth, attempt, {
      make: async (query, id) => {
        const [row] = await query<TenantRow>(
          `INSERT INTO tenant (id, name, created_at, updated_at) VALUES ($1, $2, $3, $3) RETURNING ${COLUMNS}`,
          [id, body.name, new Date(this.clock.now())],
        );
        if (row === undefined) throw new Error('a tenant was not written');
        const key = await this.keys.make(query, this.ids.uuid(), {
          tenantId: id,
          mode: 'test',
          name: null,
          scopes: ['admin'],
          organizations: null,
          ips: null,
          expiresAt: null,
        });
        await this.#note(query, auth, origin, 'tenant.create', id, { api_key: idFromUuid('key', key.row.id) });
        return { row, key };
      },
      load: async (query, id) => ({
        row: await requireTenant(query, id),
        key: { row: await firstKey(query, id), text: null },
      }),
    });
  }

  get(auth: OperatorAuth, id: string): Promise<TenantRow> {
    return this.transactions.as(auth, (query) => requireTenant(query, id));
  }

  list(auth: OperatorAuth, after: string | null, limit: number): Promise<TenantRow[]> {
    return this.transactions.as(auth, (query) =>
      query<TenantRow>(`SELECT ${COLUMNS} FROM tenant WHERE ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2`, [
        after,
        limit,
      ]),
    );
  }

  /** Suspends (its keys are refused within five seconds, what is under way goes on) or resumes. Repeating it changes nothing. */
  async setStatus(auth: OperatorAuth, origin: Origin, id: string, status: TenantRow['status']): Promise<TenantRow> {
    const row = await this.transactions.as(auth, async (query) => {
      const [changed] = await query<TenantRow>(
        `UPDATE tenant SET status = $2, updated_at = $3 WHERE id = $1 AND status <> $2 RETURNING ${COLUMNS}`,
        [id, status, new Date(this.clock.now())],
      );
      if (changed === undefined) return requireTenant(query, id);
      await this.#note(query, auth, origin, status === 'suspended' ? 'tenant.suspend' : 'tenant.resume', id, {});
      return changed;
    });
    this.directory.forgetAll();
    return row;
  }

  /** Applies to money that comes from now on. Repeating it changes nothing. */
  update(auth: OperatorAuth, origin: Origin, id: string, { late_policy: policy }: UpdateTenant): Promise<TenantRow> {
    return this.transactions.as(auth, async (query) => {
      const tenant = await requireTenant(query, id);
      const [changed] = await query<TenantRow>(
        `UPDATE tenant SET late_policy = $2, updated_at = $3 WHERE id = $1 AND late_policy <> $2 RETURNING ${COLUMNS}`,
        [id, policy, new Date(this.clock.now())],
      );
      if (changed === undefined) return tenant;
      await this.#note(query, auth, origin, 'tenant.update', id, { late_policy: policy });
      return changed;
    });
  }

  #note(
    query: Query,
    auth: OperatorAuth,
    origin: Origin,
    action: string,
    id: string,
    detail: Record<string, unknown>,
  ): Promise<void> {
    return this.audit.write(query, { auth, origin, action, subject: idFromUuid('ten', id), tenantId: id, detail });
  }
}

async function requireTenant(query: Query, id: string): Promise<TenantRow> {
  const [row] = await query<TenantRow>(`SELECT ${COLUMNS} FROM tenant WHERE id = $1`, [id]);
  if (row === undefined) throw notFound('tenant');
  return row;
}

/** The key that the tenant was made with: the oldest one. */
async function firstKey(query: Query, tenantId: string): Promise<ApiKeyRow> {
  const [row] = await query<ApiKeyRow>(
    `SELECT ${API_KEY_COLUMNS} FROM api_key WHERE tenant_id = $1 ORDER BY id LIMIT 1`,
    [tenantId],
  );
  if (row === undefined) throw new Error('a tenant has no key');
  return row;
}

/** A tenant as it is shown. */
export function tenantOf(row: TenantRow): z.output<typeof tenantView> {
  return {
    id: idFromUuid('ten', row.id),
    object: 'tenant',
    name: row.name,
    status: row.status,
    late_policy: row.late_policy,
    created_at: row.created_at.toISOString(),
  };
}
