import { brokenConstraint } from '@tolem/persistence';
import type { Lease } from './lease.ts';
import { callOf, type Operation, requestIdOf } from './operation.ts';
import type { Access, CriticalMethod, StartOutcome, StartRequest } from './provider.ts';
import { sqlText } from './sql-text.ts';
import type { PaymentSubject } from './subject.ts';
import type { WorkRooms } from './work-rooms.ts';

const ABOUT_TO_SEND = sqlText('about-to-send');

export type CriticalStart =
  /** The answer, with the subject under the sequence that "about to send" gave it. */
  | {
      readonly is: 'answered';
      readonly outcome: Exclude<StartOutcome, { is: 'lost' | 'not_sent' }>;
      readonly subject: PaymentSubject;
    }
  /** Nothing left this machine; it may be tried later. */
  | { readonly is: 'later' }
  /** From here on only the resolver ends it. */
  | { readonly is: 'in_doubt' };

/**
 * Makes a call that must happen once: what will show its effect later is read and stored together with "about to send",
 * committed; then the call, soon after or not at all. The subject's sequence goes up with it, so a cancel that is being
 * decided at this moment has to look again.
 */
export async function startCritical(
  rooms: WorkRooms,
  method: CriticalMethod,
  operation: Operation,
  subject: PaymentSubject,
  access: Access,
  request: StartRequest,
  lease: Lease,
  inTime: () => boolean,
): Promise<CriticalStart> {
  const requestId = (tryNo: number): string => requestIdOf(operation.id, operation.attempt, tryNo);
  const noted = await method.note(
    callOf(access, requestId(0), () => lease.valid),
    request,
  );
  if (noted.is === 'unreachable') return { is: 'later' };
  if (noted.is === 'refused') return { is: 'answered', outcome: { is: 'refused', failure: noted.failure }, subject };
  if (!(await lease.holdForCall())) return { is: 'later' };
  const committedAt = rooms.clock.monotonicMs();
  if (!(await aboutToSend(rooms, operation, subject, noted.note))) return { is: 'later' };
  const soon = (): boolean =>
    lease.valid && inTime() && rooms.clock.monotonicMs() - committedAt < rooms.settings.sendWithinMs;
  const outcome = await method.start(callOf(access, requestId(1), soon), request);
  if (outcome.is === 'lost') return { is: 'in_doubt' };
  if (outcome.is !== 'not_sent') return { is: 'answered', outcome, subject: { ...subject, seq: subject.seq + 1 } };
  await rooms.db.query(
    `UPDATE operation SET state = 'accepted', sent_at = NULL, check_at = NULL WHERE id = $1 AND attempt = $2 AND state = 'sent'`,
    [operation.id, operation.attempt],
  );
  return { is: 'later' };
}

/** The unique index lets one critical call of a lane through; false where another one is on its way or in doubt. */
async function aboutToSend(
  rooms: WorkRooms,
  operation: Operation,
  subject: PaymentSubject,
  note: unknown,
): Promise<boolean> {
  try {
    const rows = await rooms.db.query(ABOUT_TO_SEND, [
      operation.id,
      operation.attempt,
      rooms.owner,
      JSON.stringify(note ?? null),
      rooms.settings.callMs,
      subject.id,
      subject.seq,
    ]);
    return rows.length > 0;
  } catch (error) {
    if (brokenConstraint(error) === 'operation_one_critical') return false;
    throw error;
  }
}
