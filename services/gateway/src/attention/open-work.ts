import { Inject, Injectable } from '@nestjs/common';
import {
  type Clock,
  isFinalRefund,
  isOpen,
  PAYMENT_STATUSES,
  type PaymentStatus,
  REFUND_STATUSES,
  type RefundStatus,
} from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import { CLOCK, WORKER_DATABASE } from '../tokens.ts';
import { ATTENTION_KINDS, type AttentionKind } from './attention.ts';

export interface AttentionCount {
  readonly kind: AttentionKind;
  readonly open: number;
  /** Seconds since the oldest of them was opened; 0 where none is open. */
  readonly oldest_age_s: number;
}

export interface OpenCount<Status extends string> {
  readonly status: Status;
  readonly count: number;
  /** Seconds since the oldest of them was created; 0 where there is none. */
  readonly oldest_age_s: number;
}

/**
 * What operators alarm on, over all tenants; for metrics. Every kind and every open status is always there, so that a
 * gauge falls back to 0. Each call is one statement over open rows only.
 */
@Injectable()
export class OpenWork {
  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async attentionCounts(): Promise<AttentionCount[]> {
    const rows = await this.db.query<{ kind: AttentionKind; open: string; oldest_age_s: number }>(
      'SELECT * FROM attention_counts($1)',
      [new Date(this.clock.now())],
    );
    return ATTENTION_KINDS.map((kind) => {
      const row = rows.find((one) => one.kind === kind);
      return { kind, open: Number(row?.open ?? 0), oldest_age_s: row?.oldest_age_s ?? 0 };
    });
  }

  openPayments(): Promise<OpenCount<PaymentStatus>[]> {
    return this.#open('open_payments', PAYMENT_STATUSES.filter(isOpen));
  }

  openRefunds(): Promise<OpenCount<RefundStatus>[]> {
    const open = REFUND_STATUSES.filter((status) => !isFinalRefund(status));
    return this.#open('open_refunds', open);
  }

  async #open<Status extends string>(counts: string, statuses: readonly Status[]): Promise<OpenCount<Status>[]> {
    const rows = await this.db.query<{ status: Status; count: string; oldest_age_s: number }>(
      `SELECT * FROM ${counts}($1)`,
      [new Date(this.clock.now())],
    );
    return statuses.map((status) => {
      const row = rows.find((one) => one.status === status);
      return { status, count: Number(row?.count ?? 0), oldest_age_s: row?.oldest_age_s ?? 0 };
    });
  }
}
