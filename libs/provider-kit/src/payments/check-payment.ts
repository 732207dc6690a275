import { isOpen } from '@tolem/domain';
import type { Call } from '../call.ts';
import type { OperationWork } from '../operations/execute.ts';
import type { Lease } from '../operations/lease.ts';
import { callOf, type Operation, requestIdOf } from '../operations/operation.ts';
import { aboutTaken } from './about-taken.ts';
import { toVerify } from './judge-books.ts';
import { judgeAsked } from './judge-payment.ts';
import { isNews } from './payment-life.ts';
import type { CancelOutcome, CheckOutcome, PaymentMethod } from './payment-method.ts';
import type { PaymentPicture } from './payment-picture.ts';
import { methodOf } from './payment-start-call.ts';
import type { PaymentSubject } from '../subject.ts';
import { leaseOf, WAIT_FOR_CONNECTION_MS, type WorkRooms } from '../operations/work-rooms.ts';

const MAX_WRITES = 5;
const MAX_CANCELS = 3;
const PAUSE_BETWEEN_CANCELS_MS = 400;

/** Asks once how a payment is, because a person wants to know now. Whatever comes of it is told. */
export function refreshPayment(rooms: WorkRooms): OperationWork {
  return checkWork(
    rooms,
    'poll',
    ({ phase }) => phase !== 'succeeded',
    async () => undefined,
  );
}

/** Asks the provider to forget a payment, then how it stands: only that answer decides. */
export function cancelStarted(rooms: WorkRooms): OperationWork {
  // What has ended while this cancel waited for its turn needs none.
  return checkWork(
    rooms,
    'start',
    ({ phase }) => isOpen(phase),
    async (cancel) => {
      for (let tries = 1; tries <= MAX_CANCELS; tries += 1) {
        const outcome = await cancel();
        if (outcome?.is !== 'unreachable') return;
        await rooms.pause(PAUSE_BETWEEN_CANCELS_MS * tries);
      }
    },
  );
}

function checkWork(
  rooms: WorkRooms,
  slot: OperationWork['slot'],
  isDue: (picture: PaymentPicture) => boolean,
  before: (cancel: () => Promise<CancelOutcome | undefined>) => Promise<void>,
): OperationWork {
  return {
    slot,
    async overloaded(operation) {
      await leaseOf(rooms, operation).end('refused', { because: 'overloaded' });
      await tellAgain(rooms, operation);
    },
    async run(operation) {
      const lease = leaseOf(rooms, operation);
      const [subject] = await rooms.store.load([operation.subject.id]);
      const access = await rooms.connections.access(operation.connectionId, operation.connectionVersion);
      if (access === undefined) return lease.giveBack(WAIT_FOR_CONNECTION_MS);
      if (!(await lease.holdForCall())) return;
      if (subject?.kind !== 'payment' || !isDue(subject.picture)) return settled(rooms, operation, lease);
      const method = methodOf(rooms.provider, subject);
      const { providerRef } = subject.picture;
      if (method === undefined || providerRef === null) return settled(rooms, operation, lease);
      let calls = 0;
      const call = (): Call =>
        callOf(access, requestIdOf(operation.id, operation.attempt, (calls += 1)), () => lease.valid);
      await before(() => aboutTaken(rooms, subject, access, call, (made, taken) => method.cancel?.(made, taken)));
      if (!(await lease.holdForCall())) return;
      const askedAt = rooms.clock.now();
      const outcome = await method.check(call(), { paymentId: subject.id, providerRef });
      await write(rooms, operation, lease, method, outcome, askedAt);
    },
  };
}

async function write(
  rooms: WorkRooms,
  operation: Operation,
  lease: Lease,
  method: PaymentMethod,
  outcome: CheckOutcome,
  askedAt: number,
): Promise<void> {
  const end = { id: operation.id, attempt: operation.attempt, state: 'done' as const, answer: { heard: outcome.is } };
  for (let tries = 1; tries <= MAX_WRITES; tries += 1) {
    const [subject] = await rooms.store.load([operation.subject.id]);
    if (subject?.kind !== 'payment') return;
    const now = rooms.clock.now();
    const judged = judgeAsked(subject.picture, outcome, askedAt, now, rooms.settings.timetable);
    if (judged === null || !isNews(subject.picture, judged)) return settled(rooms, operation, lease);
    const picture = method.verifyPaid === undefined ? judged : toVerify(subject.picture, judged, now);
    const next: PaymentSubject = { ...subject, picture };
    if (await rooms.store.write(next, true, end)) return rooms.polling.plan({ ...next, seq: next.seq + 1 });
  }
  throw new Error(`${operation.subject.id} changed ${MAX_WRITES} times while an answer was being written`);
}

/** Nothing is new: whoever asked is told how it stands. */
async function settled(rooms: WorkRooms, operation: Operation, lease: Lease): Promise<void> {
  await lease.end('done', { heard: 'nothing new' });
  await tellAgain(rooms, operation);
}

async function tellAgain(rooms: WorkRooms, operation: Operation): Promise<void> {
  await rooms.store.tellAgain(await rooms.store.load([operation.subject.id]));
}
