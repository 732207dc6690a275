import type { Failure } from '@tolem/contracts';
import { isFinal } from '@tolem/domain';
import { failureOf } from '../failure-of.ts';
import { type Decision, judge } from './judge-payment.ts';
import type { CancelOutcome, CheckOutcome } from './payment-method.ts';
import type { PaymentPicture, Timetable } from './payment-picture.ts';

/**
 * Judges the one question at the end of a payment that no timer asked about, which came after the provider was told to
 * forget it. An end that the provider states decides. "Still pending" ends it only where the provider has taken it back:
 * else the buyer may pay it yet and nobody would ask, so it is unknown and a person must look.
 * @param gaveUp undefined where the method cannot give a payment up
 */
export function judgeEndOfTime(
  picture: PaymentPicture,
  gaveUp: CancelOutcome | undefined,
  outcome: CheckOutcome,
  askedAt: number,
  now: number,
  timetable: Timetable,
): Decision {
  const decision = judge(picture, null, outcome, askedAt, now, timetable, true);
  if (gaveUp?.is === 'done' || outcome.is !== 'pending' || isFinal(picture.phase)) return decision;
  if (decision.do !== 'write' || decision.next.phase !== 'expired') return decision;
  return {
    do: 'write',
    alarm: 'the time of a payment is over and it could not be taken back: it may still be paid',
    next: {
      ...picture,
      phase: 'unknown',
      // One question is what the provider allows for it; what comes later a person has to find out.
      lookAt: null,
      record: {
        ...picture.record,
        nextAction: null,
        waiting: null,
        evidence: 'inferred',
        failure: notTakenBack(gaveUp),
      },
    },
  };
}

/** Our own word for what that means, with the provider's words for why. */
function notTakenBack(gaveUp: Exclude<CancelOutcome, { is: 'done' }> | undefined): Failure {
  const failure = failureOf('not_taken_back', 'unknown_ask_admin');
  if (gaveUp === undefined) return failure;
  const { provider_code, provider_message } = gaveUp.failure;
  return { ...failure, provider_code, provider_message };
}
