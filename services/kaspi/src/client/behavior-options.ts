/**
 * How the bank wants to be asked about a purchase or a refund code, under each of its names (Kaspi QR v3.9 §4.3.1, §4.3.2,
 * §3.4.1). All schemas here expect names already in lower case (`caseInsensitive`).
 */
import { z } from 'zod';

/** How the bank wants to be asked about one purchase, in whole seconds. */
export interface BehaviorOptions {
  readonly statusPollingIntervalSeconds: number;
  /** How long to wait for the scan, counted from the create answer. */
  readonly scanWaitTimeoutSeconds: number;
  /** How long to wait for the confirmation, counted from the first `Wait`. */
  readonly confirmationTimeoutSeconds: number;
}

interface SecondsBounds {
  readonly max: number;
  readonly absent: number;
}

const HOUR = 3_600;
const DAY = 86_400;

// What the bank sends is obeyed; the values of every sample in the document stand in for what is absent or no number.
// ASSUMPTION: no code waits longer than a day, as invoices do, and none is asked about less often than every hour. A link
// that we gave up sooner than the bank does could still be paid, so anything longer is cut there and not replaced.
const POLLING: SecondsBounds = { max: HOUR, absent: 5 };
const SCAN_WAIT: SecondsBounds = { max: DAY, absent: 180 };
const CONFIRMATION: SecondsBounds = { max: DAY, absent: 65 };

function boundedSeconds(value: unknown, bounds: SecondsBounds): number {
  const asNumber = typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
  const seconds = typeof asNumber === 'bigint' ? Number(asNumber) : asNumber;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return bounds.absent;
  return Math.min(bounds.max, Math.ceil(seconds));
}

const optionFields = z
  .object({
    statuspollinginterval: z.unknown().optional(),
    qrcodescanwaittimeout: z.unknown().optional(),
    linkactivationwaittimeout: z.unknown().optional(),
    paymentconfirmationtimeout: z.unknown().optional(),
  })
  .partial();

/** Reads the options of a purchase whatever they are; nonsense gives the defaults, never an error. */
export function behaviorOptions(value: unknown): BehaviorOptions {
  const fields = optionFields.safeParse(value).data ?? {};
  return {
    statusPollingIntervalSeconds: boundedSeconds(fields.statuspollinginterval, POLLING),
    scanWaitTimeoutSeconds: boundedSeconds(fields.qrcodescanwaittimeout ?? fields.linkactivationwaittimeout, SCAN_WAIT),
    confirmationTimeoutSeconds: boundedSeconds(fields.paymentconfirmationtimeout, CONFIRMATION),
  };
}

/** How the bank wants to be asked about one refund code, in whole seconds. */
export interface ReturnOptions {
  readonly statusPollingIntervalSeconds: number;
  /** How long to wait for the buyer's scan, counted from the create answer. */
  readonly scanWaitTimeoutSeconds: number;
}

const returnOptionFields = z
  .object({
    qrcodescaneventpollinginterval: z.unknown().optional(),
    qrcodescanwaittimeout: z.unknown().optional(),
  })
  .partial();

/** The same for a refund code, where the interval has another name. */
export function returnOptions(value: unknown): ReturnOptions {
  const fields = returnOptionFields.safeParse(value).data ?? {};
  return {
    statusPollingIntervalSeconds: boundedSeconds(fields.qrcodescaneventpollinginterval, POLLING),
    scanWaitTimeoutSeconds: boundedSeconds(fields.qrcodescanwaittimeout, SCAN_WAIT),
  };
}
