import { brokenConstraint } from '@tolem/persistence';
import type { Failure } from '@tolem/contracts';
import type { Access } from '../call.ts';
import type { CriticalCall, Sent } from './critical-call.ts';
import type { Noted } from '../payments/payment-method.ts';
import { sqlText } from '../sql-text.ts';
import type { MoneySubject } from '../subject.ts';
import { PROVIDER_REF_TAKEN } from '../subject-store.ts';
import type { WorkInHand } from './work-in-hand.ts';

const ABOUT_TO_SEND = sqlText('about-to-send');
const PAUSE_AFTER_NOT_SENT_MS = 400;
/** A device that the provider does not know is registered again once: the call was certainly not performed. */
const MAX_DEVICES = 2;

/**
 * Carries out a call that must happen once. Its lost answer is left to the resolver, or, where nothing could find it out,
 * told as unknown at once.
 * @param tradePointRef where the device stands that it is made with
 * @param callWith the call, made with this device's token
 */
export async function sendCritical<S extends MoneySubject, Done>(
  work: WorkInHand<S>,
  access: Access,
  tradePointRef: string | null,
  callWith: (deviceToken: string | null) => CriticalCall<S, Done>,
): Promise<void> {
  for (let devices = 1; ; devices += 1) {
    if (!(await work.lease.holdForCall())) return;
    const token = await work.token(access, tradePointRef);
    if (token.is === 'unreachable') return work.lease.giveBack(PAUSE_AFTER_NOT_SENT_MS);
    if (token.is === 'refused') return work.fail(token.failure);
    const critical = callWith(token.token);
    const outcome = await once(work, critical, access);
    switch (outcome.is) {
      case 'later':
      case 'not_sent':
        return work.lease.giveBack(PAUSE_AFTER_NOT_SENT_MS);
      case 'lost':
        return lost(work, critical, outcome.failure);
      case 'performed':
        return performed(work, critical, outcome.done, 'stated');
      case 'performed_before':
        return performed(work, critical, outcome.done, 'inferred');
      case 'in_doubt_again':
        return inDoubtAgain(work);
      case 'refused':
        return refused(work, critical, outcome.failure);
      case 'device_unknown':
        await work.forgetDevice();
        if (devices >= MAX_DEVICES || work.subject.deviceId === null) return refused(work, critical, outcome.failure);
        await notSent(work);
        break;
    }
  }
}

/**
 * What will show the effect later is read and stored together with "about to send", committed; then the call, soon after
 * or not at all. The subject's sequence goes up with it, so a cancel that is being decided at this moment has to look
 * again.
 */
async function once<S extends MoneySubject, Done>(
  work: WorkInHand<S>,
  critical: CriticalCall<S, Done>,
  access: Access,
): Promise<Sent<Done> | Before<Done> | { readonly is: 'later' }> {
  const { rooms, lease } = work;
  const noted = await noteOf(work, critical, access);
  if (noted.is === 'unreachable') return { is: 'later' };
  if (noted.is !== 'noted') return noted;
  if (!(await lease.holdForCall())) return { is: 'later' };
  const committedAt = rooms.clock.monotonicMs();
  if (!(await aboutToSend(work, critical.leavesFrom, noted.note))) return { is: 'later' };
  work.subject = { ...work.subject, seq: work.subject.seq + 1 };
  const call = work.call(access);
  const soon = (): boolean => call.mayWrite() && rooms.clock.monotonicMs() - committedAt < rooms.settings.sendWithinMs;
  const outcome = await critical.send({ ...call, mayWrite: soon }, noted.note);
  if (outcome.is === 'not_sent') await notSent(work);
  return outcome;
}

/** What became of an earlier sending after all. */
type Before<Done> = { readonly is: 'performed_before'; readonly done: Done } | { readonly is: 'in_doubt_again' };

/**
 * What will show the effect later. Of a repeat it is what was read before the first sending: an effect that came after
 * the proof that there was none shows there alone, and nothing is sent on top of it.
 */
