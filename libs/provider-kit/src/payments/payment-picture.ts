import type { CancelResult, Failure, NextAction } from '@tolem/contracts';
import type { PaymentStatus } from '@tolem/domain';

/** What the provider's side keeps of a payment beside its phase. */
export interface PaymentRecord {
  readonly method: string;
  readonly amountMinor: number | null;
  readonly currency: string;
  readonly reference: string | null;
  readonly tradePointRef: string | null;
  readonly nextAction: NextAction | null;
  readonly paymentMethods: readonly string[];
  readonly slip: Readonly<Record<string, string>> | null;
  readonly cancel: { readonly result: CancelResult } | null;
  readonly failure: Failure | null;
  readonly evidence: 'stated' | 'inferred';
  readonly waiting: WaitingUntil | null;
  /** No timer asks before `lookAt`, when the buyer's time is over: asked about only when a person wants to know. */
  readonly askedForOnly?: true;
  /** What the provider's books say of a payment that succeeded, where it differs from what was asked: it is told instead. */
  readonly booked?: { readonly providerRef: string; readonly amountMinor: number };
}

export interface WaitingUntil {
  readonly intervalMs: number;
  readonly confirmWithinMs: number;
  /** When the buyer's time is over; epoch ms. */
  readonly until: number;
}

/** Phase and timetable of a payment, with its record. */
export interface PaymentPicture {
  readonly phase: PaymentStatus;
  readonly providerRef: string | null;
  /** When somebody asks next after a local end, or because the answer is unknown; epoch ms. */
  readonly lookAt: number | null;
  readonly lookStep: number;
  readonly record: PaymentRecord;
}

export interface Timetable {
  /** Added to the provider's own timers: its clock and ours race at the edge. */
  readonly graceMs: number;
  /** After a local end, counted from that end. */
  readonly lookAfterEndMs: readonly number[];
  /** While nobody could be asked; the last one repeats. */
  readonly lookWhileUnknownMs: readonly number[];
}

export const DEFAULT_TIMETABLE: Timetable = {
  graceMs: 5_000,
  // +5 s, +70 s, +5 min, +1 h, and the night after.
  lookAfterEndMs: [5_000, 65_000, 230_000, 3_300_000, 12 * 3_600_000],
  lookWhileUnknownMs: [5_000, 30_000, 120_000, 600_000, 3_600_000],
};
