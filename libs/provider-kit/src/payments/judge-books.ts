import type { VerifiedPaid } from './payment-method.ts';
import type { PaymentPicture, Timetable } from './payment-picture.ts';

/** Questions about what was really paid, while nobody answers them. */
const MAX_VERIFICATIONS = 5;

/** A payment whose money has just come and whose method can tell what was really paid: that is asked once, soon. */
export function toVerify(before: PaymentPicture, after: PaymentPicture, now: number): PaymentPicture {
  return before.phase !== 'succeeded' && after.phase === 'succeeded' ? { ...after, lookAt: now, lookStep: 0 } : after;
}

/** What a look into the provider's books makes of a payment. */
export interface Verdict {
  readonly next: PaymentPicture;
  readonly alarm: string | null;
  /** The books could not be read so often that nobody tries any more. */
  readonly isGivenUp: boolean;
}

/** What the provider's books say of a payment that succeeded. It stays so; what differs is told, for a person to look at. */
export function judgeVerified(
  picture: PaymentPicture,
  outcome: VerifiedPaid,
  now: number,
  timetable: Timetable,
): Verdict {
  if (outcome.is === 'unreachable' || outcome.is === 'device_unknown') {
    const step = picture.lookStep + 1;
    const waits = timetable.lookWhileUnknownMs;
    const afterMs = step >= MAX_VERIFICATIONS ? undefined : waits[Math.min(step - 1, waits.length - 1)];
    const isGivenUp = afterMs === undefined;
    const alarm = isGivenUp ? `nobody could be asked what was really paid, ${step} times` : null;
    const next = { ...picture, lookStep: step, lookAt: isGivenUp ? null : now + afterMs };
    return { next, alarm, isGivenUp };
  }
  const done = { ...picture, lookAt: null };
  if (outcome.is === 'not_offered') return { next: done, alarm: null, isGivenUp: false };
  const { providerRef, amountMinor } = outcome;
  const amountFits = picture.record.amountMinor === null || picture.record.amountMinor === amountMinor;
  if (amountFits && providerRef === picture.providerRef) return { next: done, alarm: null, isGivenUp: false };
  return {
    isGivenUp: false,
    next: { ...done, record: { ...picture.record, booked: { providerRef, amountMinor } } },
    alarm: `the provider's books say that ${amountMinor} was paid under ${providerRef} where ${picture.record.amountMinor} was asked under ${picture.providerRef}`,
  };
}
