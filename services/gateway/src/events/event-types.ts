import { PAYMENT_STATUSES, REFUND_STATUSES } from '@tolem/domain';

/** Everything that can happen; additions are possible at any time, so readers ignore what they do not know. */
export const EVENT_TYPES = [
  ...PAYMENT_STATUSES.map((status) => `payment.${status}` as const),
  'payment.updated',
  'payment.imported',
  'payment.late',
  'payment.duplicate',
  ...REFUND_STATUSES.map((status) => `refund.${status}` as const),
  'refund.updated',
  'attention.opened',
  'attention.closed',
  'certificate.expiring',
  'webhook_endpoint.disabled',
  'test',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
