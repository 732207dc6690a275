import { brokenConstraint } from '@tolem/persistence';
import { callOf, type Operation, requestIdOf } from './operation.ts';
import { ended, failureOf, inDoubt, started } from './payment-life.ts';
import type { CriticalMethod, Resolution } from './provider.ts';
import { PROVIDER_REF_TAKEN } from './subject-store.ts';
import { startRequestOf } from './start-payment.ts';
import type { PaymentSubject } from './subject.ts';
import type { WorkRooms } from './work-rooms.ts';

/** A call that must happen once is made at most twice, the second time after proof that the first one did nothing. */
const MAX_SENDS = 2;

/** A critical operation in doubt, as the table holds it. */
export interface Doubt {
  readonly operation: Operation;
  readonly note: unknown;
  /** Questions about it, this one included. */
  readonly checks: number;
  /** Since "about to send" was committed, by the database's clock alone. */
  readonly sentAgoMs: number;
  readonly state: 'sent' | 'unknown';
}

/**
 * Finds out what became of a call whose answer was lost. It may read at once; it concludes "not performed" only when
 * the call can no longer be on its way, and sends again only as a new attempt. What stays unclear becomes `unknown` and
 * is asked about for ever.
 */
export async function resolveDoubt(rooms: WorkRooms, doubt: Doubt): Promise<void> {
  const { operation } = doubt;
  const [subject] = await rooms.store.load([operation.subject.id]);
  if (subject?.kind !== 'payment') throw new Error(`${operation.id} is in doubt about something that is no payment`);
  const method = rooms.provider.methods.find((candidate) => candidate.type === subject.picture.record.method);
  const access = await rooms.connections.access(operation.connectionId, operation.connectionVersion);
  if (method?.effect !== 'critical' || access === undefined) {
    throw new Error(
      `${operation.id} is in doubt and ${access === undefined ? 'its connection' : 'its method'} is gone`,
    );
  }
  const request = await startRequestOf(rooms, subject);
  const call = callOf(access, requestIdOf(operation.id, operation.attempt, 1_000 + doubt.checks), () => true);
  const resolution = await method.resolve(call, request, doubt.note);
  await conclude(rooms, method, doubt, subject, resolution);
}

async function conclude(
  rooms: WorkRooms,
  method: CriticalMethod,
  doubt: Doubt,
  subject: PaymentSubject,
  resolution: Resolution,
): Promise<void> {
  const { operation } = doubt;
  const mayBeOver = doubt.sentAgoMs >= rooms.settings.resolveAfterMs;
  if (resolution.is === 'started') {
    const picture = started(subject.picture, resolution, rooms.clock.now());
    const next: PaymentSubject = {
      ...subject,
      picture: { ...picture, record: { ...picture.record, failure: null, evidence: 'inferred' } },
    };
    const end = {
      id: operation.id,
      attempt: operation.attempt,
      state: 'done' as const,
      answer: { provider_ref: resolution.providerRef },
    };
    try {
      if (await rooms.store.write(next, true, end)) await rooms.polling.begin({ ...next, seq: next.seq + 1 });
    } catch (error) {
      if (brokenConstraint(error) !== PROVIDER_REF_TAKEN) throw error;
      rooms.log.error(
        { payment: subject.id, provider_ref: resolution.providerRef },
        'the provider gave an id that belongs to another payment',
      );
      const failure = failureOf('provider_answer_wrong', 'unknown_ask_admin');
      await conclude(rooms, method, doubt, subject, { is: 'unclear', failure });
    }
  } else if (resolution.is === 'not_performed' && mayBeOver) {
    await notPerformed(rooms, method, doubt, subject, resolution);
  } else {
    if (mayBeOver && doubt.state === 'sent') {
      const shown = { ...subject, picture: inDoubt(subject.picture, resolution.failure) };
      // A cancel was noted at this moment: the operation stays as it is and the sweeper comes again.
      if (!(await rooms.store.write(shown, true, null))) return;
      rooms.log.error(
        { operation: operation.id, failure: resolution.failure.code },
        'nobody can say what became of a call; a person must look',
      );
    }
    await askAgainLater(rooms, doubt, mayBeOver);
  }
}

async function notPerformed(
  rooms: WorkRooms,
  method: CriticalMethod,
  doubt: Doubt,
  subject: PaymentSubject,
  resolution: Extract<Resolution, { is: 'not_performed' }>,
): Promise<void> {
  const { operation } = doubt;
  const canceled = subject.picture.record.cancel !== null;
  const late = subject.startBy !== null && rooms.clock.now() >= subject.startBy;
  // A payment that nobody may start any more, that was asked to be canceled or was shown as unknown, is not begun anew
  // behind the till's back.
  if (
    method.afterNotPerformed === 'repeat_once' &&
    operation.attempt < MAX_SENDS &&
    !late &&
    !canceled &&
    subject.picture.phase === 'created'
  ) {
    await rooms.db.query(
      `UPDATE operation SET state = 'accepted', attempt = attempt + 1, sent_at = NULL, check_at = NULL, checks = 0,
              lease_owner = NULL, lease_until = now()
        WHERE id = $1 AND attempt = $2 AND state IN ('sent', 'unknown')`,
      [operation.id, operation.attempt],
    );
    return;
  }
  const end = {
    id: operation.id,
    attempt: operation.attempt,
    state: 'refused' as const,
    answer: { failure: resolution.failure.code },
  };
  const picture = canceled
    ? ended(subject.picture, 'canceled', null)
    : ended(subject.picture, 'failed', resolution.failure);
  await rooms.store.write({ ...subject, picture }, true, end);
}

async function askAgainLater(rooms: WorkRooms, doubt: Doubt, mayBeOver: boolean): Promise<void> {
  const { timetable, resolveAfterMs } = rooms.settings;
  const waits = timetable.lookWhileUnknownMs;
  const nextMs = waits[Math.min(doubt.checks - 1, waits.length - 1)] ?? 3_600_000;
  // Whoever waits at the till should not wait beyond the moment at which something can be concluded.
  const afterMs = mayBeOver ? nextMs : Math.min(nextMs, resolveAfterMs - doubt.sentAgoMs);
  await rooms.db.query(
    `UPDATE operation SET state = $3, check_at = now() + $4 * interval '1 ms'
      WHERE id = $1 AND attempt = $2 AND state IN ('sent', 'unknown')`,
    [doubt.operation.id, doubt.operation.attempt, mayBeOver ? 'unknown' : 'sent', afterMs],
  );
}
