const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses after the first to the eleventh attempt that failed; together 3 days. */
const PAUSES_MS = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
  25 * HOUR + 20 * MINUTE,
] as const;

export const MAX_ATTEMPTS = PAUSES_MS.length + 1;
/** A receiver that names its own time is believed so far. */
const MAX_RETRY_AFTER_MS = HOUR;
/** Up to so much longer, so that what failed together does not come back together. */
const JITTER = 0.1;

/**
 * How long to wait after an attempt that failed; undefined after the last one.
 * @param attempt counted from 1
 * @param random from 0 to 1
 * @param retryAfterMs what the receiver asked for
 */
export function pauseAfter(attempt: number, random: number, retryAfterMs = 0): number | undefined {
  const pause = PAUSES_MS[attempt - 1];
  if (pause === undefined) return undefined;
  return Math.max(Math.round(pause * (1 + JITTER * random)), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}

/** The header `Retry-After` (RFC 9110 §10.2.3), seconds or a date, in milliseconds from now; 0 for none or nonsense. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs);
}
