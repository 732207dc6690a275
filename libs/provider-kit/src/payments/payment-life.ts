import type { Failure } from '@tolem/contracts';
import { canMove, isOpen, type PaymentStatus } from '@tolem/domain';
import type { PaymentPicture, PaymentRecord, WaitingUntil } from './payment-picture.ts';
import type { AskedForOnly, StartOutcome, Waiting } from './payment-method.ts';

/**
 * The life of a payment as the provider's side sees it: pure decisions, no clock, no database. Here is what its start, its
 * end and a cancel make of it; what the provider's answers do stands in `judge-payment.ts`.
 */

/** The provider has taken the payment in. */
export function started(
  picture: PaymentPicture,
  outcome: Extract<StartOutcome, { is: 'started' }>,
  now: number,
): PaymentPicture {
  const until = now + outcome.waiting.customerWithinMs;
  return {
    // A call in doubt may have been shown as unknown already: from there a payment only ends, it does not begin again.
    phase: canMove(picture.phase, 'requires_customer') ? 'requires_customer' : picture.phase,
    providerRef: outcome.providerRef,
    lookAt: until,
    lookStep: 0,
    record: {
      ...picture.record,
      nextAction:
        outcome.nextAction === null ? null : { ...outcome.nextAction, expires_at: new Date(until).toISOString() },
      paymentMethods: outcome.paymentMethods,
      ...(isAskedForOnly(outcome.waiting)
        ? { waiting: null, askedForOnly: true }
        : { waiting: waitingUntil(outcome.waiting, until) }),
    },
  };
}

function waitingUntil(waiting: Waiting, until: number): WaitingUntil {
  return { intervalMs: waiting.intervalMs, confirmWithinMs: waiting.confirmWithinMs, until };
}

function isAskedForOnly(waiting: Waiting | AskedForOnly): waiting is AskedForOnly {
  return 'is' in waiting;
}

/** The payment ends before the provider ever had it. */
export function ended(picture: PaymentPicture, phase: 'failed' | 'canceled', failure: Failure | null): PaymentPicture {
  return {
    ...picture,
    phase,
    lookAt: null,
    lookStep: 0,
    record: { ...picture.record, nextAction: null, waiting: null, failure, cancel: cancelAtEnd(picture.record, phase) },
  };
}

/** A call that must happen once got no answer, and reading did not show what became of it. */
export function inDoubt(picture: PaymentPicture, failure: Failure): PaymentPicture {
  return { ...picture, phase: 'unknown', lookAt: null, record: { ...picture.record, failure, evidence: 'inferred' } };
}

/** A cancel is a request: what became of it shows at the end. */
export function cancelAtEnd(record: PaymentRecord, phase: PaymentStatus): PaymentRecord['cancel'] {
  if (record.cancel === null && phase !== 'canceled') return null;
  return { result: phase === 'succeeded' ? 'refused' : 'done' };
}

/** What a cancel changes for a payment that the provider has; null where it changes nothing. */
export function cancelRequested(picture: PaymentPicture): PaymentPicture | null {
  if (picture.record.cancel !== null) return null;
  if (isOpen(picture.phase)) return { ...picture, record: { ...picture.record, cancel: { result: 'pending' } } };
  if (picture.phase === 'succeeded')
    return { ...picture, record: { ...picture.record, cancel: { result: 'not_possible' } } };
  return null;
}

/** Whether others have to hear of a change: the timetable alone is nobody's business. */
export function isNews(before: PaymentPicture, after: PaymentPicture): boolean {
  return (
    before.phase !== after.phase ||
    before.providerRef !== after.providerRef ||
    JSON.stringify({ ...before.record, waiting: null }) !== JSON.stringify({ ...after.record, waiting: null })
  );
}
