import type { RefundChoose } from '@tolem/contracts';
import type { OperationWork } from '../operations/execute.ts';
import { failureOf } from '../failure-of.ts';
import type { Operation } from '../operations/operation.ts';
import { type Choice, chosen } from './refund-life.ts';
import { refundReturnCall } from './refund-return-call.ts';
import { refundWork } from './refund-work.ts';
import { sendCritical } from '../operations/send-critical.ts';
import type { RefundSubject } from '../subject.ts';
import type { FollowingOperation } from '../subject-store.ts';
import { WAIT_FOR_CONNECTION_MS, type WorkRooms } from '../operations/work-rooms.ts';

/** The operation that returns the money once the buyer has shown himself and his purchase is known. */
export const REFUND_RETURN = 'refund.return';

const MAX_CHOICES = 5;

/** The return that follows when the buyer has shown himself. @param startBy past it nothing is sent; epoch ms */
export function followingReturn({ id, picture }: RefundSubject, startBy: number): FollowingOperation {
  return {
    id: `${id}:return`,
    kind: REFUND_RETURN,
    class: 'critical',
    lane: picture.record.lane,
    command: { start_by: new Date(startBy).toISOString() },
  };
}

/** Returns money to a buyer who has shown himself. Only the one operation that the refund names may do so. */
export function returnRefund(rooms: WorkRooms): OperationWork {
  return {
    slot: 'start',
    overloaded: (operation) => giveBack(rooms, operation),
    run: (operation) => returnMoney(rooms, operation),
  };
}

/** The cashier's choice of the purchase, and the return that follows from it. */
export function chooseRefund(rooms: WorkRooms): OperationWork {
  return {
    slot: 'start',
    overloaded: (operation) => giveBack(rooms, operation),
    async run(operation) {
      const subject = await choose(rooms, operation);
      if (subject !== null) await returnMoney(rooms, { ...operation, subject });
    },
  };
}

function giveBack(rooms: WorkRooms, operation: Operation): Promise<void> {
  return workOf(rooms, operation).lease.giveBack(WAIT_FOR_CONNECTION_MS);
}

function workOf(rooms: WorkRooms, operation: Operation) {
  const { start_by: startBy } = operation.command as Pick<RefundChoose, 'start_by'>;
  return refundWork(
    rooms,
    operation,
    Date.parse(startBy),
    ({ phase }) => phase !== 'pending' && phase !== 'processing',
  );
}

/** The refund with the choice written, or as a crash after that left it; null where it is not this choice that counts. */
async function choose(rooms: WorkRooms, operation: Operation): Promise<RefundSubject | null> {
  const command = operation.command as RefundChoose;
  const choice: Choice = {
    paymentId: command.payment_id,
    purchaseRef: command.purchase_ref,
    amountMinor: command.amount,
  };
  for (let tries = 1; tries <= MAX_CHOICES; tries += 1) {
    const [subject] = await rooms.store.load([operation.subject.id]);
    if (subject?.kind !== 'refund') throw new Error(`${operation.id} chooses for something that is no refund`);
    if (subject.picture.record.returnOperation === operation.id) return subject;
    const picture = chosen(subject.picture, choice, operation.id);
    const work = workOf(rooms, { ...operation, subject });
    if (picture === null) {
      await work.lease.end('refused', { because: `the refund is ${subject.picture.phase}` });
      // Too late, twice, or for a purchase that was not offered: whoever sent it has not heard how it stands.
      await rooms.store.tellAgain([subject]);
      return null;
    }
    if (work.late) {
      await work.fail(failureOf('not_started', 'refund_failed'));
      return null;
    }
    const next: RefundSubject = { ...subject, picture };
    if (!(await rooms.store.write(next, true, null))) continue;
    await rooms.polling.plan(next);
    return { ...next, seq: next.seq + 1 };
  }
  throw new Error(`${operation.subject.id} changed ${MAX_CHOICES} times while a choice was being written`);
}

async function returnMoney(rooms: WorkRooms, operation: Operation): Promise<void> {
  const work = workOf(rooms, operation);
  const { phase, record } = work.subject.picture;
  if (phase !== 'processing' || record.returnOperation !== operation.id) {
    return work.lease.end('refused', { because: phase });
  }
  if (work.late) return work.fail(failureOf('not_started', 'refund_failed'));
  const access = await rooms.connections.access(operation.connectionId, operation.connectionVersion);
  if (access === undefined) return work.lease.giveBack(WAIT_FOR_CONNECTION_MS);
  await sendCritical(work, access, record.tradePointRef, (token) =>
    refundReturnCall(rooms, access, work.subject, token),
  );
}
