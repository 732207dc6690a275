import type { Access } from '../call.ts';
import type { CriticalCall, Found, Sent } from '../operations/critical-call.ts';
import { failureOf } from '../failure-of.ts';
import type { DeviceUnknown, Noted } from '../payments/payment-method.ts';
import { closed, refundInDoubt, returned } from './refund-life.ts';
import type { RefundPicture } from './refund-picture.ts';
import type { ReturnOutcome, ReturnRequest, ReturnResolution } from './refunds.ts';
import type { RefundSubject } from '../subject.ts';
import type { WorkRooms } from '../operations/work-rooms.ts';

type Returned = Extract<ReturnResolution, { is: 'returned' }>;

/** Money that goes back to the buyer: made once, found out by reading. */
export function refundReturnCall(
  rooms: WorkRooms,
  access: Access,
  subject: RefundSubject,
  deviceToken: string | null,
): CriticalCall<RefundSubject, Returned> {
  const { refunds } = rooms.provider;
  if (refunds === null) throw new Error(`${subject.id} is a refund of a provider that has none`);
  const request = requestOf(subject, deviceToken);
  const paint = (to: RefundSubject, picture: RefundPicture): RefundSubject => ({ ...to, picture });
  return {
    leavesFrom: ['pending', 'processing'],
    afterNotPerformed: refunds.afterNotPerformed(access),
    // The till's deadline holds for the first sending alone: a refund that is under way and has proven to be nothing is
    // still wanted, for a while.
    repeatWithinMs: rooms.settings.repeatRefundWithinMs,
    note: async (call): Promise<Noted> => refunds.note(call, request),
    send: async (call, note): Promise<Sent<Returned>> => sent(await refunds.send(call, request, note)),
    resolve: async (call, note) => found(await refunds.resolve(call, request, note)),
    // What was shown as unknown may have been settled by hand: it is not made anew behind anybody's back.
    mayRepeat: ({ picture }) => picture.phase === 'pending' || picture.phase === 'processing',
    performed: (now, { providerRef }, evidence) => paint(now, returned(now.picture, providerRef, evidence)),
    refused: (now, failure) => paint(now, closed(now.picture, 'failed', failure)),
    notPerformed: (now, failure) => paint(now, closed(now.picture, 'failed', failure)),
    inDoubt: (now, failure) => paint(now, refundInDoubt(now.picture, failure)),
    doubtOf: (failure) => failure ?? failureOf('outcome_unknown', 'refund_unknown'),
    answerOf: ({ providerRef }) => ({ provider_ref: providerRef }),
    followedBy: () => null,
    begun: async () => undefined,
  };
}

function requestOf({ id, picture }: RefundSubject, deviceToken: string | null): ReturnRequest {
  const { purchaseRef, amountMinor, currency, customerRef } = picture.record;
  if (purchaseRef === null || amountMinor === null) throw new Error(`${id} names no purchase or no amount`);
  return { refundId: id, purchaseRef, amountMinor, currency, deviceToken, customerRef };
}

function sent(outcome: ReturnOutcome): Sent<Returned> {
  return outcome.is === 'returned' ? { is: 'performed', done: outcome } : outcome;
}

function found(resolution: ReturnResolution): Found<Returned> | DeviceUnknown {
  return resolution.is === 'returned' ? { is: 'performed', done: resolution } : resolution;
}
