/**
 * The whole life of a payment in one table. Everything that moves a payment asks here, the database included
 * (`WHERE status IN (sourcesOf(to))`), so that a state can only move forward.
 */

export const PAYMENT_STATUSES = [
  'created',
  'requires_customer',
  'requires_amount',
  'processing',
  'succeeded',
  'declined',
  'canceled',
  'expired',
  'failed',
  'unknown',
] as const;

export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/**
 * From → to. Paid outranks every other fact: whatever is closed without money may still become `succeeded` (that is late
 * money), and nothing leaves `succeeded`. A status never moves to itself; a repeated fact is a no-op for the caller.
 */
export const PAYMENT_TRANSITIONS: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  created: [
    'requires_customer',
    'requires_amount',
    'processing',
    'succeeded',
    'declined',
    'canceled',
    'expired',
    'failed',
    'unknown',
  ],
  requires_customer: ['processing', 'succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown'],
  requires_amount: ['processing', 'succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown'],
  processing: ['succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown'],
  unknown: ['succeeded', 'declined', 'canceled', 'expired', 'failed'],
  declined: ['succeeded'],
  canceled: ['succeeded'],
  expired: ['succeeded'],
  failed: ['succeeded'],
  succeeded: [],
};

export function canMove(from: PaymentStatus, to: PaymentStatus): boolean {
  return PAYMENT_TRANSITIONS[from].includes(to);
}

/** Every status from which a payment may become `to`. */
export function sourcesOf(to: PaymentStatus): PaymentStatus[] {
  return PAYMENT_STATUSES.filter((from) => canMove(from, to));
}

/** Ended, with money or without. `unknown` is not an end: it keeps its reference and its reservation. */
export function isFinal(status: PaymentStatus): boolean {
  return status === 'succeeded' || isClosedUnpaid(status);
}

/** Not ended; somebody still owes an answer. */
export function isOpen(status: PaymentStatus): boolean {
  return !isFinal(status);
}

/** Ended without money, as far as is known now. */
export function isClosedUnpaid(status: PaymentStatus): boolean {
  switch (status) {
    case 'declined':
    case 'canceled':
    case 'expired':
    case 'failed':
      return true;
    case 'created':
    case 'requires_customer':
    case 'requires_amount':
    case 'processing':
    case 'succeeded':
    case 'unknown':
      return false;
  }
}
