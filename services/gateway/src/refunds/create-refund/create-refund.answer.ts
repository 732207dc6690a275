import type { RefundStart } from '@tolem/contracts';
import type { Currency, PaymentStatus } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import type { ConnectionRefusal } from '../../payments/connection-problem.ts';
import type { DeskPlaceRefusal } from '../../payments/desk-place-problem.ts';
import type { RefundRow } from '../refund-row.ts';

/** What the SQL function `create_refund` answers. */
export type CreateRefundAnswer =
  | {
      readonly outcome: 'created';
      readonly refund: RefundRow;
      /** Absent where nothing is sent. */
      readonly body?: RefundStart;
      readonly outbox: readonly OutboxRow[];
    }
  | { readonly outcome: 'replay'; readonly refund: RefundRow }
  | CreateRefundRefusal;

/** Why a payment cannot be refunded by this amount now; ids are UUIDs. */
export type RefundRefusal =
  | { readonly outcome: 'payment_not_refundable'; readonly payment: string; readonly status: PaymentStatus }
  | { readonly outcome: 'refund_too_much'; readonly refundable: number; readonly currency: Currency }
  | { readonly outcome: 'refund_in_doubt'; readonly refund: string };

/** Every reason for which it makes no refund. `provider`: whose connection is meant. */
export type CreateRefundRefusal =
  | RefundRefusal
  | (ConnectionRefusal & { readonly provider?: string })
  | DeskPlaceRefusal
  | { readonly outcome: 'purchase_unknown'; readonly payment: string }
  | { readonly outcome: 'refund_not_supported'; readonly provider: string; readonly scheme: string }
  | { readonly outcome: 'amount_too_large'; readonly max_amount: number; readonly currency: Currency }
  | { readonly outcome: 'key_reused' | 'overloaded' | 'payment_not_found' | 'payment_required' | 'desk_not_found' };
