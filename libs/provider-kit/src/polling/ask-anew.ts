import type { PollClaim } from '@tolem/coordination';
import { judged } from '../payments/ask-payment.ts';
import { type Asking, withSlot } from './asking.ts';
import type { Access, Call } from '../call.ts';
import { deviceToken } from '../devices/device-token.ts';
import { callOf as callTo, requestIdOf } from '../operations/operation.ts';
import { judgeVerified } from '../payments/payment-life.ts';
import type { PaymentMethod, TakenRequest } from '../payments/payment-method.ts';
import { methodOf } from '../payments/payment-start-call.ts';
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

/** A payment in the hands of this process alone until `until` (epoch ms), whatever the schedules say. */
interface InHand {
  readonly asking: Asking;
  readonly subject: PaymentSubject;
  readonly method: PaymentMethod;
  readonly access: Access;
  readonly until: number;
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
    const inHand: InHand = { asking, subject, method, access, until };
    if (phase === 'succeeded') return verify(inHand);
    if (record.askedForOnly === true) return endOfTime(inHand);
    return asking.plan(subject);
  });
}

/** The buyer's time is over: the provider is told to forget it, then asked once how it stands. */
async function endOfTime(inHand: InHand): Promise<void> {
  const { asking, subject, method } = inHand;
  const askedAt = asking.clock.now();
  const request = await takenRequest(inHand);
  if (request === null) return;
  await method.giveUp?.(callOf(inHand, 1), request);
  const outcome = await method.check(callOf(inHand, 2), request);
  const result = await asking.rooms.store.change(subject.id, (one) =>
    judged(asking, one, method, null, outcome, askedAt),
  );
  if (result !== null) await asking.plan(result.subject);
}

/** What was really paid, and under which id. */
async function verify(inHand: InHand): Promise<void> {
  const { asking, subject, method } = inHand;
  const request = await takenRequest(inHand);
  const outcome = request === null ? undefined : await method.verifyPaid?.(callOf(inHand, 1), request);
  const result = await asking.rooms.store.change(subject.id, (one) => {
    // Somebody else has compared them meanwhile.
    if (one.kind !== 'payment' || one.picture.phase !== 'succeeded' || one.picture.lookAt === null) return null;
    const { timetable } = asking.settings;
    const { next, alarm } = judgeVerified(one.picture, outcome ?? { is: 'not_offered' }, asking.clock.now(), timetable);
    if (alarm !== null) asking.log.error({ payment: one.id }, alarm);
    return { next: { ...one, picture: next }, tell: next.record.booked !== undefined };
  });
  if (result !== null) await asking.plan(result.subject);
}

/** Without a device where none can be had: the provider says what it makes of that. */
async function takenRequest(inHand: InHand): Promise<TakenRequest | null> {
  const { asking, subject, access } = inHand;
  const { providerRef, record } = subject.picture;
  if (providerRef === null) return null;
  const token = await deviceToken(asking.rooms, subject, access, record.tradePointRef, () => callOf(inHand, 0));
  return { paymentId: subject.id, providerRef, deviceToken: token.is === 'token' ? token.token : null };
}

function callOf({ asking, subject, access, until }: InHand, tryNo: number): Call {
  return callTo(access, requestIdOf(subject.id, until, tryNo), () => asking.clock.now() < until);
}
