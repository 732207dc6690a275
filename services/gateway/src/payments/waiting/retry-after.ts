import { methodNamed } from '@tolem/contracts';
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

/** Seconds between two questions to a provider about one payment, however many people want to know. */
export const REFRESH_EVERY_S = 10;

/** The header for an answer that shows this payment; none for a final one. */
export function retryAfter(row: {
  readonly status: PaymentStatus;
  readonly method: string | null;
}): Record<string, string> {
  const seconds = ASK_AGAIN_S[row.status];
  if (seconds === undefined) return {};
  // Where nobody asks by the clock nothing changes until somebody refreshes; the start itself is as quick as any.
  const isIdle =
    row.status !== 'created' && row.method !== null && methodNamed(row.method)?.method.refreshOnly === true;
  return { 'retry-after': String(isIdle ? Math.max(seconds, REFRESH_EVERY_S) : seconds) };
}
