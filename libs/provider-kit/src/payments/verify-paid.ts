import type { Asking } from '../polling/asking.ts';
import { aboutTaken } from './about-taken.ts';
import { callOf, requestIdOf } from '../operations/operation.ts';
import { judgeVerified, type Verdict } from './judge-books.ts';
import type { PaymentMethod, VerifiedPaid } from './payment-method.ts';
import type { KitSettings } from '../settings.ts';
import type { PaymentSubject, Subject } from '../subject.ts';
import type { Change } from '../subject-store.ts';

const MAX_WRITES = 5;

/**
 * A payment that became succeeded just now and is to be verified, as it was written: its `lookAt` belongs to the process
 * that found that out, so no second statement has to take it.
 */
export interface JustPaid {
  readonly subject: PaymentSubject;
  readonly method: PaymentMethod;
  /** The payment's `lookAt`: from then on anybody may ask. Epoch ms. */
  readonly until: number;
}

/** Keeps the question about what was paid for whoever writes this change, as long as a device and an answer may take. */
export function keptForVerifying(change: Change, now: number, { callMs }: Pick<KitSettings, 'callMs'>): Change {
  if (!isToVerify(change.next)) return change;
  return { ...change, next: { ...change.next, picture: { ...change.next.picture, lookAt: now + 2 * callMs } } };
}

/** The payment as it was written, where it has just succeeded and its method can tell what was really paid. */
export function justPaid(subject: Subject, method: PaymentMethod): JustPaid | undefined {
  if (!isToVerify(subject) || subject.picture.lookAt === null) return undefined;
  return { subject, method, until: subject.picture.lookAt };
}

function isToVerify(subject: Subject): subject is PaymentSubject {
  return subject.kind === 'payment' && subject.picture.phase === 'succeeded' && subject.picture.lookAt !== null;
}

/**
 * Asks what was really paid, and under which id, in the same hands that heard of the money: nothing is read for it, and
 * one statement writes what came of it. Where this process dies or has no room for the question, the schedule asks it
 * when the time of this one is over.
 */
export async function verifyPaid(asking: Asking, paid: JustPaid): Promise<void> {
  const { subject } = paid;
  await asking.plan(subject);
  const giveBack = await asking.rooms.slots.tryTake(subject.connectionId, 'background');
  if (giveBack === undefined) return;
  try {
    const outcome = await ask(asking, paid);
    if (outcome !== undefined) await write(asking, subject, outcome);
  } finally {
    giveBack();
  }
}

async function ask(asking: Asking, { subject, method, until }: JustPaid): Promise<VerifiedPaid | undefined> {
  const { rooms, clock } = asking;
  const access = await rooms.connections.access(subject.connectionId, 1);
  if (access === undefined) return undefined;
  let calls = 0;
  const call = () => callOf(access, requestIdOf(subject.id, until, (calls += 1)), () => clock.now() < until);
  return aboutTaken(rooms, subject, access, call, (made, taken) => method.verifyPaid?.(made, taken));
}

async function write(asking: Asking, heardOf: PaymentSubject, outcome: VerifiedPaid): Promise<void> {
  const { rooms, clock, settings } = asking;
  let subject: Subject | undefined = heardOf;
  for (let tries = 1; tries <= MAX_WRITES; tries += 1) {
    // Whoever came after the time of this question was over has seen to it.
    if (subject === undefined || !isToVerify(subject)) return;
    const verdict = judgeVerified(subject.picture, outcome, clock.now(), settings.timetable);
    const verified: PaymentSubject = { ...subject, picture: verdict.next };
    if (await rooms.store.write(verified, verdict.next.record.booked !== undefined, null)) {
      reportVerdict(asking, subject.id, verdict);
      return asking.plan(verified);
    }
    [subject] = await rooms.store.load([heardOf.id]);
  }
  throw new Error(`${heardOf.id} changed ${MAX_WRITES} times while it was being verified`);
}

/** What operators hear of a comparison, once it is written. */
export function reportVerdict(
  { log, rooms }: Pick<Asking, 'log' | 'rooms'>,
  payment: string,
  { alarm, isGivenUp }: Verdict,
): void {
  if (alarm !== null) log.error({ payment }, alarm);
  if (isGivenUp) rooms.metrics.neverVerified();
}
