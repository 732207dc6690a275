import { Inject, Injectable } from '@nestjs/common';
import type { Envelope, ProviderDescriptor } from '@tolem/contracts';
import { type Clock, idFromUuid } from '@tolem/domain';
import { brokenConstraint, type OutboxRow } from '@tolem/persistence';
import { Audit } from '../audit-log/audit.ts';
import { providerScheme } from '../certificates/provider-scheme.ts';
import type { GatewayConfig } from '../config.ts';
import { ApiProblem, notFound, unprocessable } from '../http/api-problem.ts';
import type { Attempt } from '../http/attempt.ts';
import { type KeyAuth, mayAct } from '../http/auth.ts';
import { type Creation, Idempotency } from '../http/idempotency.ts';
import type { Origin } from '../http/origin.ts';
import type { OrganizationRow } from '../organizations/organization.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { CLOCK, CONFIG } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import { ConnectionCommands } from './connection-commands.ts';
import { ConnectionCredentials } from './connection-credential.ts';
import { baseUrlOf } from './connection-place.ts';
import type { CreateConnection, UpdateConnection } from './connection.schema.ts';
import type { ConnectionRow } from './connection.ts';

/** A change of a connection: what it is now, and what its provider's service must be told. */
interface Changed {
  readonly row: ConnectionRow;
  readonly commands: (taxId: string) => readonly Envelope[];
  readonly action: string;
}

/** An organization's agreements with providers. Each change is told to the provider's service, which answers `connection.state`. */
@Injectable()
export class Connections {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly commands: ConnectionCommands,
    private readonly outbox: OutboxRows,
    private readonly audit: Audit,
    private readonly credentials: ConnectionCredentials,
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async create(
    auth: KeyAuth,
    origin: Origin,
    attempt: Attempt,
    organizationId: string,
    body: CreateConnection,
  ): Promise<Creation<ConnectionRow>> {
    let published: readonly OutboxRow[] = [];
    try {
      const creation = await this.idempotency.create<ConnectionRow>(auth, attempt, {
        make: async (query, id) => {
          const organization = await requireOrganization(query, auth, organizationId);
          const made = await this.makeWithin(query, auth, origin, { id, organization, body });
          published = made.published;
          return made.row;
        },
        load: (query, id) => requireConnection(query, auth, id),
      });
      this.outbox.publish(published);
      return creation;
    } catch (error) {
      if (brokenConstraint(error) === 'connection_enabled')
        throw await this.#exists(auth, organizationId, body.provider, error);
      throw error;
    }
  }

  /** Makes a connection within the caller's transaction; publish what is to be published when it has committed. */
  async makeWithin(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    made: { readonly id: string; readonly organization: OrganizationRow; readonly body: CreateConnection },
  ): Promise<{ readonly row: ConnectionRow; readonly published: readonly OutboxRow[] }> {
    const row = await this.#insert(query, made.id, made.organization, made.body);
    const changed = { row, action: 'connection.create', commands: this.#settingsAndQuestion(row, origin) };
    return { row, published: await this.#tell(query, auth, origin, changed, made.organization) };
  }

  get(auth: KeyAuth, id: string): Promise<ConnectionRow> {
    return this.transactions.as(auth, (query) => requireConnection(query, auth, id));
  }

  /** Newest first. */
  list(auth: KeyAuth, organizationId: string, after: string | null, limit: number): Promise<ConnectionRow[]> {
    return this.transactions.as(auth, async (query) => {
      await requireOrganization(query, auth, organizationId);
      return query<ConnectionRow>(
        'SELECT * FROM connection WHERE organization_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3',
        [organizationId, after, limit],
      );
    });
  }

  /** Asks the provider again; the settings are told again too, in case they were lost. */
  verify(auth: KeyAuth, origin: Origin, id: string): Promise<ConnectionRow> {
    return this.#change(auth, origin, id, async (query) => {
      const row = await this.#update(query, id, 'verifying = true, verifications = verifications + 1');
      return { row, action: 'connection.verify', commands: this.#settingsAndQuestion(row, origin) };
    });
  }

  update(auth: KeyAuth, origin: Origin, id: string, body: UpdateConnection): Promise<ConnectionRow> {
    return this.#change(auth, origin, id, (query, old, organization) =>
      this.#settings(query, origin, old, organization, body),
    );
  }

