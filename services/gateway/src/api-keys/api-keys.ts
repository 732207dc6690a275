import { Inject, Injectable } from '@nestjs/common';
import type { Mode } from '@tolem/contracts';
import { type Clock, idFromUuid, uuidFromId } from '@tolem/domain';
import { Audit } from '../audit-log/audit.ts';
import { ApiProblem, notFound, unprocessable } from '../http/api-problem.ts';
import type { Attempt } from '../http/attempt.ts';
import type { Auth } from '../http/auth.ts';
import { type Creation, Idempotency } from '../http/idempotency.ts';
import type { Origin } from '../http/origin.ts';
import { CLOCK } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import { ApiKeyStore, type KeySettings, type MadeKey } from './api-key-store.ts';
import type { CreateApiKey, RotateApiKey } from './api-key.schema.ts';
import type { ApiKeyRow } from './api-key.ts';
import { KeyDirectory } from './key-directory.ts';

const MINUTE_MS = 60_000;

/** Makes, rotates and revokes keys. A tenant's admin key reaches keys of its own tenant, the operator's reaches all. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly store: ApiKeyStore,
    private readonly directory: KeyDirectory,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  create(
    auth: Auth,
    origin: Origin,
    attempt: Attempt,
    tenantId: string,
    body: CreateApiKey,
  ): Promise<Creation<MadeKey>> {
    if (auth.kind === 'key' && auth.tenantId !== tenantId) throw notFound('tenant');
    refuseLimited(auth);
    refuseOtherMode(auth, body);
    return this.idempotency.create(auth, attempt, {
      make: async (query, id) => {
        await requireTenant(query, tenantId);
        const settings: KeySettings = {
          tenantId,
          mode: body.mode,
          name: body.name ?? null,
          scopes: body.scopes,
          organizations: await organizationsOf(query, tenantId, body),
          ips: body.ips ?? null,
          expiresAt: body.expires_at === undefined ? null : new Date(body.expires_at),
        };
        const made = await this.store.make(query, id, settings);
        await this.#note(query, auth, origin, 'api_key.create', made.row, { scopes: body.scopes });
        return made;
      },
      load: async (query, id) => ({ row: await this.#require(query, auth, id), text: null }),
    });
  }

  rotate(auth: Auth, origin: Origin, attempt: Attempt, oldId: string, body: RotateApiKey): Promise<Creation<MadeKey>> {
    refuseLimited(auth, oldId);
    const creation = this.idempotency.create<MadeKey>(auth, attempt, {
      make: async (query, id) => {
        const old = await this.#require(query, auth, oldId);
        const now = this.clock.now();
        if (old.revoked_at !== null && old.revoked_at.getTime() <= now) {
          throw new ApiProblem(409, 'api_key_revoked', 'This key was revoked. Create another one.');
        }
        await this.store.endAt(query, oldId, new Date(now + body.overlap_minutes * MINUTE_MS));
        const made = await this.store.make(query, id, {
          tenantId: old.tenant_id,
          mode: old.mode,
          name: old.name,
          scopes: old.scopes,
          organizations: old.organizations,
          ips: old.ips,
          expiresAt: old.expires_at,
          rotatedFrom: oldId,
        });
        await this.#note(query, auth, origin, 'api_key.rotate', made.row, {
          rotated_from: idFromUuid('key', oldId),
          ...body,
        });
        return made;
      },
      load: async (query, id) => ({ row: await this.#require(query, auth, id), text: null }),
    });
    return creation.finally(() => this.directory.forgetAll());
  }

  async revoke(auth: Auth, origin: Origin, id: string): Promise<ApiKeyRow> {
    refuseLimited(auth, id);
    const row = await this.transactions.as(auth, async (query) => {
      await this.#require(query, auth, id);
      const revoked = await this.store.endAt(query, id, new Date(this.clock.now()));
      if (revoked === undefined) throw notFound('API key');
      await this.#note(query, auth, origin, 'api_key.revoke', revoked);
      return revoked;
    });
    this.directory.forgetAll();
    return row;
  }

  get(auth: Auth, id: string): Promise<ApiKeyRow> {
    return this.transactions.as(auth, (query) => this.#require(query, auth, id));
  }

  list(auth: Auth, tenantId: string | null, after: string | null, limit: number): Promise<ApiKeyRow[]> {
    return this.transactions.as(auth, (query) =>
      this.store.list(query, { tenantId, mode: modeOf(auth), after, limit }),
    );
  }

  async #require(query: Query, auth: Auth, id: string): Promise<ApiKeyRow> {
    const row = await this.store.find(query, id, modeOf(auth));
    if (row === undefined) throw notFound('API key');
    return row;
  }

  #note(
    query: Query,
    auth: Auth,
    origin: Origin,
    action: string,
    row: ApiKeyRow,
    detail: Record<string, unknown> = {},
  ): Promise<void> {
    const subject = idFromUuid('key', row.id);
    return this.audit.write(query, { auth, origin, action, subject, tenantId: row.tenant_id, mode: row.mode, detail });
  }
}

async function requireTenant(query: Query, tenantId: string): Promise<void> {
  const [tenant] = await query('SELECT 1 FROM tenant WHERE id = $1', [tenantId]);
  if (tenant === undefined) throw notFound('tenant');
}

/** A key that is limited to organizations or addresses must not come by one without the limit; itself it may replace or end. */
function refuseLimited(auth: Auth, keyId?: string): void {
  if (auth.kind === 'operator' || auth.keyId === keyId || (auth.organizations === null && auth.ips === null)) return;
  throw new ApiProblem(
    403,
    'key_is_limited',
    'A key that is limited to organizations or addresses cannot manage other keys. Use an unlimited admin key.',
  );
}

/** Test and live are apart: who holds a test key must not come by a live one. */
function refuseOtherMode(auth: Auth, body: CreateApiKey): void {
  if (auth.kind === 'operator' || auth.mode === body.mode) return;
  throw new ApiProblem(
    403,
    'mode_not_allowed',
    `A ${auth.mode} key makes ${auth.mode} keys only. Ask the operator for the first ${body.mode} key.`,
  );
}

/** The mode that a caller is confined to; null for the operator. */
function modeOf(auth: Auth): Mode | null {
  return auth.kind === 'operator' ? null : auth.mode;
}

async function organizationsOf(query: Query, tenantId: string, body: CreateApiKey): Promise<string[] | null> {
  if (body.organizations === undefined) return null;
  const uuids = body.organizations.map((text) => uuidFromId('org', text));
  const known = await query<{ id: string }>(
    'SELECT id FROM organization WHERE tenant_id = $1 AND mode = $2 AND id = ANY($3::uuid[])',
    [tenantId, body.mode, uuids.filter((uuid) => uuid !== undefined)],
  );
  const strange = uuids.findIndex((uuid) => !known.some((row) => row.id === uuid));
  if (strange >= 0) {
    throw unprocessable(
      'organization_unknown',
      `/organizations/${strange}`,
      'This tenant has no such organization in this mode.',
    );
  }
  return known.map((row) => row.id);
}
