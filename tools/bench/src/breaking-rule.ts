import type { Percentiles } from './percentiles.ts';

/** One step of a rising rate, as far as the decision needs it. */
export interface StepOutcome {
  /** Payments per second that arrived. */
  rate: number;
  sent: number;
  ok: number;
  errors: number;
  firstError: string | null;
  /** How late the load generator was at worst. */
  generatorLateMs: number;
  createToQrMs: Percentiles | null;
  /** From the till's first byte to its last. */
  lifeMs: Percentiles | null;
  /** Arrivals were left out because too many payments were under way. */
  overflowed: boolean;
}

export const MOST_LATE_MS = 1_000;
const MOST_CREATE_TO_QR_P99_MS = 1_000;
/** The buyer confirms after 1.5 s and the bank is asked once a second, so that the money is seen by then. */
const SLOWEST_HONEST_LIFE_MS = 1_500 + 1_000;

/** Why a step is not good any more; empty for a good one. */
export function brokenBy(step: StepOutcome): string[] {
  const reasons: string[] = [];
  if (step.errors > 0) reasons.push(`${step.errors} errors, the first: ${step.firstError ?? 'unknown'}`);
  if (step.overflowed) reasons.push('more payments were under way than a run keeps');
  if (step.ok + step.errors < step.sent) reasons.push(`${step.sent - step.ok - step.errors} payments never ended`);
  if (step.generatorLateMs > MOST_LATE_MS) {
    reasons.push(`the load generator was ${Math.round(step.generatorLateMs)} ms late`);
  }
  const qr = step.createToQrMs?.p99 ?? 0;
  if (qr > MOST_CREATE_TO_QR_P99_MS) reasons.push(`p99 of create to QR was ${Math.round(qr)} ms`);
  const behindMs = (step.lifeMs?.p99 ?? 0) - SLOWEST_HONEST_LIFE_MS;
  if (behindMs > MOST_LATE_MS) reasons.push(`the house was ${Math.round(behindMs)} ms behind (p99)`);
  return reasons;
}
