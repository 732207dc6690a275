import { pauseAfter, retryAfterMs } from './retry-plan.ts';
import type { SendError, SendOutcome } from './webhook-sender.ts';

/** What becomes of a delivery after an attempt. */
export interface DeliveryOutcome {
  /** `gone`: failed, and the endpoint wants nothing more. `released`: not counted as an attempt. */
  readonly outcome: 'delivered' | 'retry' | 'failed' | 'gone' | 'released';
  readonly status: number | null;
  readonly error: Exclude<SendError, 'aborted'> | 'http_status' | 'redirect' | null;
  /** Until the next attempt. */
  readonly wait_ms: number;
}

/** Nothing was tried, or nothing that says something about the endpoint. */
export function released(waitMs = 0): DeliveryOutcome {
  return { outcome: 'released', status: null, error: null, wait_ms: waitMs };
}

/**
 * 2xx is delivered, 410 means never again, all else is tried again as long as there are attempts: a 4xx is a mistake that its
 * owner may mend within the three days.
 * @param attempt the one that was made, counted from 1
 * @param random from 0 to 1
 */
export function deliveryOutcome(sent: SendOutcome, attempt: number, random: number, nowMs: number): DeliveryOutcome {
  if (sent.kind === 'failed') {
    return sent.error === 'aborted' ? released() : again(null, sent.error, pauseAfter(attempt, random));
  }
  const { status } = sent;
  if (status >= 200 && status < 300) return { outcome: 'delivered', status, error: null, wait_ms: 0 };
  if (status === 410) return { outcome: 'gone', status, error: 'http_status', wait_ms: 0 };
  const isRedirect = status >= 300 && status < 400;
  const pause = pauseAfter(attempt, random, retryAfterMs(sent.retryAfter, nowMs));
  return again(status, isRedirect ? 'redirect' : 'http_status', pause);
}

function again(status: number | null, error: DeliveryOutcome['error'], pauseMs: number | undefined): DeliveryOutcome {
  return pauseMs === undefined
    ? { outcome: 'failed', status, error, wait_ms: 0 }
    : { outcome: 'retry', status, error, wait_ms: pauseMs };
}
