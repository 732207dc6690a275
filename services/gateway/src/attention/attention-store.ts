import { Injectable } from '@nestjs/common';
import type { Auth } from '../http/auth.ts';
import { notFound } from '../http/api-problem.ts';
import { Transactions } from '../transactions.ts';
import type { AttentionKind, AttentionRow } from './attention.ts';

/** Ids are UUIDs; null: any. */
export interface AttentionFilter {
  readonly status: 'open' | 'closed' | null;
  readonly kind: AttentionKind | null;
  readonly organization: string | null;
  /** Of the payment itself or of its refunds. */
  readonly payment: string | null;
  readonly refund: string | null;
  readonly after: string | null;
  readonly limit: number;
}

/** A key sees what belongs to its tenant, mode and organizations; the operator sees all. */
@Injectable()
export class AttentionStore {
  constructor(private readonly transactions: Transactions) {}

  /** Newest first. */
  async list(auth: Auth, filter: AttentionFilter): Promise<AttentionRow[]> {
    const rows = await this.transactions.as(auth, (query) =>
      query<{ row: AttentionRow }>(
        `SELECT attention_row(a) AS row FROM attention a
          WHERE ($1::text IS NULL OR a.mode = $1) AND ($2::uuid[] IS NULL OR a.organization_id = ANY ($2))
            AND ($3::text IS NULL OR (a.closed_at IS NULL) = ($3 = 'open')) AND ($4::text IS NULL OR a.kind = $4)
            AND ($5::uuid IS NULL OR a.organization_id = $5) AND ($6::uuid IS NULL OR a.subject = $6 OR a.payment_id = $6)
            AND ($7::uuid IS NULL OR a.subject = $7) AND ($8::uuid IS NULL OR a.id < $8)
          ORDER BY a.id DESC LIMIT $9`,
        [
          ...reachOf(auth),
          filter.status,
          filter.kind,
          filter.organization,
          filter.payment,
          filter.refund,
          filter.after,
          filter.limit,
        ],
      ),
    );
    return rows.map(({ row }) => row);
  }

  async get(auth: Auth, id: string): Promise<AttentionRow> {
    const [found] = await this.transactions.as(auth, (query) =>
      query<{ row: AttentionRow }>(
        `SELECT attention_row(a) AS row FROM attention a
          WHERE a.id = $3 AND ($1::text IS NULL OR a.mode = $1) AND ($2::uuid[] IS NULL OR a.organization_id = ANY ($2))`,
        [...reachOf(auth), id],
      ),
    );
    if (found === undefined) throw notFound('attention');
    return found.row;
  }
}

/** Mode and organizations that a caller is limited to. */
function reachOf(auth: Auth): [mode: string | null, organizations: readonly string[] | null] {
  return auth.kind === 'key' ? [auth.mode, auth.organizations] : [null, null];
}
