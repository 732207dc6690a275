import { PAYMENT_STATUSES } from '@tolem/domain';

/** Everything that can happen; additions are possible at any time, so readers ignore what they do not know. */
export const EVENT_TYPES = [
  ...PAYMENT_STATUSES.map((status) => `payment.${status}` as const),
  'payment.updated',
  'payment.late',
  'payment.duplicate',
  'attention.opened',
  'attention.closed',
  'webhook_endpoint.disabled',
  'test',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