async function noteOf<S extends MoneySubject, Done>(
  work: WorkInHand<S>,
  critical: CriticalCall<S, Done>,
  access: Access,
): Promise<Noted | Before<Done>> {
  const { repeat } = work.operation;
  if (repeat === null || critical.resolve === null) return critical.note(work.call(access));
  const found = await critical.resolve(work.call(access), repeat.note);
  switch (found.is) {
    case 'performed':
      return { is: 'performed_before', done: found.done };
    case 'device_unknown':
      await work.forgetDevice();
      return { is: 'in_doubt_again' };
    case 'unclear':
      return { is: 'in_doubt_again' };
    case 'not_performed':
      return { is: 'noted', note: repeat.note };
  }
}

/** The unique index lets one critical call of a lane through; false where another one is on its way or in doubt. */
async function aboutToSend<S extends MoneySubject>(
  { rooms, operation, subject }: WorkInHand<S>,
  phases: readonly string[],
  note: unknown,
): Promise<boolean> {
  try {
    const rows = await rooms.db.query(ABOUT_TO_SEND, [
      operation.id,
      operation.attempt,
      rooms.owner,
      JSON.stringify(note ?? null),
      rooms.settings.writeMs,
      subject.id,
      subject.seq,
      phases,
    ]);
    return rows.length > 0;
  } catch (error) {
    if (brokenConstraint(error) === 'operation_one_critical') return false;
    throw error;
  }
}

/** Certainly not performed: the operation is as it was before. */
async function notSent<S extends MoneySubject>({ rooms, operation }: WorkInHand<S>): Promise<void> {
  await rooms.db.query(
    `UPDATE operation SET state = 'accepted', sent_at = NULL, check_at = NULL, sends = sends - 1
      WHERE id = $1 AND attempt = $2 AND state = 'sent'`,
    [operation.id, operation.attempt],
  );
}

async function performed<S extends MoneySubject, Done>(
  work: WorkInHand<S>,
  critical: CriticalCall<S, Done>,
  done: Done,
  evidence: 'stated' | 'inferred',
): Promise<void> {
  try {
    const written = await work.write(
      (subject) => critical.performed(subject, done, evidence),
      'done',
      critical.answerOf(done),
      (subject) => critical.followedBy(subject),
    );
    if (written !== null) await critical.begun(written);
  } catch (error) {
    if (brokenConstraint(error) !== PROVIDER_REF_TAKEN) throw error;
    // What it did under that id is for the resolver, and then for a person, to find out.
    work.rooms.log.error(
      { subject: work.subject.id, ...critical.answerOf(done) },
      'the provider gave an id that belongs to another one',
    );
  }
}

async function refused<S extends MoneySubject, Done>(
  work: WorkInHand<S>,
  critical: CriticalCall<S, Done>,
  failure: Failure,
): Promise<void> {
  await work.write((subject) => critical.refused(subject, failure), 'refused', { failure: failure.code });
}

/** From here on only the resolver ends it, or a person. It may read at once, because nobody waits for the answer any more. */
async function lost<S extends MoneySubject, Done>(
  work: WorkInHand<S>,
  critical: CriticalCall<S, Done>,
  failure: Failure,
): Promise<void> {
  if (critical.resolve !== null) return askSoon(work);
  const told = critical.doubtOf(failure);
  work.rooms.log.error(
    { operation: work.operation.id, failure: told.code },
    'nobody can find out what became of a call',
  );
  await work.write((subject) => critical.inDoubt(subject, told), 'unknown', { failure: told.code });
}

/** The repeat is not sent, and the resolver goes on with the first sending, from as many readings as at first. */
async function inDoubtAgain<S extends MoneySubject>({ rooms, operation }: WorkInHand<S>): Promise<void> {
  await rooms.db.query(
    `UPDATE operation SET state = 'sent', sent_at = now(), check_at = now()
      WHERE id = $1 AND attempt = $2 AND lease_owner = $3 AND state = 'accepted'`,
    [operation.id, operation.attempt, rooms.owner],
  );
  rooms.sweepSoon();
}

async function askSoon<S extends MoneySubject>({ rooms, operation }: WorkInHand<S>): Promise<void> {
  await rooms.db.query(`UPDATE operation SET check_at = now() WHERE id = $1 AND attempt = $2 AND state = 'sent'`, [
    operation.id,
    operation.attempt,
  ]);
  rooms.sweepSoon();
}
