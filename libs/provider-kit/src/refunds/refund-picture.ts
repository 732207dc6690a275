import type { Failure, NextAction } from '@tolem/contracts';
import type { RefundStatus } from '@tolem/domain';

/** What the provider's side keeps of a refund beside its phase. */
export interface RefundRecord {
  readonly paymentId: string | null;
  /** The provider's own id of the purchase; null until somebody names one. */
  readonly purchaseRef: string | null;
  readonly amountMinor: number | null;
  readonly currency: string;
  /** Of the purchase, whatever desk asked. */
  readonly tradePointRef: string | null;
  /** What must happen one at a time with this refund. */
  readonly lane: string;
  /** The provider's own id of the refund code that the buyer scans; no other subject is known by it. */
  readonly customerRef: string | null;
  readonly nextAction: NextAction | null;
  readonly waiting: ShowingUntil | null;
  /** The one operation that may return the money, once the buyer has shown himself; null before that. */
  readonly returnOperation: string | null;
  readonly failure: Failure | null;
  readonly evidence: 'stated' | 'inferred';
}

/** While the buyer may show himself. */
export interface ShowingUntil {
  readonly intervalMs: number;
  /** Epoch ms. */
  readonly until: number;
}

/** Phase of a refund with its record. */
export interface RefundPicture {
  readonly phase: RefundStatus;
  readonly providerRef: string | null;
  /** When the step that is shown is over: the buyer's scan, the cashier's choice. Epoch ms. */
  readonly lookAt: number | null;
  readonly record: RefundRecord;
}
