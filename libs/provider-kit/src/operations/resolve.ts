import { brokenConstraint } from '@tolem/persistence';
import type { Access } from '../call.ts';
import type { CriticalCall, Found } from './critical-call.ts';
import { withDevice } from '../devices/with-device.ts';
import { failureOf } from '../failure-of.ts';
import { callOf, type Operation, requestIdOf } from './operation.ts';
import { paymentStartCall } from '../payments/payment-start-call.ts';
import { refundReturnCall } from '../refunds/refund-return-call.ts';
import type { MoneySubject } from '../subject.ts';
import { PROVIDER_REF_TAKEN } from '../subject-store.ts';
import type { WorkRooms } from './work-rooms.ts';

/** A call that must happen once is made at most twice, the second time after proof that the first one did nothing. */
const MAX_SENDS = 2;

/** A critical operation in doubt, as the table holds it. */
export interface Doubt {
  readonly operation: Operation;
  readonly note: unknown;
  /** Questions about it, this one included. */
  readonly checks: number;
  /** How often the call has left. */
  readonly sends: number;
  /** Readings in a row that showed no effect, and how long ago the first of them was. */
  readonly unchanged: number;
  readonly unchangedForMs: number;
  /** Since "about to send" was committed, by the database's clock alone. */
  readonly sentAgoMs: number;
  readonly state: 'sent' | 'unknown';
}

/**
 * Finds out what became of a call whose answer was lost. It may read at once; it concludes "not performed" only from
 * several readings, when the call can no longer be on its way, and sends again only as a new attempt. What stays unclear
 * becomes `unknown` and is asked about for ever; what nothing could show becomes `unknown` at once.
 */
export async function resolveDoubt(rooms: WorkRooms, doubt: Doubt): Promise<void> {
  const { operation } = doubt;
  const [subject] = await rooms.store.load([operation.subject.id]);
  const access = await rooms.connections.access(operation.connectionId, operation.connectionVersion);
  if (access === undefined) throw new Error(`${operation.id} is in doubt and its connection is gone`);
  switch (subject?.kind) {
    case 'payment':
      return settle(rooms, doubt, subject, access, subject.picture.record.tradePointRef, (token) =>
        paymentStartCall(rooms, operation, subject, token),
      );
    case 'refund':
      return settle(rooms, doubt, subject, access, subject.picture.record.tradePointRef, (token) =>
        refundReturnCall(rooms, access, subject, token),
      );
    default:
      throw new Error(`${operation.id} is in doubt about something that moves no money`);
  }
}

async function settle<S extends MoneySubject, Done>(
  rooms: WorkRooms,
  doubt: Doubt,
  subject: S,
  access: Access,
  tradePointRef: string | null,
  callWith: (deviceToken: string | null) => CriticalCall<S, Done>,
): Promise<void> {
  const { operation } = doubt;
  let calls = 0;
  const call = () =>
    callOf(access, requestIdOf(operation.id, operation.attempt, 1_000 * doubt.checks + (calls += 1)), () => true);
  const critical = callWith(null);
  if (critical.resolve === null) return giveUp(rooms, critical, doubt, subject);
  const found = await withDevice(rooms, { subject, access, tradePointRef, call }, async (token) =>
    token.is === 'token'
      ? callWith(token.token).resolve?.(call(), doubt.note)
      : { is: 'unclear' as const, failure: token.failure },
  );
  if (found === undefined) return;
  const isUnclear = found.is === 'device_unknown';
  await conclude(rooms, critical, doubt, subject, isUnclear ? { is: 'unclear', failure: found.failure } : found);
}

/** The process died between sending and hearing, and nothing that could be read would show the effect. */
async function giveUp<S extends MoneySubject, Done>(
  rooms: WorkRooms,
  critical: CriticalCall<S, Done>,
  { operation }: Doubt,
  subject: S,
): Promise<void> {
  const failure = critical.doubtOf(null);
  const end = {
    id: operation.id,
    attempt: operation.attempt,
    state: 'unknown' as const,
    answer: { failure: failure.code },
  };
  if (!(await rooms.store.write(critical.inDoubt(subject, failure), true, end))) return;
  rooms.log.error({ operation: operation.id, failure: failure.code }, 'nobody can find out what became of a call');
}

