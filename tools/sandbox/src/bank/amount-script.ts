import type { LifeRules, PlannedStep } from './purchase-life.ts';

export type BuyerPlan = 'pays' | 'refuses' | 'never_scans' | 'drops' | 'pays_late';

/** What an amount does besides being paid. */
export interface AmountScript {
  readonly create: 'normal' | 'no_payment_methods' | 'first_lost_before' | 'first_lost_after';
  readonly buyer: BuyerPlan;
  /** The status method says nothing at all until both timers are over. */
  readonly silent: boolean;
  /** So many status answers carry a value that nobody knows, before the true one is told. */
  readonly limboPolls: number;
  /** The bank refuses to refund a part of it. */
  readonly fullRefundOnly: boolean;
}

/** Milliseconds from the creation of the purchase to the buyer's scan and confirmation. */
export interface BuyerTiming {
  readonly scanMs: number;
  readonly confirmMs: number;
  /** To the scan of a refund code; null: nobody comes for it. */
  readonly returnScanMs: number | null;
  /** To the payment of an invoice; null: nobody pays it. */
  readonly invoicePayMs: number | null;
}

export const DEFAULT_BUYER_TIMING: BuyerTiming = {
  scanMs: 500,
  confirmMs: 1500,
  returnScanMs: null,
  invoicePayMs: null,
};

const PAID: AmountScript = { create: 'normal', buyer: 'pays', silent: false, limboPolls: 0, fullRefundOnly: false };

const SCRIPTS: ReadonlyMap<number, AmountScript> = new Map([
  [1_000_001_00, { ...PAID, buyer: 'refuses' }],
  [1_000_002_00, { ...PAID, buyer: 'never_scans' }],
  [1_000_003_00, { ...PAID, buyer: 'drops' }],
  [1_000_004_00, { ...PAID, buyer: 'pays_late' }],
  [1_000_005_00, { ...PAID, silent: true }],
  [1_000_006_00, { ...PAID, create: 'no_payment_methods' }],
  [1_000_007_00, { ...PAID, create: 'first_lost_before' }],
  [1_000_008_00, { ...PAID, create: 'first_lost_after' }],
  [1_000_009_00, { ...PAID, limboPolls: 3 }],
  [1_000_011_00, { ...PAID, fullRefundOnly: true }],
]);

/** The script of an amount in minor units (tiyn), undefined for an ordinary one. */
export function amountScript(amountMinor: number): AmountScript | undefined {
  return SCRIPTS.get(amountMinor);
}

/** The buyer's steps as points in time. `lateAfterMs` counts from the end of the scan timer. */
export function buyerSteps(
  buyer: BuyerPlan,
  timing: BuyerTiming,
  rules: LifeRules,
  lateAfterMs: number,
  seenAtMs: number,
): PlannedStep[] {
  const scan: PlannedStep = { atMs: seenAtMs + timing.scanMs, step: 'scan' };
  const second = seenAtMs + timing.confirmMs;
  switch (buyer) {
    case 'pays':
      return [scan, { atMs: second, step: 'confirm' }];
    case 'refuses':
      return [scan, { atMs: second, step: 'confirmerror' }];
    case 'never_scans':
      return [];
    case 'drops':
      return [scan];
    case 'pays_late':
      return [{ atMs: rules.createdAtMs + rules.scanWaitMs + lateAfterMs, step: 'pay_late' }];
  }
}
