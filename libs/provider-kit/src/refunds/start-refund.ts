import type { Access } from '../call.ts';
import type { OperationWork } from '../operations/execute.ts';
import { failureOf } from '../failure-of.ts';
import type { Operation } from '../operations/operation.ts';
import { invited } from './refund-life.ts';
import { refundReturnCall } from './refund-return-call.ts';
import { refundWork } from './refund-work.ts';
import type { InviteOutcome, Refunds } from './refunds.ts';
import { sendCritical } from '../operations/send-critical.ts';
import type { RefundSubject } from '../subject.ts';
import { tryUntilCertain } from '../operations/try-until-certain.ts';
import type { WorkInHand } from '../operations/work-in-hand.ts';
import { WAIT_FOR_CONNECTION_MS, type WorkRooms } from '../operations/work-rooms.ts';

/**
 * Starts a refund the way its connection's scheme gives money back: at once, by a call that must happen once; with the
 * buyer, by a code that he scans (`RefundQuestions` waits for him, `returnRefund` returns the money); or not at all.
 */
export function startRefund(rooms: WorkRooms): OperationWork {
  const take = (operation: Operation): WorkInHand<RefundSubject> =>
    refundWork(rooms, operation, operation.subject.startBy, ({ phase }) => phase !== 'pending');
  return {
    slot: 'start',
    run: (operation) => run(rooms, take(operation)),
    async overloaded(operation) {
      const work = take(operation);
      if (await endedAlready(work)) return;
      await work.fail(failureOf('provider_overloaded', 'provider_overloaded'));
    },
  };
}

async function run(rooms: WorkRooms, work: WorkInHand<RefundSubject>): Promise<void> {
  if (await endedAlready(work)) return;
  if (work.late) return work.fail(failureOf('not_started', 'refund_failed'));
  const { operation, subject } = work;
  const access = await rooms.connections.access(operation.connectionId, operation.connectionVersion);
  if (access === undefined) return work.lease.giveBack(WAIT_FOR_CONNECTION_MS);
  if (!access.enabled) return work.fail(failureOf('connection_disabled', 'desk_setup'));
  const { refunds } = rooms.provider;
  switch (refunds?.wayOf(access)) {
    case undefined:
    case 'by_hand':
      return work.fail(failureOf('refund_not_supported', 'refund_by_hand'));
    case 'with_buyer':
      return refunds === null ? undefined : invite(rooms, refunds, work, access);
    case 'at_once': {
      const { purchaseRef, amountMinor, tradePointRef } = subject.picture.record;
      if (purchaseRef === null || amountMinor === null) {
        return work.fail(failureOf('purchase_missing', 'refund_not_possible'));
      }
      return sendCritical(work, access, tradePointRef, (token) => refundReturnCall(rooms, access, subject, token));
    }
  }
}

async function endedAlready(work: WorkInHand<RefundSubject>): Promise<boolean> {
  const { phase } = work.subject.picture;
  if (phase === 'pending') return false;
  await work.lease.end('refused', { because: phase });
  return true;
}

async function invite(
  rooms: WorkRooms,
  refunds: Refunds,
  work: WorkInHand<RefundSubject>,
  access: Access,
): Promise<void> {
  const { id, picture } = work.subject;
  const outcome = await tryUntilCertain<RefundSubject, Extract<InviteOutcome, { is: 'started' }>>(
    work,
    access,
    picture.record.tradePointRef,
    'orphanable',
    (call, deviceToken): Promise<InviteOutcome> => refunds.invite(call, { refundId: id, deviceToken }),
  );
  if (outcome === null) return;
  if (outcome.is !== 'started') {
    await work.fail(outcome.failure);
    if (outcome.is === 'not_reached') await rooms.polling.suspect(work.operation.connectionId);
    return;
  }
  const now = rooms.clock.now();
  const written = await work.write((one) => ({ ...one, picture: invited(one.picture, outcome, now) }), 'done', {
    customer_ref: outcome.customerRef,
  });
  if (written !== null) await rooms.polling.plan(written);
}
