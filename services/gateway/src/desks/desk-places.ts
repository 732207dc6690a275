import { Inject, Injectable } from '@nestjs/common';
import { type IdFactory, idFromUuid, uuidFromId } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import { Desks } from './desks.ts';
import { ApiProblem, unprocessable } from '../http/api-problem.ts';
import { type KeyAuth, mayAct } from '../http/auth.ts';
import type { Origin } from '../http/origin.ts';
import type { OrganizationRow } from '../organizations/organization.ts';
import { IDS } from '../tokens.ts';
import type { TradePointRow } from '../trade-points/trade-points.ts';
import type { Query } from '../transactions.ts';

export interface WantedDesk {
  /** The chain's own id. */
  readonly name: string;
  /** `tp_…` or the provider's own id. */
  readonly tradePoint: string | undefined;
}

export interface PutDesk {
  /** UUID. */
  readonly id: string;
  readonly change: 'made' | 'moved' | 'none';
  readonly published: readonly OutboxRow[];
}

interface Holder {
  readonly id: string;
  readonly organization_id: string;
  readonly trade_point_id: string | null;
}

/** A desk as it is wanted, made or moved where it is not so yet: asked again, nothing changes. */
@Injectable()
export class DeskPlaces {
  constructor(
    private readonly desks: Desks,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  /** Works within the caller's transaction; publish the rows after its commit. */
  async put(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    organization: OrganizationRow,
    wanted: WantedDesk,
  ): Promise<PutDesk> {
    const [holder] = await query<Holder>(
      'SELECT id, organization_id, trade_point_id FROM desk WHERE mode = $1 AND external_id = $2 AND deleted_at IS NULL FOR UPDATE',
      [auth.mode, wanted.name],
    );
    if (holder !== undefined && holder.organization_id !== organization.id) throw takenElsewhere(auth, holder);
    const place = await placeOf(query, organization, wanted.tradePoint, holder);
    if (holder === undefined) {
      const id = this.ids.uuid();
      const desk = { id, organization, name: wanted.name, point: place.point, wantedTradePoint: place.later };
      return { id, change: 'made', published: await this.desks.makeWithin(query, auth, origin, desk) };
    }
    if (place.point !== undefined && place.point.id !== holder.trade_point_id) {
      const desk = { id: holder.id, tenant_id: auth.tenantId, mode: auth.mode, organization_id: organization.id };
      const published = await this.desks.moveWithin(query, auth, origin, desk, place.point);
      return { id: holder.id, change: 'moved', published };
    }
    if (place.later !== undefined) {
      await query('UPDATE desk SET wanted_trade_point = $2 WHERE id = $1', [holder.id, place.later]);
    }
    return { id: holder.id, change: 'none', published: [] };
  }
}

interface Place {
  readonly point?: TradePointRow;
  /** What to look for once the provider lists trade points. */
  readonly later?: string;
}

async function placeOf(
  query: Query,
  organization: OrganizationRow,
  text: string | undefined,
  holder: Holder | undefined,
): Promise<Place> {
  if (text === undefined && holder !== undefined) return {};
  const points = await query<TradePointRow>(
    `SELECT * FROM trade_point WHERE organization_id = $1 AND active
        AND ($2::text IS NULL OR provider_ref = $2 OR id = $3) ORDER BY id LIMIT 2`,
    [organization.id, text ?? null, text === undefined ? null : (uuidFromId('tp', text) ?? null)],
  );
  const [point] = points;
  if (text === undefined) {
    if (points.length > 1) {
      const detail = 'This organization has several trade points: say in which one the desk stands.';
      throw unprocessable('trade_point_required', '/trade_point', detail);
    }
    return point === undefined ? {} : { point };
  }
  if (point !== undefined) return { point };
  const [known] = await query('SELECT 1 FROM trade_point WHERE organization_id = $1 AND active LIMIT 1', [
    organization.id,
  ]);
  if (known === undefined && uuidFromId('tp', text) === undefined) return { later: text };
  const detail = 'This organization has no such active trade point.';
  throw unprocessable('trade_point_unknown', '/trade_point', detail);
}

function takenElsewhere(auth: KeyAuth, holder: Holder): ApiProblem {
  const extra = mayAct(auth, holder.organization_id) ? { desk: { id: idFromUuid('dsk', holder.id) } } : {};
  const detail = 'This tenant has a desk with this id already, in another organization.';
  return new ApiProblem(409, 'desk_exists', detail, {
    extra,
    errors: [{ pointer: '/desk', code: 'desk_exists', detail }],
  });
}
