import type { Failure, NextAction, Purchase } from '@tolem/contracts';
import type { Access, Call } from '../call.ts';
import type { DeviceUnknown, Noted, NotFound } from '../payments/payment-method.ts';

/** How money goes back: at once, with the buyer showing himself first, or by a person's hand alone. */
export type RefundWay = 'at_once' | 'with_buyer' | 'by_hand';

export interface InviteRequest {
  readonly refundId: string;
  /** Of the purchase's trade point; null where the provider knows no devices. */
  readonly deviceToken: string | null;
}

export type InviteOutcome =
  | {
      readonly is: 'started';
      /** The provider's own id of the refund code, which later steps name. */
      readonly customerRef: string;
      readonly nextAction: NextAction;
      /** How often to ask whether the buyer has shown himself, and until when; milliseconds from the answer. */
      readonly waiting: { readonly intervalMs: number; readonly customerWithinMs: number };
    }
  | { readonly is: 'refused'; readonly failure: Failure }
  | DeviceUnknown
  | { readonly is: 'not_sent'; readonly failure: Failure }
  | { readonly is: 'lost'; readonly failure: Failure };

export type IdentifiedOutcome =
  | { readonly is: 'pending' }
  | { readonly is: 'identified' }
  /** The refund code has ended without its buyer. */
  | { readonly is: 'over'; readonly failure: Failure }
  | { readonly is: 'unreachable'; readonly reason: string };

/** A purchase of the buyer's. One whose sum is unknown can be named, and not offered to a cashier. */
export type BuyersPurchase = Omit<Purchase, 'amount'> & { readonly amount: Purchase['amount'] | null };

export type PurchasesOutcome =
  | { readonly is: 'listed'; readonly purchases: readonly BuyersPurchase[] }
  | { readonly is: 'refused'; readonly failure: Failure }
  | DeviceUnknown
  | { readonly is: 'unreachable'; readonly reason: string };

/** Money that goes back to the buyer. Amounts in minor units. */
export interface ReturnRequest {
  readonly refundId: string;
  /** The provider's own id of the purchase. */
  readonly purchaseRef: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly deviceToken: string | null;
  /** The refund code that the buyer has scanned; null where money goes back without him. */
  readonly customerRef: string | null;
}

export type ReturnOutcome =
  | { readonly is: 'returned'; readonly providerRef: string }
  | { readonly is: 'refused'; readonly failure: Failure }
  | DeviceUnknown
  | { readonly is: 'not_sent'; readonly failure: Failure }
  | { readonly is: 'lost'; readonly failure: Failure };

/** What reading showed. The id of a return is known only where its answer came. */
export type ReturnResolution =
  { readonly is: 'returned'; readonly providerRef: string | null } | NotFound | DeviceUnknown;

/** How a provider gives money back. */
export interface Refunds {
  wayOf(access: Access): RefundWay;
  /** `with_buyer` only: a code that the buyer scans. Orphanable: one that nobody has seen hurts nobody. */
  invite(call: Call, request: InviteRequest): Promise<InviteOutcome>;
  /** `with_buyer` only: has the buyer shown himself? */
  identified(call: Call, request: { readonly customerRef: string }): Promise<IdentifiedOutcome>;
  /** `with_buyer` only: what this buyer may have refunded. */
  purchases(
    call: Call,
    request: { readonly customerRef: string; readonly deviceToken: string | null },
  ): Promise<PurchasesOutcome>;
  /** Reads what will show the effect later, and refuses what cannot be (more than is left of the purchase …). */
  note(call: Call, request: ReturnRequest): Promise<Noted>;
  /** Critical: never made again before `resolve` has proven that it did nothing. */
  send(call: Call, request: ReturnRequest, note: unknown): Promise<ReturnOutcome>;
  resolve(call: Call, request: ReturnRequest, note: unknown): Promise<ReturnResolution>;
  /** After a proven "not performed": once more as a new attempt, or the end. */
  afterNotPerformed(access: Access): 'repeat_once' | 'refuse';
}
