/**
 * The life of one purchase (Kaspi QR v3.9 §4.6.3, §6.4), computed from time stamps when somebody asks, so that
 * no timer runs per purchase:
 *
 *   QrTokenCreated --scan--> Wait --confirm--> Processed
 *        |   \                 |  \
 *        |    '--scanerror--.  |   '--confirmerror--> Error
 *        '--scan timer--> dead '--confirmation timer--> dead --cancelLagMs--> Error
 *
 * ASSUMPTION: a dead purchase shows its old status for `cancelLagMs` and `Error` from then on. The document says only
 * that the bank cancels at the end of both stages, not which status is shown afterwards.
 *
 * An invoice to a phone has one stage of its own (§8):
 *
 *   RemotePaymentCreated --pay--> Processed, --reject--> Error, --cancel--> RemotePaymentCanceled, --timer--> Expired
 *
 * ASSUMPTION: a rejected invoice is `Error` ("cancelled by the buyer"), one whose time is over is `Expired`.
 */
export type PurchaseStatus =
  'QrTokenCreated' | 'Wait' | 'Processed' | 'Error' | 'RemotePaymentCreated' | 'RemotePaymentCanceled' | 'Expired';

/** `pay_late` stands for money that arrives after the token's life is over; `cancel` is the seller's. */
export type BuyerStep = 'scan' | 'confirm' | 'scanerror' | 'confirmerror' | 'pay_late' | 'pay' | 'reject' | 'cancel';

export interface PlannedStep {
  readonly atMs: number;
  readonly step: BuyerStep;
}

export interface LifeRules {
  readonly createdAtMs: number;
  readonly scanWaitMs: number;
  readonly confirmWaitMs: number;
  readonly cancelLagMs: number;
}

export interface PurchaseLife {
  readonly status: PurchaseStatus;
  readonly sinceMs: number;
  /** When a timer cancelled the purchase; null while it lives or when it ended otherwise. */
  readonly deadAtMs: number | null;
  /** What the buyer will do, in order of time. Steps that do not fit when their time comes are dropped. */
  readonly plan: readonly PlannedStep[];
}

export interface Transition {
  readonly atMs: number;
  readonly status: PurchaseStatus;
  readonly deadAtMs: number | null;
}

const FROM: Record<BuyerStep, readonly PurchaseStatus[]> = {
  scan: ['QrTokenCreated'],
  scanerror: ['QrTokenCreated'],
  confirm: ['Wait'],
  confirmerror: ['Wait'],
  pay_late: ['QrTokenCreated', 'Wait'],
  pay: ['RemotePaymentCreated'],
  reject: ['RemotePaymentCreated'],
  cancel: ['RemotePaymentCreated'],
};

const TO: Record<BuyerStep, PurchaseStatus> = {
  scan: 'Wait',
  scanerror: 'Error',
  confirm: 'Processed',
  confirmerror: 'Error',
  pay_late: 'Processed',
  pay: 'Processed',
  reject: 'Error',
  cancel: 'RemotePaymentCanceled',
};

const NOTHING_DUE: readonly Transition[] = [];

const OPEN: readonly PurchaseStatus[] = ['QrTokenCreated', 'Wait', 'RemotePaymentCreated'];

export function isFinal(status: PurchaseStatus): boolean {
  return !OPEN.includes(status);
}

export function stepFits(life: PurchaseLife, step: BuyerStep): boolean {
  return life.deadAtMs === null && FROM[step].includes(life.status);
}

/** The transition that a step makes at a moment, or undefined where the step does not fit the status. */
export function transitionOf(life: PurchaseLife, step: BuyerStep, atMs: number): Transition | undefined {
  if (!stepFits(life, step)) return undefined;
  return { atMs: Math.max(atMs, life.sinceMs), status: TO[step], deadAtMs: null };
}

export function applyTransition(life: PurchaseLife, transition: Transition): PurchaseLife {
  const final = isFinal(transition.status);
  const died = transition.deadAtMs !== null && !final;
  return {
    status: transition.status,
    sinceMs: died ? life.sinceMs : transition.atMs,
    deadAtMs: transition.deadAtMs,
    plan: final || died ? [] : life.plan,
  };
}

/** Every transition that is due at `nowMs`, oldest first; empty when nothing has happened since the last look. */
export function dueTransitions(life: PurchaseLife, rules: LifeRules, nowMs: number): readonly Transition[] {
  // All open purchases are looked at every second, and nothing has happened to nearly all of them.
  let found = nextTransition(life, rules, nowMs);
  if (found === undefined) return NOTHING_DUE;
  const due: Transition[] = [];
  let current = life;
  while (found !== undefined) {
    due.push(found);
    current = applyTransition(current, found);
    found = nextTransition(current, rules, nowMs);
  }
  return due;
}

function nextTransition(life: PurchaseLife, rules: LifeRules, nowMs: number): Transition | undefined {
  if (isFinal(life.status)) return undefined;
  if (life.deadAtMs !== null) {
    const buriedAtMs = life.deadAtMs + rules.cancelLagMs;
    return buriedAtMs <= nowMs ? { atMs: buriedAtMs, status: 'Error', deadAtMs: life.deadAtMs } : undefined;
  }
  const timerAtMs = endOfStageMs(life, rules);
  for (const planned of life.plan) {
    if (planned.atMs >= timerAtMs || planned.atMs > nowMs) break;
    // A step whose time has passed without fitting is gone; the buyer does not come back with it.
    if (planned.atMs < life.sinceMs) continue;
    const transition = transitionOf(life, planned.step, planned.atMs);
    if (transition !== undefined) return transition;
  }
  if (timerAtMs > nowMs) return undefined;
  if (life.status === 'RemotePaymentCreated') return { atMs: timerAtMs, status: 'Expired', deadAtMs: null };
  return { atMs: timerAtMs, status: life.status, deadAtMs: timerAtMs };
}

function endOfStageMs(life: PurchaseLife, rules: LifeRules): number {
  // Money that comes late comes to a purchase that the bank did not cancel.
  if (life.plan.some((planned) => planned.step === 'pay_late')) return Number.POSITIVE_INFINITY;
  return life.status === 'Wait' ? life.sinceMs + rules.confirmWaitMs : rules.createdAtMs + rules.scanWaitMs;
}
