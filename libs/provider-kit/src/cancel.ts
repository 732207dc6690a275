import type { Database } from '@tolem/persistence';
import type { Executor } from './execute.ts';
import { cancelRequested, ended } from './payment-life.ts';
import type { Subject, SubjectFrame } from './subject.ts';
import type { Change, SubjectStore } from './subject-store.ts';
import { bury, tombstone } from './tombstone.ts';

/**
 * A cancel, in every order in which it can meet its start. Not here yet: a tombstone refuses the start that comes.
 * Here but not told to anybody: canceled, and a code that the provider may be making right now is never shown. Shown:
 * it is noted, and the end of the payment says what became of it.
 */
export async function cancelPayment(
  rooms: { readonly db: Database; readonly store: SubjectStore; readonly executor: Executor },
  frame: SubjectFrame,
): Promise<void> {
  const { db, store, executor } = rooms;
  const stone = tombstone(frame, 'canceled');
  if (await bury(db, stone)) {
    await store.tellAgain([stone]);
    return;
  }
  const outcome = await store.change(frame.id, async (subject) =>
    decide(subject, await criticalUnderWay(db, subject.id)),
  );
  if (outcome === null || outcome.subject.kind !== 'payment') return;
  if (outcome.subject.picture.phase === 'canceled') executor.withdraw(frame.id);
  // A cancel that changes nothing is a repeat, or too late; whoever sent it has not heard the answer.
  if (!outcome.changed) await store.tellAgain([outcome.subject]);
}

/** A call that must happen once is on its way or in doubt: such a payment cannot be taken back any more. */
async function criticalUnderWay(db: Database, subjectId: string): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM operation WHERE subject_id = $1 AND class = 'critical' AND state IN ('sent', 'unknown')`,
    [subjectId],
  );
  return rows.length > 0;
}

function decide(subject: Subject, critical: boolean): Change | null {
  if (subject.kind !== 'payment') return null;
  if (subject.picture.phase === 'created' && !critical) {
    return { next: { ...subject, picture: ended(subject.picture, 'canceled', null) }, tell: true };
  }
  const picture = cancelRequested(subject.picture);
  return picture === null ? null : { next: { ...subject, picture }, tell: true };
}