  /** Changes a connection within the caller's transaction; publish what is to be published when it has committed. */
  async updateWithin(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    id: string,
    body: UpdateConnection,
  ): Promise<{ readonly row: ConnectionRow; readonly published: readonly OutboxRow[] }> {
    return this.#changeWithin(query, auth, origin, id, (old, organization) =>
      this.#settings(query, origin, old, organization, body),
    );
  }

  /** What is not mentioned stays as it is. */
  async #settings(
    query: Query,
    origin: Origin,
    old: ConnectionRow,
    organization: OrganizationRow,
    body: UpdateConnection,
  ): Promise<Changed> {
    const { certificate, api_key: apiKey } = body;
    const ca = (body.ca === undefined ? old.api_key_ca : body.ca) ?? undefined;
    const isReplaced = certificate !== undefined || apiKey !== undefined;
    const wanted = { ...providerScheme(old), provider: old.provider, body: { certificate, api_key: apiKey, ca } };
    const credential = isReplaced
      ? await this.credentials.of(query, organization, wanted)
      : { certificateId: old.credential_id, apiKeyId: old.api_key_id, ca: old.api_key_ca };
    const row = await this.#update(
      query,
      old.id,
      `credential_id = $3, options = $4, version = version + 1, verifying = true, verifications = verifications + 1,
       api_key_id = $5, api_key_set_at = CASE WHEN api_key_id IS DISTINCT FROM $5 THEN $2 ELSE api_key_set_at END,
       api_key_ca = $6`,
      [credential.certificateId, JSON.stringify(body.options ?? old.options), credential.apiKeyId, credential.ca],
    );
    return { row, action: 'connection.update', commands: this.#settingsAndQuestion(row, origin) };
  }

  /** No new payments through it; payments under way go on. It stays disabled: make another connection to come back. */
  disable(auth: KeyAuth, origin: Origin, id: string): Promise<ConnectionRow> {
    return this.#change(auth, origin, id, async (query) => {
      const row = await this.#update(query, id, 'enabled = false, version = version + 1, verifying = false');
      return {
        row,
        action: 'connection.disable',
        commands: (taxId) => [this.commands.put(row, taxId, origin.traceparent)],
      };
    });
  }

  async #insert(
    query: Query,
    id: string,
    organization: OrganizationRow,
    body: CreateConnection,
  ): Promise<ConnectionRow> {
    if (organization.archived_at !== null) {
      throw new ApiProblem(422, 'organization_archived', 'This organization is archived. Restore it first.');
    }
    const { provider, scheme } = providerScheme(body);
    requireSameCountry(provider, organization);
    const { mode } = organization;
    const baseUrl = baseUrlOf(this.config.providerUrls, { provider, scheme, mode, wanted: body.base_url });
    const { certificateId, apiKeyId, ca } = await this.credentials.of(query, organization, {
      provider: provider.name,
      scheme,
      body,
    });
    const [row] = await query<ConnectionRow>(
      `INSERT INTO connection (id, tenant_id, mode, organization_id, provider, scheme, credential_id, base_url, options, created_at, updated_at,
                               api_key_id, api_key_set_at, api_key_ca)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, CASE WHEN $11::uuid IS NOT NULL THEN $10::timestamptz END, $12)
       RETURNING *`,
      [
        id,
        organization.tenant_id,
        mode,
        organization.id,
        provider.name,
        scheme.name,
        certificateId,
        baseUrl,
        JSON.stringify(body.options),
        new Date(this.clock.now()),
        apiKeyId,
        ca,
      ],
    );
    if (row === undefined) throw new Error('a connection was not written');
    return row;
  }

  async #change(
    auth: KeyAuth,
    origin: Origin,
    id: string,
    change: (query: Query, old: ConnectionRow, organization: OrganizationRow) => Promise<Changed>,
  ): Promise<ConnectionRow> {
    const { row, published } = await this.transactions.as(auth, (query) =>
      this.#changeWithin(query, auth, origin, id, (old, organization) => change(query, old, organization)),
    );
    this.outbox.publish(published);
    return row;
  }

  async #changeWithin(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    id: string,
    change: (old: ConnectionRow, organization: OrganizationRow) => Promise<Changed>,
  ): Promise<{ readonly row: ConnectionRow; readonly published: readonly OutboxRow[] }> {
    const old = await requireConnection(query, auth, id, true);
    if (!old.enabled)
      throw new ApiProblem(409, 'connection_disabled', 'This connection is disabled. Make another one.');
    const organization = await requireOrganization(query, auth, old.organization_id);
    const changed = await change(old, organization);
    return { row: changed.row, published: await this.#tell(query, auth, origin, changed, organization) };
  }

  async #tell(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    changed: Changed,
    organization: OrganizationRow,
  ): Promise<OutboxRow[]> {
    const subject = idFromUuid('con', changed.row.id);
    await this.audit.write(query, { auth, origin, action: changed.action, subject, tenantId: auth.tenantId });
    return this.outbox.write(query, changed.commands(organization.tax_id));
  }

  #settingsAndQuestion(row: ConnectionRow, origin: Origin): Changed['commands'] {
    return (taxId) => [
      this.commands.put(row, taxId, origin.traceparent),
      this.commands.verify(row, origin.traceparent),
    ];
  }

  async #update(
    query: Query,
    id: string,
    assignments: string,
    values: readonly unknown[] = [],
  ): Promise<ConnectionRow> {
    const [row] = await query<ConnectionRow>(
      `UPDATE connection SET ${assignments}, updated_at = $2 WHERE id = $1 RETURNING *`,
      [id, new Date(this.clock.now()), ...values],
    );
    if (row === undefined) throw notFound('connection');
    return row;
  }

  async #exists(auth: KeyAuth, organizationId: string, provider: string, cause: unknown): Promise<ApiProblem> {
    const rows = await this.list(auth, organizationId, null, 100);
    const holder = rows.find((row) => row.enabled && row.provider === provider);
    const extra = holder === undefined ? {} : { connection: { id: idFromUuid('con', holder.id) } };
    const detail = 'This organization has a connection with this provider already. Change or disable that one.';
    return new ApiProblem(409, 'connection_exists', detail, { extra, cause });
  }
}

function requireSameCountry(provider: ProviderDescriptor, organization: OrganizationRow): void {
  if (provider.country === organization.country) return;
  const detail = `${provider.title} works with organizations of ${provider.country} only; this one is of ${organization.country}.`;
  throw unprocessable('provider_country_mismatch', '/provider', detail);
}

/** A connection that this key reaches, or 404. @param lock keeps others from changing it until the transaction ends */
export async function requireConnection(query: Query, auth: KeyAuth, id: string, lock = false): Promise<ConnectionRow> {
  const [row] = await query<ConnectionRow>(
    `SELECT * FROM connection WHERE id = $1 AND mode = $2 ${lock ? 'FOR UPDATE' : ''}`,
    [id, auth.mode],
  );
  if (row === undefined || !mayAct(auth, row.organization_id)) throw notFound('connection');
  return row;
}
