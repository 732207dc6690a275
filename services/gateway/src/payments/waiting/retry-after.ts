import type { PaymentStatus } from '@tolem/domain';

/** After how many seconds a client that does not wait should ask again, by how soon the next change is likely. */
const ASK_AGAIN_S: Readonly<Record<PaymentStatus, number | undefined>> = {
  created: 1,
  requires_customer: 2,
  requires_amount: 2,
  processing: 1,
  unknown: 5,
  succeeded: undefined,
  declined: undefined,
  canceled: undefined,
  expired: undefined,
  failed: undefined,
};

/** The header for an answer that shows this status; none for a final one. */
export function retryAfter(status: PaymentStatus): Record<string, string> {
  const seconds = ASK_AGAIN_S[status];
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}
