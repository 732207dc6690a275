import { Inject, Injectable } from '@nestjs/common';
import { type Clock, idFromUuid, uuidFromId } from '@tolem/domain';
import { brokenConstraint, type OutboxRow } from '@tolem/persistence';
import { Audit } from '../audit-log/audit.ts';
import { ApiProblem, notFound, unprocessable } from '../http/api-problem.ts';
import type { Attempt } from '../http/attempt.ts';
import { type KeyAuth, mayAct } from '../http/auth.ts';
import { type Creation, Idempotency } from '../http/idempotency.ts';
import type { Origin } from '../http/origin.ts';
import type { OrganizationRow } from '../organizations/organization.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { CLOCK } from '../tokens.ts';
import type { TradePointRow } from '../trade-points/trade-points.ts';
import { type Query, Transactions } from '../transactions.ts';
import { DeskDevices, type DeskKey } from './desk-devices.ts';
import type { CreateDesk, MoveDesk } from './desk.schema.ts';
import { DESK_COLUMNS, type DeskRow } from './desk.ts';

export interface DeskFilter {
  readonly organizationId: string | null;
  readonly tradePointId: string | null;
  readonly after: string | null;
  readonly limit: number;
}

export interface MadeDesk {
  readonly id: string;
  readonly organization: OrganizationRow;
  /** The chain's own id. */
  readonly name: string;
  readonly point: TradePointRow | undefined;
  /** The provider's own id of the trade point that it shall stand in once the provider lists it. */
  readonly wantedTradePoint?: string | undefined;
}

/** Cash desks under the chain's own names. A payment makes its desk by itself; here desks are made ahead, moved and deleted. */
@Injectable()
export class Desks {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly devices: DeskDevices,
    private readonly outbox: OutboxRows,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async create(auth: KeyAuth, origin: Origin, attempt: Attempt, body: CreateDesk): Promise<Creation<DeskRow>> {
    let published: OutboxRow[] = [];
    try {
      const creation = await this.idempotency.create<DeskRow>(auth, attempt, {
        make: async (query, id) => {
          const organization = await organizationOfBody(query, auth, body.organization);
          const point = await tradePointFor(query, organization, body.trade_point);
          published = await this.makeWithin(query, auth, origin, { id, organization, name: body.desk, point });
          return requireDesk(query, auth, { id });
        },
        load: (query, id) => requireDesk(query, auth, { id }),
      });
      this.outbox.publish(published);
      return creation;
    } catch (error) {
      if (brokenConstraint(error) === 'desk_external_id') throw await this.exists(auth, body.desk, error);
      throw error;
    }
  }

