/**
 * The whole life of a refund in one table, as that of a payment: everything that moves a refund asks here, the database
 * included. Unlike a payment's, every end of a refund is final: what was reserved for it is spent or given back by then,
 * so a fact that contradicts it is for a person.
 */

export const REFUND_STATUSES = [
  'pending',
  'requires_customer',
  'processing',
  'succeeded',
  'failed',
  'canceled',
  'unknown',
] as const;

export type RefundStatus = (typeof REFUND_STATUSES)[number];

/** From → to. A status never moves to itself; a new step of the same status (another `next_action`) is no move. */
export const REFUND_TRANSITIONS: Readonly<Record<RefundStatus, readonly RefundStatus[]>> = {
  pending: ['requires_customer', 'processing', 'succeeded', 'failed', 'canceled', 'unknown'],
  requires_customer: ['processing', 'succeeded', 'failed', 'canceled', 'unknown'],
  // Money may be on its way: a cancel comes too late.
  processing: ['succeeded', 'failed', 'unknown'],
  unknown: ['succeeded', 'failed'],
  succeeded: [],
  failed: [],
  canceled: [],
};

export function refundCanMove(from: RefundStatus, to: RefundStatus): boolean {
  return REFUND_TRANSITIONS[from].includes(to);
}

/** Ended: what was reserved for it is spent or given back. `unknown` is no end and keeps its reservation. */
export function isFinalRefund(status: RefundStatus): boolean {
  return REFUND_TRANSITIONS[status].length === 0;
}
