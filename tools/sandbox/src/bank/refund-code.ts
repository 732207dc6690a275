import type { LedgerCall } from './ledger-row.ts';

/**
 * The life of a refund code (Kaspi QR v3.9 §3.4.1 to §3.4.3, Appendix 5; kaspi-qr.md §7), scheme 2 only:
 *
 *   QrTokenCreated --the buyer scans--> CustomerIdentityObtained --not used in time--> Error
 *        '--scan timer, cancelLagMs--> Error
 *
 * ASSUMPTION: a scanned code serves one refund within `RETURN_USE_MS`; afterwards it shows `Error`. A used one goes
 * on showing `CustomerIdentityObtained` until then.
 */
export type RefundCodeStatus = 'QrTokenCreated' | 'CustomerIdentityObtained' | 'Error';

export const RETURN_USE_MS = 300_000;

export interface RefundCode {
  readonly id: number;
  readonly bin: string;
  readonly tradePointId: number;
  readonly externalId: string | null;
  readonly atMs: number;
  readonly scanWaitMs: number;
  readonly cancelLagMs: number;
  readonly pollIntervalMs: number;
  /** When the autopilot's buyer scans it; null when nobody will. */
  plannedScanAtMs: number | null;
  status: RefundCodeStatus;
  sinceMs: number;
  buyer: string | null;
  /** The refund that it was used for. */
  refundId: number | null;
  seq: number;
  /** Somebody has asked about it, so it stands on a screen. */
  asked: boolean;
  readonly saidStatuses: Set<string>;
  readonly calls: LedgerCall[];
}

export interface CodeTransition {
  readonly atMs: number;
  readonly status: Exclude<RefundCodeStatus, 'QrTokenCreated'>;
}

/** What time alone has done to a code since its last change, undefined for nothing. */
export function dueCodeTransition(code: RefundCode, nowMs: number): CodeTransition | undefined {
  if (code.status === 'CustomerIdentityObtained') return ended(code.sinceMs + RETURN_USE_MS, nowMs);
  if (code.status === 'Error') return undefined;
  const deadAtMs = code.atMs + code.scanWaitMs;
  const { plannedScanAtMs: scanAtMs } = code;
  if (code.asked && scanAtMs !== null && scanAtMs <= nowMs && scanAtMs < deadAtMs) {
    return { atMs: scanAtMs, status: 'CustomerIdentityObtained' };
  }
  return ended(deadAtMs + code.cancelLagMs, nowMs);
}

export function canBeScanned(code: RefundCode, nowMs: number): boolean {
  return code.status === 'QrTokenCreated' && nowMs < code.atMs + code.scanWaitMs;
}

function ended(atMs: number, nowMs: number): CodeTransition | undefined {
  return atMs <= nowMs ? { atMs, status: 'Error' } : undefined;
}

/** Scanned, still good, and not used for a refund yet. */
export function canBeUsed(code: RefundCode): boolean {
  return code.status === 'CustomerIdentityObtained' && code.refundId === null;
}