  /** Makes a desk within the caller's transaction, its device asked for where it has a trade point; publish the rows after the commit. */
  async makeWithin(query: Query, auth: KeyAuth, origin: Origin, made: MadeDesk): Promise<OutboxRow[]> {
    const { id, organization, name, point } = made;
    await query(
      `INSERT INTO desk (id, tenant_id, mode, organization_id, trade_point_id, external_id, wanted_trade_point, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
      [
        id,
        auth.tenantId,
        auth.mode,
        organization.id,
        point?.id ?? null,
        name,
        made.wantedTradePoint ?? null,
        new Date(this.clock.now()),
      ],
    );
    await this.#note(query, auth, origin, 'desk.create', id);
    if (point === undefined) return [];
    const desk = { id, tenant_id: auth.tenantId, mode: auth.mode, organization_id: organization.id };
    return this.devices.register(query, desk, point, origin.traceparent);
  }

  /** Puts a desk into another trade point within the caller's transaction; publish the rows after the commit. */
  async moveWithin(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    desk: DeskKey,
    point: TradePointRow,
  ): Promise<OutboxRow[]> {
    await query('UPDATE desk SET trade_point_id = $2, updated_at = $3 WHERE id = $1', [
      desk.id,
      point.id,
      new Date(this.clock.now()),
    ]);
    await this.#note(query, auth, origin, 'desk.move', desk.id);
    return this.devices.register(query, desk, point, origin.traceparent);
  }

  /** @param name `dsk_…` or the chain's own id of a desk that is not deleted */
  get(auth: KeyAuth, name: string): Promise<DeskRow> {
    return this.transactions.as(auth, (query) => findDesk(query, auth, name));
  }

  /** Newest first, deleted ones left out. */
  list(auth: KeyAuth, filter: DeskFilter): Promise<DeskRow[]> {
    return this.transactions.as(auth, (query) =>
      query<DeskRow>(
        `SELECT ${DESK_COLUMNS} FROM desk d
          WHERE d.mode = $1 AND d.deleted_at IS NULL AND ($2::uuid[] IS NULL OR d.organization_id = ANY($2))
            AND ($3::uuid IS NULL OR d.organization_id = $3) AND ($4::uuid IS NULL OR d.trade_point_id = $4) AND ($5::uuid IS NULL OR d.id < $5)
          ORDER BY d.id DESC LIMIT $6`,
        [auth.mode, auth.organizations, filter.organizationId, filter.tradePointId, filter.after, filter.limit],
      ),
    );
  }

  /** Moves a desk to another trade point of its organization; its device is registered there in the background. */
  async move(auth: KeyAuth, origin: Origin, name: string, body: MoveDesk): Promise<DeskRow> {
    const { row, published } = await this.transactions.as(auth, async (query) => {
      const desk = await findDesk(query, auth, name);
      refuseDeleted(desk);
      const organization = await requireOrganization(query, auth, desk.organization_id);
      const point = await tradePointFor(query, organization, body.trade_point);
      if (point === undefined || point.id === desk.trade_point_id) return { row: desk, published: [] };
      const rows = await this.moveWithin(query, auth, origin, desk, point);
      return { row: await requireDesk(query, auth, { id: desk.id }), published: rows };
    });
    this.outbox.publish(published);
    return row;
  }

  /** Deletes a desk; the same name used again is another desk. Repeating it by `dsk_…` changes nothing. */
  async delete(auth: KeyAuth, origin: Origin, name: string): Promise<DeskRow> {
    const { row, published } = await this.transactions.as(auth, async (query) => {
      const desk = await findDesk(query, auth, name);
      if (desk.deleted_at !== null) return { row: desk, published: [] };
      await query('UPDATE desk SET deleted_at = $2, updated_at = $2 WHERE id = $1', [
        desk.id,
        new Date(this.clock.now()),
      ]);
      const rows = await this.devices.delete(query, desk, origin.traceparent);
      await this.#note(query, auth, origin, 'desk.delete', desk.id);
      return { row: await requireDesk(query, auth, { id: desk.id }), published: rows };
    });
    this.outbox.publish(published);
    return row;
  }

  /** Whatever broke the rule that a desk's name is used once, as a refusal that names the desk that has it. */
  async exists(auth: KeyAuth, externalId: string, cause: unknown): Promise<ApiProblem> {
    const holder = await this.transactions.as(auth, (query) =>
      query<{ id: string; organization_id: string }>(
        'SELECT id, organization_id FROM desk WHERE mode = $1 AND external_id = $2 AND deleted_at IS NULL',
        [auth.mode, externalId],
      ),
    );
    const [row] = holder.filter((desk) => mayAct(auth, desk.organization_id));
    const extra = row === undefined ? {} : { desk: { id: idFromUuid('dsk', row.id) } };
    return new ApiProblem(409, 'desk_exists', 'This tenant has a desk with this id already.', { extra, cause });
  }

  #note(query: Query, auth: KeyAuth, origin: Origin, action: string, id: string): Promise<void> {
    return this.audit.write(query, { auth, origin, action, subject: idFromUuid('dsk', id), tenantId: auth.tenantId });
  }
}

function refuseDeleted(desk: DeskRow): void {
  if (desk.deleted_at !== null)
    throw new ApiProblem(409, 'desk_deleted', 'This desk is deleted. Use its name again to make another one.');
}

export async function organizationOfBody(query: Query, auth: KeyAuth, text: string): Promise<OrganizationRow> {
  const uuid = uuidFromId('org', text);
  // An organization of another tenant is as unknown as one that never was: what a body names is not found, not forbidden.
  if (uuid === undefined) throw notFound('organization');
  const organization = await requireOrganization(query, auth, uuid);
  if (organization.archived_at !== null) {
    throw unprocessable('organization_archived', '/organization', 'This organization is archived. Restore it first.');
  }
  return organization;
}

/** The named trade point, or the only one there is; undefined where the organization has none and names none. */
export async function tradePointFor(
  query: Query,
  organization: OrganizationRow,
  text: string | undefined,
): Promise<TradePointRow | undefined> {
  const points = await query<TradePointRow>(
    'SELECT * FROM trade_point WHERE organization_id = $1 AND active AND ($2::uuid IS NULL OR id = $2) ORDER BY id LIMIT 2',
    [organization.id, text === undefined ? null : (uuidFromId('tp', text) ?? organization.id)],
  );
  if (text !== undefined && points.length === 0) {
    throw unprocessable('trade_point_unknown', '/trade_point', 'This organization has no such active trade point.');
  }
  if (points.length > 1) {
    throw unprocessable(
      'trade_point_required',
      '/trade_point',
      'This organization has several trade points: say in which one the desk stands.',
    );
  }
  return points[0];
}

/** @param name `dsk_…`, or the chain's own id, which finds live desks only */
async function findDesk(query: Query, auth: KeyAuth, name: string): Promise<DeskRow> {
  const uuid = uuidFromId('dsk', name);
  if (uuid === undefined) return requireDesk(query, auth, { externalId: name });
  return requireDesk(query, auth, { id: uuid });
}

/** A desk that this key reaches, or 404. */
export async function requireDesk(
  query: Query,
  auth: KeyAuth,
  by: { id?: string; externalId?: string },
): Promise<DeskRow> {
  const [row] = await query<DeskRow>(
    `SELECT ${DESK_COLUMNS} FROM desk d
      WHERE d.mode = $1 AND (d.id = $2 OR (d.external_id = $3 AND d.deleted_at IS NULL))`,
    [auth.mode, by.id ?? null, by.externalId ?? null],
  );
  if (row === undefined || !mayAct(auth, row.organization_id)) throw notFound('desk');
  return row;
}
