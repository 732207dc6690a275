import type { PaymentStart } from '@tolem/contracts';
import type { PaymentRow } from '../payment-row.ts';

/** What the SQL function `create_payment` answers. */
export type CreatePaymentAnswer =
  | { readonly outcome: 'created'; readonly payment: PaymentRow; readonly body: PaymentStart }
  | { readonly outcome: 'replay'; readonly payment: PaymentRow }
  | CreatePaymentRefusal;

/** Every reason for which it makes no payment. */
export type CreatePaymentRefusal =
  | { readonly outcome: 'reference_locked'; readonly payment: PaymentRow }
  | { readonly outcome: 'amount_too_large'; readonly max_amount: number }
  | {
      readonly outcome: 'connection_not_ready';
      readonly connection: string;
      readonly health: 'unknown' | 'refused';
      readonly reason: ConnectionReason | null;
    }
  | { readonly outcome: 'provider_unavailable'; readonly reason: ConnectionReason | null }
  | { readonly outcome: 'desk_in_other_trade_point'; readonly trade_point: string }
  | {
      readonly outcome:
        | 'key_reused'
        | 'overloaded'
        | 'organization_not_found'
        | 'organization_archived'
        | 'connection_required'
        | 'desk_of_other_organization'
        | 'trade_point_unknown'
        | 'trade_point_required';
    };

/** Why a connection does not work, as its provider's service told it. */
export interface ConnectionReason {
  readonly code: string;
  readonly provider_code: string | null;
  readonly provider_message: string | null;
}
