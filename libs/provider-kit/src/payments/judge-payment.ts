import { canMove, isFinal, isOpen } from '@tolem/domain';
import { failureOf } from '../failure-of.ts';
import { cancelAtEnd } from './payment-life.ts';
import type { CheckOutcome } from './payment-method.ts';
import type { PaymentPicture, Timetable, WaitingUntil } from './payment-picture.ts';

/**
 * What the provider's answers make of a payment: pure decisions, no clock, no database. A payment is asked about until
 * the provider says how it ended or its time is over, once more at that end, and then now and then, because money may
 * still arrive late.
 */

const AMOUNT_MISMATCH = 'amount_mismatch';
/** From the third re-check in vain on (architecture §10). */
const ALARM_FROM_STEP = 3;
/** Questions beyond the timetable of the watch while nobody answers. */
const MAX_EXTRA_LOOKS = 48;
/** Questions about a payment that is asked about only on request, when the one at its end found nobody. */
const MAX_LOOKS_AT_END = 5;

/** What to do after an answer: ask again later without telling anybody, or write news. */
export type Decision =
  | {
      readonly do: 'ask_again';
      readonly at: number;
      readonly seen: 'processing' | null;
      readonly waiting: WaitingUntil | null;
    }
  | { readonly do: 'write'; readonly next: PaymentPicture; readonly alarm: string | null };

/**
 * Judges an answer to "how is this payment?".
 * @param askedAt when the question left; only a question that left after the time was over can end a payment
 * @param waiting the newest plan of an open payment, which may be younger than the record's: the buyer's first step
 *   moves the deadline without a write
 */
export function judge(
  picture: PaymentPicture,
  waiting: WaitingUntil | null,
  outcome: CheckOutcome,
  askedAt: number,
  now: number,
  timetable: Timetable,
  seenProcessing: boolean,
): Decision {
  if (picture.phase === 'succeeded') return unasked(picture);
  // The provider once said that another amount was paid: only the right one may undo that, or a person.
  if (isMismatched(picture) && outcome.is !== 'paid') return unasked(picture);
  switch (outcome.is) {
    case 'paid':
      return paid(picture, outcome);
    case 'not_paid':
      return notPaid(picture, outcome, waiting, now);
    case 'pending':
      if (isFinal(picture.phase)) return lookLater(picture, now, timetable, true);
      return stillPending(picture, waiting, outcome.phase, askedAt, now, timetable, seenProcessing);
    case 'unreachable':
      if (isFinal(picture.phase)) return lookLater(picture, now, timetable, false);
      return notHeard(picture, waiting, askedAt, now, timetable);
  }
}

/**
 * Judges an answer that a person asked for. Only news counts: it moves no timer, and ends no payment that merely was not
 * heard or is not paid yet. Null where nothing is new.
 */
export function judgeAsked(
  picture: PaymentPicture,
  outcome: CheckOutcome,
  askedAt: number,
  now: number,
  timetable: Timetable,
): PaymentPicture | null {
  // Of a payment that is asked about on request alone "still pending" settles nothing: nobody would look for its money.
  const settlesDoubt =
    picture.phase === 'unknown' &&
    picture.record.askedForOnly !== true &&
    outcome.is === 'pending' &&
    outcome.phase !== 'unchanged';
  if (picture.phase === 'succeeded') return null;
  if ((outcome.is === 'pending' && !settlesDoubt) || outcome.is === 'unreachable') return null;
  const waiting = isOpen(picture.phase) ? picture.record.waiting : null;
  const decision = judge(picture, waiting, outcome, askedAt, now, timetable, true);
  return decision.do === 'write' ? decision.next : null;
}

function unasked(picture: PaymentPicture): Decision {
  return { do: 'write', alarm: null, next: { ...picture, lookAt: null } };
}

function isMismatched(picture: PaymentPicture): boolean {
  return picture.phase === 'unknown' && picture.record.failure?.code === AMOUNT_MISMATCH;
}

function paid(picture: PaymentPicture, outcome: Extract<CheckOutcome, { is: 'paid' }>): Decision {
  const { record } = picture;
  if (outcome.amountMinor !== undefined && record.amountMinor !== null && outcome.amountMinor !== record.amountMinor) {
    return {
      do: 'write',
      alarm: `the provider says that ${outcome.amountMinor} was paid where ${record.amountMinor} was asked`,
      next: {
        ...picture,
        phase: canMove(picture.phase, 'unknown') ? 'unknown' : picture.phase,
        lookAt: null,
        record: {
          ...record,
          nextAction: null,
          waiting: null,
          failure: failureOf(AMOUNT_MISMATCH, 'unknown_ask_admin'),
        },
      },
    };
  }
  return {
    do: 'write',
    alarm: null,
    next: {
      ...picture,
      phase: 'succeeded',
      lookAt: null,
      record: {
        ...record,
        nextAction: null,
        waiting: null,
        failure: null,
        slip: outcome.slip ?? record.slip,
        cancel: cancelAtEnd(record, 'succeeded'),
      },
    },
  };
}