async function conclude<S extends MoneySubject, Done>(
  rooms: WorkRooms,
  critical: CriticalCall<S, Done>,
  doubt: Doubt,
  subject: S,
  found: Found<Done>,
): Promise<void> {
  const { operation } = doubt;
  if (found.is === 'performed') {
    const next = critical.performed(subject, found.done, 'inferred');
    const answer = critical.answerOf(found.done);
    const end = { id: operation.id, attempt: operation.attempt, state: 'done' as const, answer };
    try {
      const written = await rooms.store.write(next, true, end, critical.followedBy(next));
      if (written) await critical.begun({ ...next, seq: next.seq + 1 });
    } catch (error) {
      if (brokenConstraint(error) !== PROVIDER_REF_TAKEN) throw error;
      rooms.log.error({ subject: subject.id, ...answer }, 'the provider gave an id that belongs to another one');
      const failure = failureOf('provider_answer_wrong', 'unknown_ask_admin');
      await conclude(rooms, critical, doubt, subject, { is: 'unclear', failure });
    }
    return;
  }
  const mayBeOver = doubt.sentAgoMs >= rooms.settings.resolveAfterMs;
  if (found.is === 'not_performed') {
    if (mayBeOver && isProven(rooms, doubt)) await notPerformed(rooms, critical, doubt, subject, found);
    else await readAgainLater(rooms, doubt);
    return;
  }
  if (mayBeOver && doubt.state === 'sent') {
    // A cancel was noted at this moment: the operation stays as it is and the sweeper comes again.
    if (!(await rooms.store.write(critical.inDoubt(subject, found.failure), true, null))) return;
    rooms.log.error(
      { operation: operation.id, failure: found.failure.code },
      'nobody can say what became of a call; a person must look',
    );
  }
  await askAgainLater(rooms, doubt, {
    state: mayBeOver ? 'unknown' : 'sent',
    unchanged: 0,
    withinMs: soonest(rooms, doubt),
  });
}

/** One reading may be older than the effect: so many in a row, over so much time. This one counts. */
function isProven({ settings }: WorkRooms, { unchanged, unchangedForMs }: Doubt): boolean {
  return unchanged + 1 >= settings.unchangedReadings && unchangedForMs >= settings.unchangedOverMs;
}

async function notPerformed<S extends MoneySubject, Done>(
  rooms: WorkRooms,
  critical: CriticalCall<S, Done>,
  doubt: Doubt,
  subject: S,
  found: Extract<Found<Done>, { is: 'not_performed' }>,
): Promise<void> {
  const { operation } = doubt;
  const { repeatWithinMs } = critical;
  // Counted from the first sending, however often its outcome was doubted since.
  const repeatUntil =
    operation.repeat?.until ?? (repeatWithinMs === null ? null : rooms.clock.now() + repeatWithinMs - doubt.sentAgoMs);
  const inTime = repeatUntil === null || rooms.clock.now() < repeatUntil;
  if (
    critical.afterNotPerformed === 'repeat_once' &&
    doubt.sends < MAX_SENDS &&
    inTime &&
    critical.mayRepeat(subject)
  ) {
    await rooms.db.query(
      `UPDATE operation SET state = 'accepted', attempt = attempt + 1, sent_at = NULL, check_at = NULL, checks = 0,
              unchanged = 0, unchanged_since = NULL, repeat_until = $3, lease_owner = NULL, lease_until = now()
        WHERE id = $1 AND attempt = $2 AND state IN ('sent', 'unknown')`,
      [operation.id, operation.attempt, repeatUntil === null ? null : new Date(repeatUntil)],
    );
    rooms.sweepSoon();
    return;
  }
  const end = {
    id: operation.id,
    attempt: operation.attempt,
    state: 'refused' as const,
    answer: { failure: found.failure.code },
  };
  await rooms.store.write(critical.notPerformed(subject, found.failure), true, end);
}

/** Nothing has happened so far: read again when that may prove it, and now and then until then. */
async function readAgainLater(rooms: WorkRooms, doubt: Doubt): Promise<void> {
  const { timetable, unchangedOverMs } = rooms.settings;
  const untilProof = Math.max(soonest(rooms, doubt), unchangedOverMs - doubt.unchangedForMs);
  await askAgainLater(rooms, doubt, {
    state: doubt.state,
    unchanged: doubt.unchanged + 1,
    // Once only the number of readings is missing, there is nothing to wait for.
    withinMs: untilProof > 0 ? untilProof : (timetable.lookWhileUnknownMs[0] ?? 0),
  });
}

/** Until the call can no longer be on its way: whoever waits at the till should not wait beyond that moment. */
function soonest({ settings }: WorkRooms, doubt: Doubt): number {
  return settings.resolveAfterMs - doubt.sentAgoMs;
}

async function askAgainLater(
  rooms: WorkRooms,
  doubt: Doubt,
  next: { readonly state: Doubt['state']; readonly unchanged: number; readonly withinMs: number },
): Promise<void> {
  const waits = rooms.settings.timetable.lookWhileUnknownMs;
  const nextMs = waits[Math.min(doubt.checks - 1, waits.length - 1)] ?? 3_600_000;
  const afterMs = next.withinMs > 0 ? Math.min(nextMs, next.withinMs) : nextMs;
  await rooms.db.query(
    `UPDATE operation SET state = $3, check_at = now() + $4 * interval '1 ms', unchanged = $5::integer,
            unchanged_since = CASE WHEN $5::integer > 0 THEN coalesce(unchanged_since, now()) END
      WHERE id = $1 AND attempt = $2 AND state IN ('sent', 'unknown')`,
    [doubt.operation.id, doubt.operation.attempt, next.state, afterMs, next.unchanged],
  );
}
