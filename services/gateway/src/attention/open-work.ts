import { Inject, Injectable } from '@nestjs/common';
import { type Clock, isOpen, PAYMENT_STATUSES, type PaymentStatus } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import { CLOCK, WORKER_DATABASE } from '../tokens.ts';
import { ATTENTION_KINDS, type AttentionKind } from './attention.ts';

export interface AttentionCount {
  readonly kind: AttentionKind;
  readonly open: number;
  /** Seconds since the oldest of them was opened; 0 where none is open. */
  readonly oldest_age_s: number;
}

export interface OpenPaymentsCount {
  readonly status: PaymentStatus;
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

  async openPayments(): Promise<OpenPaymentsCount[]> {
    const rows = await this.db.query<{ status: PaymentStatus; count: string; oldest_age_s: number }>(
      'SELECT * FROM open_payments($1)',
      [new Date(this.clock.now())],
    );
    return PAYMENT_STATUSES.filter(isOpen).map((status) => {
      const row = rows.find((one) => one.status === status);
      return { status, count: Number(row?.count ?? 0), oldest_age_s: row?.oldest_age_s ?? 0 };
    });
  }
}
