import { type CrashPoint, crashPointsOf, type CrashStep } from './crash-points.ts';

/** What the load does while the point is armed; every step is taken by one of them. */
export type MoneyWay =
  /** Money goes back at once. */
  | 'refund'
  /** The buyer shows himself first; his purchase is named, or the cashier chooses it. */
  | 'refund_with_buyer'
  | 'refund_chosen'
  /** An invoice to a phone that is paid, or taken back. */
  | 'invoice'
  | 'invoice_taken_back';

export interface MoneyCrashPoint extends CrashPoint {
  readonly way: MoneyWay;
}

const GATEWAY = { services: ['gateway'] } as const;
const KASPI = { services: ['kaspi'] } as const;

/** The same for every refund: from the request to the operation, and from the bank's answer to the books. */
const BEGINNING: readonly CrashStep[] = [
  { step: 'create_refund commits', ...GATEWAY, seam: 'statement', match: 'create_refund' },
  { step: 'refund.start is published', ...GATEWAY, seam: 'publish', match: 'refund.start' },
  { step: 'refund.start is handled', ...KASPI, seam: 'deliver', match: 'refund.start' },
];
const RETURN: readonly CrashStep[] = [
  { step: 'payment/details is asked', ...KASPI, seam: 'bank', match: '/payment/details' },
  { step: '“about to send” commits', ...KASPI, seam: 'statement', match: 'sends = sends + 1' },
  { step: 'payment/return is called', ...KASPI, seam: 'bank', match: '/payment/return' },
  { step: 'returned commits', ...KASPI, seam: 'statement', match: 'UPDATE subject', phase: 'succeeded' },
];
const TOLD: readonly CrashStep[] = [
  { step: 'returned is published', ...KASPI, seam: 'publish', match: 'refund.state', phase: 'succeeded' },
  { step: 'returned is handled', ...GATEWAY, seam: 'deliver', match: 'refund.state', phase: 'succeeded' },
  { step: 'facts of refunds are applied', ...GATEWAY, seam: 'statement', match: 'apply_refund_facts', together: true },
];

/** The buyer's part of a refund. */
const SHOWN: readonly CrashStep[] = [
  { step: 'return/create is called', ...KASPI, seam: 'bank', match: '/return/create' },
  { step: 'the code commits', ...KASPI, seam: 'statement', match: 'UPDATE subject', phase: 'requires_customer' },
  { step: 'return/status is asked', ...KASPI, seam: 'bank', match: '/return/status' },
  { step: 'return/operations is asked', ...KASPI, seam: 'bank', match: '/return/operations' },
  { step: 'the purchase commits', ...KASPI, seam: 'statement', match: 'UPDATE subject', phase: 'processing' },
];
const CHOSEN: readonly CrashStep[] = [
  { step: 'the choice commits', ...GATEWAY, seam: 'statement', match: 'choose_purchase' },
  { step: 'refund.choose is published', ...GATEWAY, seam: 'publish', match: 'refund.choose' },
  { step: 'refund.choose is handled', ...KASPI, seam: 'deliver', match: 'refund.choose' },
];

const INVOICE: readonly CrashStep[] = [
  { step: '“about to send” commits', ...KASPI, seam: 'statement', match: 'sends = sends + 1' },
  { step: 'remote/create is called', ...KASPI, seam: 'bank', match: '/remote/create' },
  { step: 'sent commits', ...KASPI, seam: 'statement', match: 'UPDATE subject', phase: 'requires_customer' },
  { step: 'refresh commits', ...GATEWAY, seam: 'statement', match: 'refresh_payment' },
  { step: 'payment.refresh is handled', ...KASPI, seam: 'deliver', match: 'payment.refresh' },
];
const TAKEN_BACK: readonly CrashStep[] = [
  { step: 'payment.cancel is handled', ...KASPI, seam: 'deliver', match: 'payment.cancel' },
  { step: 'remote/cancel is called', ...KASPI, seam: 'bank', match: '/remote/cancel' },
];

const WAYS: readonly (readonly [MoneyWay, string, readonly CrashStep[]])[] = [
  ['refund', 'refund', [...BEGINNING, ...RETURN, ...TOLD]],
  ['refund_with_buyer', 'refund with the buyer', [...SHOWN, ...RETURN]],
  ['refund_chosen', 'chosen refund', CHOSEN],
  ['invoice', 'invoice', INVOICE],
  ['invoice_taken_back', 'invoice that is taken back', TAKEN_BACK],
];

/** Every step of the ways of a refund and of an invoice, as `CRASH_POINTS` has those of a payment by QR. */
export const MONEY_CRASH_POINTS: readonly MoneyCrashPoint[] = WAYS.flatMap(([way, words, steps]) =>
  crashPointsOf(steps).map((point) => ({ ...point, way, name: `${words}: ${point.name}` })),
);
