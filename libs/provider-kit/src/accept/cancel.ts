import { paymentCancel } from '@tolem/contracts';
import { isOpen } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import type { Executor } from '../operations/execute.ts';
import { cancelRequested, ended } from '../payments/payment-life.ts';
import { methodOf } from '../payments/payment-start-call.ts';
import type { Polling } from '../polling/poll.ts';
import type { Provider } from '../provider.ts';
import { closed } from '../refunds/refund-life.ts';
import type { MoneySubject, PaymentSubject, RefundSubject, Subject, SubjectFrame } from '../subject.ts';
import type { Change, SubjectStore } from '../subject-store.ts';
import { bury, tombstone } from './tombstone.ts';

export interface CancelRooms {
  readonly provider: Provider;
  readonly db: Database;
  readonly store: SubjectStore;
  readonly executor: Executor;
  readonly polling: Polling;
  readonly sweepSoon: () => void;
}

/** A command to cancel: whom, and the operation that it makes where the provider can be asked to. */
export interface CancelAsked {
  readonly kind: MoneySubject['kind'];
  readonly frame: SubjectFrame;
  readonly opId: string;
  readonly lane: string;
  readonly connectionVersion: number;
}

/**
 * A cancel, in every order in which it can meet its start. Not here yet: a tombstone refuses the start that comes.
 * Here but not told to anybody, or a refund whose money cannot have moved: canceled, and a code that the provider may be
 * making right now is never shown. Shown: it is noted, the provider is asked to forget the payment where it can, and the
 * end of the payment says what became of it.
 */
export async function cancel(rooms: CancelRooms, asked: CancelAsked): Promise<void> {
  const { db, store, executor, polling } = rooms;
  const stone = tombstone(asked.frame, asked.kind, 'canceled');
  if (await bury(db, stone)) {
    await store.tellAgain([stone]);
    return;
  }
  const outcome = await store.change(stone.id, async (subject) =>
    decide(subject, await criticalUnderWay(db, stone.id)),
  );
  if (outcome === null || (outcome.subject.kind !== 'payment' && outcome.subject.kind !== 'refund')) return;
  const { subject } = outcome;
  if (subject.picture.phase === 'canceled') executor.withdraw(subject.id);
  if (subject.kind === 'refund' && outcome.changed) await polling.plan(subject);
  const asksProvider = subject.kind === 'payment' && (await askProvider(rooms, asked, subject));
  // A cancel that changes nothing is a repeat, or too late; whoever sent it has not heard the answer.
  if (!outcome.changed && !asksProvider) await store.tellAgain([subject]);
}

/** A call that must happen once is on its way or in doubt: what it is about cannot be taken back any more. */
async function criticalUnderWay(db: Database, subjectId: string): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM operation WHERE subject_id = $1 AND class = 'critical' AND state IN ('sent', 'unknown')`,
    [subjectId],
  );
  return rows.length > 0;
}

function decide(subject: Subject, critical: boolean): Change | null {
  if (subject.kind === 'refund') return decideRefund(subject, critical);
  if (subject.kind !== 'payment') return null;
  if (subject.picture.phase === 'created' && !critical) {
    return { next: { ...subject, picture: ended(subject.picture, 'canceled', null) }, tell: true };
  }
  const picture = cancelRequested(subject.picture);
  return picture === null ? null : { next: { ...subject, picture }, tell: true };
}

function decideRefund(subject: RefundSubject, critical: boolean): Change | null {
  const { phase } = subject.picture;
  if (critical || (phase !== 'pending' && phase !== 'requires_customer')) return null;
  return { next: { ...subject, picture: closed(subject.picture, 'canceled', null) }, tell: true };
}

/** One that runs, and one that was asked for meanwhile: whatever comes beyond that finds out no more than they do. */
const MAX_CANCELS_UNDER_WAY = 2;

/** Whether the provider is asked to forget a payment that it has. Each cancel that a person asks for does so once. */
async function askProvider(rooms: CancelRooms, asked: CancelAsked, subject: PaymentSubject): Promise<boolean> {
  const { phase, providerRef } = subject.picture;
  if (!isOpen(phase) || providerRef === null) return false;
  if (methodOf(rooms.provider, subject)?.cancel === undefined) return false;
  const made = await rooms.db.query(
    `INSERT INTO operation (id, subject_id, connection_id, connection_version, kind, class, lane, state, command, traceparent)
     SELECT $1, $2, $3, $4, $5, 'repeatable', $6, 'accepted', '{}', $7
      WHERE (SELECT count(*) FROM operation WHERE subject_id = $2 AND kind = $5 AND state = 'accepted') < $8
     ON CONFLICT (id) DO NOTHING RETURNING id`,
    [
      asked.opId,
      subject.id,
      asked.frame.connectionId,
      asked.connectionVersion,
      paymentCancel.type,
      asked.lane,
      asked.frame.traceparent,
      MAX_CANCELS_UNDER_WAY,
    ],
  );
  if (made.length > 0) rooms.sweepSoon();
  return made.length > 0;
}
