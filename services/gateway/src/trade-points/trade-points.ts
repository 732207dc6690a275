import { Injectable } from '@nestjs/common';
import type { Mode } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import { z } from 'zod';
import { notFound } from '../http/api-problem.ts';
import { type KeyAuth, mayAct } from '../http/auth.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import { type Query, Transactions } from '../transactions.ts';

export interface TradePointRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly organization_id: string;
  readonly connection_id: string;
  readonly provider: string;
  readonly provider_ref: string;
  readonly name: string;
  readonly address: string | null;
  readonly active: boolean;
}

export const tradePointView = z.object({
  id: z.string(),
  object: z.literal('trade_point'),
  organization: z.string(),
  provider: z.string(),
  provider_ref: z.string().describe('The provider’s own id.'),
  name: z.string(),
  address: z.string().nullable(),
  active: z.boolean().describe('False once the provider no longer lists it.'),
});

export interface TradePointFilter {
  readonly active: boolean | null;
  readonly provider: string | null;
  readonly after: string | null;
  readonly limit: number;
}

/** Trade points as providers list them: read here, written by what connections report. */
@Injectable()
export class TradePoints {
  constructor(private readonly transactions: Transactions) {}

  get(auth: KeyAuth, id: string): Promise<TradePointRow> {
    return this.transactions.as(auth, (query) => requireTradePoint(query, auth, id));
  }

  /** Oldest first: the order in which the provider listed them. */
  list(auth: KeyAuth, organizationId: string, filter: TradePointFilter): Promise<TradePointRow[]> {
    return this.transactions.as(auth, async (query) => {
      await requireOrganization(query, auth, organizationId);
      return query<TradePointRow>(
        `SELECT * FROM trade_point
          WHERE organization_id = $1 AND ($2::boolean IS NULL OR active = $2) AND ($3::text IS NULL OR provider = $3)
            AND ($4::uuid IS NULL OR id > $4)
          ORDER BY id LIMIT $5`,
        [organizationId, filter.active, filter.provider, filter.after, filter.limit],
      );
    });
  }
}

/** A trade point that this key reaches, or 404. */
export async function requireTradePoint(query: Query, auth: KeyAuth, id: string): Promise<TradePointRow> {
  const [row] = await query<TradePointRow>('SELECT * FROM trade_point WHERE id = $1 AND mode = $2', [id, auth.mode]);
  if (row === undefined || !mayAct(auth, row.organization_id)) throw notFound('trade point');
  return row;
}

/** A trade point as it is shown. */
export function tradePointOf(row: TradePointRow): z.output<typeof tradePointView> {
  return {
    id: idFromUuid('tp', row.id),
    object: 'trade_point',
    organization: idFromUuid('org', row.organization_id),
    provider: row.provider,
    provider_ref: row.provider_ref,
    name: row.name,
    address: row.address,
    active: row.active,
  };
}
