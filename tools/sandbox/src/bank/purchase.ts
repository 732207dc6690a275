import type { LedgerCall } from './ledger-row.ts';
import type { LifeRules, PurchaseLife } from './purchase-life.ts';

export interface Refund {
  readonly id: number;
  readonly paymentId: number;
  readonly amountMinor: number;
  readonly atMs: number;
  readonly bin: string;
  seq: number;
  readonly calls: LedgerCall[];
}

/** A purchase as the bank remembers it. Amounts are minor units (tiyn), times epoch milliseconds. */
export interface Purchase {
  readonly id: number;
  readonly bin: string;
  readonly tradePointId: number;
  readonly deviceToken: string;
  readonly externalId: string | null;
  readonly amountMinor: number;
  readonly rules: LifeRules;
  readonly pollIntervalMs: number;
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
