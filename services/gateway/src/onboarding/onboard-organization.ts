import { Inject, Injectable } from '@nestjs/common';
import { providerNamed } from '@tolem/contracts';
import type { IdFactory } from '@tolem/domain';
import { brokenConstraint, type OutboxRow } from '@tolem/persistence';
import type { CreateConnection } from '../connections/connection.schema.ts';
import type { ConnectionRow } from '../connections/connection.ts';
import { Connections } from '../connections/connections.ts';
import type { DeskRow } from '../desks/desk.ts';
import { Desks, requireDesk } from '../desks/desks.ts';
import type { Attempt } from '../http/attempt.ts';
import type { KeyAuth } from '../http/auth.ts';
import { type Creation, Idempotency } from '../http/idempotency.ts';
import type { Origin } from '../http/origin.ts';
import { type OrganizationRow, validTaxId } from '../organizations/organization.ts';
import { Organizations, refuseLimited, requireOrganization } from '../organizations/organizations.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { IDS } from '../tokens.ts';
import type { Query } from '../transactions.ts';
import type { OnboardOrganization } from './onboard-organization.schema.ts';

export interface Onboarded {
  readonly organization: OrganizationRow;
  readonly connection: ConnectionRow | undefined;
  readonly desk: DeskRow | undefined;
}

interface Made {
  readonly connection: ConnectionRow;
  readonly published: readonly OutboxRow[];
}

/** An organization together with its connection and first desk, in one transaction; the provider is asked in the background. */
@Injectable()
export class OnboardOrganizations {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly organizations: Organizations,
    private readonly connections: Connections,
    private readonly desks: Desks,
    private readonly outbox: OutboxRows,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  async create(
    auth: KeyAuth,
    origin: Origin,
    attempt: Attempt,
    body: OnboardOrganization,
  ): Promise<Creation<Onboarded>> {
    refuseLimited(auth);
    const { value: taxId } = validTaxId(body);
    const published: OutboxRow[] = [];
    const name = firstDeskName(taxId, body);
    try {
      const creation = await this.idempotency.create<Onboarded>(auth, attempt, {
        make: async (query, id) => {
          published.length = 0;
          const organization = await this.organizations.makeWithin(query, auth, origin, id, body);
          const deskId = name === undefined ? undefined : this.ids.uuid();
          if (deskId !== undefined && name !== undefined) {
            const desk = { id: deskId, organization, name, point: undefined, wantedTradePoint: body.desk?.trade_point };
            published.push(...(await this.desks.makeWithin(query, auth, origin, desk)));
          }
          if (body.connection !== undefined) {
            const made = await this.connect(query, auth, origin, organization, body.connection, deskId);
            published.push(...made.published);
          }
          return load(query, auth, id, body.connection?.provider, deskId);
        },
        load: async (query, id) => {
          const [desk] = await query<{ id: string }>(
            'SELECT id FROM desk WHERE organization_id = $1 AND external_id = $2 ORDER BY id LIMIT 1',
            [id, name ?? null],
          );
          return load(query, auth, id, body.connection?.provider, desk?.id);
        },
      });
      this.outbox.publish(published);
      return creation;
    } catch (error) {
      const broken = brokenConstraint(error);
      if (broken === 'organization_tax_id') throw await this.organizations.exists(auth, taxId, error);
      if (broken === 'desk_external_id') throw await this.desks.exists(auth, name ?? '', error);
      throw error;
    }
  }

  /** Makes the connection of an organization and has its first steps watched. @param deskId UUID of the first desk */
  async connect(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    organization: OrganizationRow,
    body: CreateConnection,
    deskId: string | undefined,
  ): Promise<Made> {
    const made = await this.connections.makeWithin(query, auth, origin, { id: this.ids.uuid(), organization, body });
    const [connection] = await query<ConnectionRow>(
      `UPDATE connection SET onboarding = 'verifying', onboarding_desk_id = $2 WHERE id = $1 RETURNING *`,
      [made.row.id, deskId ?? null],
    );
    return { connection: connection ?? made.row, published: made.published };
  }
}

/** The chain's own id of the first desk; undefined where none is asked for, nor needed to see a device work. */
function firstDeskName(taxId: string, body: OnboardOrganization): string | undefined {
  if (body.desk !== undefined) return body.desk.id;
  return body.connection === undefined ? undefined : defaultDeskName(taxId, body.connection.provider);
}

/** The desk that a connection is tried out with where the chain names none. */
export function defaultDeskName(taxId: string, provider: string): string | undefined {
  return providerNamed(provider)?.tradePoints === true ? `${taxId}-1` : undefined;
}

async function load(
  query: Query,
  auth: KeyAuth,
  id: string,
  provider: string | undefined,
  deskId: string | undefined,
): Promise<Onboarded> {
  const organization = await requireOrganization(query, auth, id);
  const [connection] = await query<ConnectionRow>(
    'SELECT * FROM connection WHERE organization_id = $1 AND provider = $2 ORDER BY enabled DESC, id DESC LIMIT 1',
    [id, provider ?? null],
  );
  const desk = deskId === undefined ? undefined : await requireDesk(query, auth, { id: deskId });
  return { organization, connection, desk };
}
