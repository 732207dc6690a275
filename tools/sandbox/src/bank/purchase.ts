import type { LedgerCall } from './ledger-row.ts';
import type { LifeRules, PurchaseLife } from './purchase-life.ts';

/** How a purchase was begun: by a QR, by a payment link, or by an invoice to a phone number. */
export type PurchaseKind = 'qr' | 'link' | 'invoice';

/** Who ordered a refund: a client of the interface, or a cashier in the bank's own app. */
export type RefundedBy = 'api' | 'cashier_app';

export interface Refund {
  readonly id: number;
  readonly paymentId: number;
  readonly amountMinor: number;
  readonly atMs: number;
  readonly bin: string;
  readonly by: RefundedBy;
  seq: number;
  readonly calls: LedgerCall[];
}

/** A purchase as the bank remembers it. Amounts are minor units (tiyn), times epoch milliseconds. */
export interface Purchase {
  readonly id: number;
  readonly kind: PurchaseKind;
  readonly bin: string;
  readonly tradePointId: number;
  readonly deviceToken: string;
  readonly externalId: string | null;
  readonly amountMinor: number;
  readonly rules: LifeRules;
  readonly pollIntervalMs: number;
  /** Of an invoice; the phone number itself is kept nowhere. */
  readonly invoice: InvoiceTerms | null;
  /** Whose app scanned the code, paid the invoice or follows the link; known within the organization. */
  buyer: string;
  /** The bank refuses a part of the sum (-99000020). */
  fullRefundOnly: boolean;
  life: PurchaseLife;
  seq: number;
  refundedMinor: number;
  /** Answers left that carry an unknown status instead of the true one. */
  limboPolls: number;
  /** Until this moment the status method does not answer at all. */
  readonly silentUntilMs: number;
  /** Somebody has asked about its status, so its code stands on a screen. */
  asked: boolean;
  lastPollAtMs: number;
  /** Of an invoice: when its newest questions came. */
  questionsAtMs: readonly number[];
  readonly saidStatuses: Set<string>;
  readonly calls: LedgerCall[];
}

export interface Device {
  readonly token: string;
  readonly bin: string;
  readonly tradePointId: number;
  readonly deviceId: string;
  active: boolean;
}

export interface InvoiceTerms {
  /** The last four digits of the payer's number. */
  readonly phoneEnds: string;
  readonly comment: string | null;
}
