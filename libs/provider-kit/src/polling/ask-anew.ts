import type { PollClaim } from '@tolem/coordination';
import { judged } from '../payments/ask-payment.ts';
import { aboutTaken } from '../payments/about-taken.ts';
import { judgeEndOfTime } from '../payments/end-of-time.ts';
import { type Asking, withSlot } from './asking.ts';
import type { Access, Call } from '../call.ts';
import { callOf as callTo, requestIdOf } from '../operations/operation.ts';
import { judgeVerified, type Verdict } from '../payments/judge-books.ts';
import type { PaymentMethod } from '../payments/payment-method.ts';
import { methodOf } from '../payments/payment-start-call.ts';
import { reportVerdict } from '../payments/verify-paid.ts';
import { abandoned } from '../refunds/refund-life.ts';
import type { PaymentSubject } from '../subject.ts';

/**
 * What is rare enough to be read from its row at its time: the end of a payment that no timer asked about, what was
 * really paid, and a choice that nobody made.
 */
export async function askAnew(asking: Asking, claim: PollClaim): Promise<void> {
  const [subject] = await asking.rooms.store.load([claim.id]);
  switch (subject?.kind) {
    case 'payment':
      return askPaymentAnew(asking, claim, subject);
    case 'refund': {
      const result = await asking.rooms.store.change(claim.id, (one) => {
        const picture = one.kind === 'refund' ? abandoned(one.picture, asking.clock.now()) : null;
        return one.kind !== 'refund' || picture === null ? null : { next: { ...one, picture }, tell: true };
      });
      return result === null ? asking.finish(claim) : asking.plan(result.subject);
    }
    default:
      return asking.finish(claim);
  }
}

/** A payment in the hands of this process alone for as long as its calls may leave, whatever the schedules say. */
interface InHand {
  readonly asking: Asking;
  readonly subject: PaymentSubject;
  readonly method: PaymentMethod;
  readonly access: Access;
  /** The next call to the provider. */
  readonly call: () => Call;
}

async function askPaymentAnew(asking: Asking, claim: PollClaim, subject: PaymentSubject): Promise<void> {
  const { lookAt, phase, record } = subject.picture;
  const { clock, settings, rooms } = asking;
  if (lookAt === null || clock.now() < lookAt) return asking.plan(subject);
  await withSlot(asking, claim, subject.connectionId, 'background', async (access) => {
    const method = methodOf(rooms.provider, subject);
    if (method === undefined) throw new Error(`${claim.id} cannot be asked about: its method is gone`);
    // As long as device, cancel and check may take. Where this process dies in between it is done again after that.
    const until = clock.now() + 2 * settings.callMs + settings.writeMs;
    if (!(await rooms.store.takeLook(subject, lookAt, until))) return asking.finish(claim);
    let calls = 0;
    const call = (): Call => callTo(access, requestIdOf(subject.id, until, (calls += 1)), () => clock.now() < until);
    const inHand: InHand = { asking, subject, method, access, call };
    if (phase === 'succeeded') return verify(inHand);
    if (record.askedForOnly === true) return endOfTime(inHand);
    return asking.plan(subject);
  });
}

/** The buyer's time is over: the provider is told to forget it, then asked once how it stands. */
async function endOfTime(inHand: InHand): Promise<void> {
  const { asking, subject, method, access, call } = inHand;
  const { providerRef } = subject.picture;
  if (providerRef === null) return;
  const askedAt = asking.clock.now();
  const gaveUp = await aboutTaken(asking.rooms, subject, access, call, (made, taken) => method.giveUp?.(made, taken));
  const outcome = await method.check(call(), { paymentId: subject.id, providerRef });
  const result = await asking.rooms.store.change(subject.id, (one) =>
    judged(asking, one, method, (picture, now) =>
      judgeEndOfTime(picture, gaveUp, outcome, askedAt, now, asking.settings.timetable),
    ),
  );
  if (result !== null) await asking.plan(result.subject);
}

/** What was really paid, and under which id. */
async function verify(inHand: InHand): Promise<void> {
  const { asking, subject, method, access, call } = inHand;
  const outcome = await aboutTaken(asking.rooms, subject, access, call, (made, taken) =>
    method.verifyPaid?.(made, taken),
  );
  let verdict: Verdict | undefined;
  const result = await asking.rooms.store.change(subject.id, (one) => {
    // Somebody else has compared them meanwhile.
    if (one.kind !== 'payment' || one.picture.phase !== 'succeeded' || one.picture.lookAt === null) return null;
    const { timetable } = asking.settings;
    verdict = judgeVerified(one.picture, outcome ?? { is: 'not_offered' }, asking.clock.now(), timetable);
    return { next: { ...one, picture: verdict.next }, tell: verdict.next.record.booked !== undefined };
  });
  if (result?.changed === true && verdict !== undefined) reportVerdict(asking, subject.id, verdict);
  if (result !== null) await asking.plan(result.subject);
}
