import { isFinalRefund, isOpen } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import type { Polling } from '../polling/poll.ts';
import type { MoneySubject, SubjectFrame } from '../subject.ts';
import type { SubjectStore } from '../subject-store.ts';
import { bury, tombstone } from './tombstone.ts';

export interface Asked {
  readonly kind: MoneySubject['kind'];
  readonly frame: SubjectFrame;
  /** Epoch ms; what never came here by then never will be started. */
  readonly startBy: number;
}

/**
 * Answers "what do you know of these payments and refunds?": the newest snapshot, or, where the start can no longer come,
 * a tombstone.
 */
export async function report(
  rooms: { readonly db: Database; readonly store: SubjectStore; readonly polling: Polling },
  asked: readonly Asked[],
  now: number,
): Promise<void> {
  const known = await rooms.store.load(asked.map(({ frame }) => frame.id));
  const knownIds = new Set(known.map((subject) => subject.id));
  const missing = asked.filter(({ frame, startBy }) => !knownIds.has(frame.id) && startBy < now);
  const buried = [];
  for (const { kind, frame } of missing) {
    const stone = tombstone(frame, kind, 'failed');
    if (await bury(rooms.db, stone)) buried.push(stone);
  }
  await rooms.store.tellAgain([...known, ...buried]);
  for (const subject of known) {
    // Silence may mean that the plan to ask was lost: ask now.
    if (subject.kind === 'payment' && isOpen(subject.picture.phase) && subject.seq > 0)
      await rooms.polling.askNow(subject);
    if (subject.kind === 'refund' && !isFinalRefund(subject.picture.phase)) await rooms.polling.askNow(subject);
  }
}
