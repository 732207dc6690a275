import type { PaymentStart } from '@tolem/contracts';
import type { ConnectionRefusal } from '../connection-problem.ts';
import type { DeskPlaceRefusal } from '../desk-place-problem.ts';
import type { PaymentRow } from '../payment-row.ts';

/** What the SQL function `create_payment` answers. */
export type CreatePaymentAnswer =
  | { readonly outcome: 'created'; readonly payment: PaymentRow; readonly body: PaymentStart }
  | { readonly outcome: 'replay'; readonly payment: PaymentRow }
  | CreatePaymentRefusal;

/** Every reason for which it makes no payment. */
export type CreatePaymentRefusal =
  | ConnectionRefusal
  | DeskPlaceRefusal
  | { readonly outcome: 'reference_locked'; readonly payment: PaymentRow }
  /** One to the same buyer of which nobody knows whether he got it. */
  | { readonly outcome: 'invoice_in_doubt'; readonly payment: PaymentRow }
  | { readonly outcome: 'method_not_available'; readonly scheme: string }
  | { readonly outcome: 'amount_too_large'; readonly max_amount: number }
  | {
      readonly outcome: 'key_reused' | 'overloaded' | 'organization_not_found' | 'organization_archived';
    };
