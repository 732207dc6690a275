import type { CancelResult, Failure, Mode, NextAction } from '@tolem/contracts';
import type { Currency, PaymentStatus } from '@tolem/domain';

export interface Resolution {
  /** UUID. */
  readonly attention: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly at: string;
  /** The provider has said the same since. */
  readonly confirmed: boolean;
}

/**
 * A payment as the database hands it over (`payment_row`): ids are UUIDs, times are what PostgreSQL writes into JSON,
 * money is minor units. Events keep the same shape, so that one renderer serves both.
 */
export interface PaymentRow {
  readonly id: string;
  readonly mode: Mode;
  /** Null in a tombstone: a key that was cancelled before its create arrived. So are the next ones. */
  readonly organization_id: string | null;
  readonly connection_id: string | null;
  readonly desk_id: string | null;
  readonly desk: string | null;
  readonly provider: string | null;
  readonly method: string | null;
  /** Fields of the method as everybody may see them; absent in events of before. */
  readonly method_data?: Readonly<Record<string, unknown>>;
  readonly amount: number | null;
  readonly currency: Currency | null;
  readonly status: PaymentStatus;
  readonly version: number;
  readonly start_by: string | null;
  readonly expires_at: string | null;
  readonly reference: string | null;
  readonly provider_ref: string | null;
  readonly next_action: NextAction | null;
  readonly payment_methods: readonly string[];
  readonly slip: Readonly<Record<string, string>> | null;
  readonly failure: Failure | null;
  readonly refunded: number;
  /** Of refunds that have not ended; absent in events of before. */
  readonly reserved?: number;
  /** A sale made before, taken in so that it can be refunded; absent in events of before. */
  readonly imported?: boolean;
  readonly paid_at?: string | null;
  readonly cancel_requested_at: string | null;
  readonly cancel_result: CancelResult | null;
  readonly late: boolean;
  /** What a person has decided while nobody could say whether it was paid; absent in events of before. */
  readonly resolution?: Resolution | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly updated_at: string;
}