function notPaid(
  picture: PaymentPicture,
  outcome: Extract<CheckOutcome, { is: 'not_paid' }>,
  waiting: WaitingUntil | null,
  now: number,
): Decision {
  // After a local end the provider only confirms it: nobody needs to ask any more.
  if (isFinal(picture.phase)) return unasked(picture);
  // The provider ends a purchase by itself when its timer runs out, up to one interval before our clock says so.
  const ranOut = waiting !== null && now >= waiting.until - waiting.intervalMs;
  const phase = outcome.phase === 'declined' && ranOut ? 'expired' : outcome.phase;
  return {
    do: 'write',
    alarm: null,
    next: {
      ...picture,
      phase,
      lookAt: null,
      record: {
        ...picture.record,
        nextAction: null,
        waiting: null,
        failure: phase === 'expired' ? null : outcome.failure,
        cancel: cancelAtEnd(picture.record, phase),
      },
    },
  };
}

function stillPending(
  picture: PaymentPicture,
  waiting: WaitingUntil | null,
  phase: 'requires_customer' | 'processing' | 'unchanged',
  askedAt: number,
  now: number,
  timetable: Timetable,
  seenProcessing: boolean,
): Decision {
  if (waiting !== null) {
    const firstSeen = phase === 'processing' && !seenProcessing;
    const plan = firstSeen ? { ...waiting, until: now + waiting.confirmWithinMs } : waiting;
    const lastQuestionAt = plan.until + timetable.graceMs;
    if (firstSeen || (picture.phase !== 'unknown' && askedAt < lastQuestionAt)) {
      // Never sooner than the provider allows: the last question leaves up to one interval after the time is over.
      return { do: 'ask_again', at: now + plan.intervalMs, seen: firstSeen ? 'processing' : null, waiting: plan };
    }
  }
  // An answer that nobody understands says nothing about money, not even at the end.
  if (phase === 'unchanged') return unheard(picture, now, timetable);
  return { do: 'write', alarm: null, next: expired(picture, now, timetable) };
}

/** The time is over and the provider, asked after that, still says "pending". Late money stays possible. */
function expired(picture: PaymentPicture, now: number, timetable: Timetable): PaymentPicture {
  return {
    ...picture,
    phase: 'expired',
    // What the provider has taken back at its end can no longer be paid, and no timer may ask about it.
    lookAt: picture.record.askedForOnly === true ? null : now + (timetable.lookAfterEndMs[0] ?? 0),
    lookStep: 0,
    record: {
      ...picture.record,
      nextAction: null,
      waiting: null,
      evidence: 'inferred',
      cancel: cancelAtEnd(picture.record, 'expired'),
    },
  };
}

function notHeard(
  picture: PaymentPicture,
  waiting: WaitingUntil | null,
  askedAt: number,
  now: number,
  timetable: Timetable,
): Decision {
  if (picture.phase !== 'unknown' && waiting !== null && askedAt < waiting.until + timetable.graceMs) {
    return { do: 'ask_again', at: now + waiting.intervalMs, seen: null, waiting };
  }
  return unheard(picture, now, timetable);
}

/** The time is over and nobody knows: asked about until somebody does. */
function unheard(picture: PaymentPicture, now: number, timetable: Timetable): Decision {
  const step = picture.phase === 'unknown' ? picture.lookStep + 1 : 0;
  const schedule = timetable.lookWhileUnknownMs;
  const afterMs = schedule[Math.min(step, schedule.length - 1)] ?? 3_600_000;
  const isEnough = picture.record.askedForOnly === true && step >= MAX_LOOKS_AT_END;
  return {
    do: 'write',
    alarm: step >= ALARM_FROM_STEP ? `a payment could not be asked about, ${step} times after its time was over` : null,
    next: {
      ...picture,
      phase: 'unknown',
      lookAt: isEnough ? null : now + afterMs,
      lookStep: step,
      record: { ...picture.record, nextAction: null, waiting: null, evidence: 'inferred' },
    },
  };
}

/** The watch ends with an answer; where the last question found nobody, it goes on for a while. */
function lookLater(picture: PaymentPicture, now: number, timetable: Timetable, answered: boolean): Decision {
  if (picture.record.askedForOnly === true) return unasked(picture);
  const step = picture.lookStep + 1;
  const { lookAfterEndMs, lookWhileUnknownMs } = timetable;
  const extra = !answered && step < lookAfterEndMs.length + MAX_EXTRA_LOOKS ? lookWhileUnknownMs.at(-1) : undefined;
  const afterMs = lookAfterEndMs[step] ?? extra;
  return {
    do: 'write',
    alarm: null,
    next: { ...picture, lookStep: step, lookAt: afterMs === undefined ? null : now + afterMs },
  };
}
