import type { CancelResult, Failure, Mode, NextAction } from '@tolem/contracts';
import type { Currency, RefundStatus } from '@tolem/domain';
import type { Resolution } from '../payments/payment-row.ts';

/**
 * A refund as the database hands it over (`refund_row`): ids are UUIDs, times are what PostgreSQL writes into JSON, money is
 * minor units. Events keep the same shape, so that one renderer serves both.
 */
export interface RefundRow {
  readonly id: string;
  readonly mode: Mode;
  readonly organization_id: string;
  /** Null until the buyer has picked a purchase, and for a purchase that was not made through us. */
  readonly payment_id: string | null;
  readonly desk: string;
  readonly provider: string;
  readonly source: 'api' | 'late' | 'external';
  readonly amount: number | null;
  readonly currency: Currency;
  readonly status: RefundStatus;
  readonly version: number;
  readonly expires_at: string | null;
  readonly reference: string | null;
  readonly reason: string | null;
  readonly purchase_ref: string | null;
  readonly provider_ref: string | null;
  readonly next_action: NextAction | null;
  readonly failure: Failure | null;
  readonly evidence: 'stated' | 'inferred' | 'person' | null;
  readonly cancel_requested_at: string | null;
  readonly cancel_result: CancelResult | null;
  readonly resolution: Resolution | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly updated_at: string;
}
