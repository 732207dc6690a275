import type { Operation } from '../operations/operation.ts';
import { closed } from './refund-life.ts';
import type { RefundPicture } from './refund-picture.ts';
import type { RefundSubject } from '../subject.ts';
import { WorkInHand } from '../operations/work-in-hand.ts';
import type { WorkRooms } from '../operations/work-rooms.ts';

/** An operation of a refund. @param over whether its phase leaves this operation nothing to do */
export function refundWork(
  rooms: WorkRooms,
  operation: Operation,
  startBy: number | null,
  over: (picture: RefundPicture) => boolean,
): WorkInHand<RefundSubject> {
  const { subject } = operation;
  if (subject.kind !== 'refund') throw new Error(`${operation.id} refunds something that is no refund`);
  return new WorkInHand(rooms, operation, subject, {
    is: (one): one is RefundSubject => one?.kind === 'refund',
    over: ({ picture }) => over(picture),
    failed: (one, failure) => ({ ...one, picture: closed(one.picture, 'failed', failure) }),
    startBy,
  });
}
