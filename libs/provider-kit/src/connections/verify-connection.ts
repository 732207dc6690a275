import type { Failure } from '@tolem/contracts';
import type { OperationWork } from '../operations/execute.ts';
import { callOf, type Operation, requestIdOf } from '../operations/operation.ts';
import type { Access } from '../call.ts';
import { hurryRegistrations } from '../devices/desk-device.ts';
import type { HealthOutcome, VerifyOutcome } from '../provider.ts';
import type { ConnectionSubject } from '../subject.ts';
import { leaseOf, WAIT_FOR_CONNECTION_MS, type WorkRooms } from '../operations/work-rooms.ts';

/** Asks the provider whether a connection works, and plans to ask again while the provider is away. */
export function verifyConnection(rooms: WorkRooms): OperationWork {
  return {
    slot: 'background',
    run: (operation) => verify(rooms, operation),
    overloaded: (operation) => leaseOf(rooms, operation).giveBack(rooms.settings.recheckDownMs),
  };
}

async function verify(rooms: WorkRooms, operation: Operation): Promise<void> {
  const lease = leaseOf(rooms, operation);
  const access = await rooms.connections.access(operation.connectionId, operation.connectionVersion);
  if (access === undefined) return lease.giveBack(WAIT_FOR_CONNECTION_MS);
  if (!(await lease.holdForCall())) return;
  const call = callOf(access, requestIdOf(operation.id, operation.attempt, 1), () => lease.valid);
  const outcome = await rooms.provider.verify(call);
  // Another question may have been answered meanwhile; the subject is read as it is now.
  const [subject] = await rooms.store.load([operation.subject.id]);
  if (subject?.kind !== 'connection') return lease.end('refused', { because: 'no such connection' });
  const next = isOutdated(subject, access)
    ? subject
    : verified(subject, access, outcome, rooms.clock.now(), lookingAgain(rooms));
  const end = { id: operation.id, attempt: operation.attempt, state: 'done' as const, answer: { health: next.health } };
  if (!(await rooms.store.write(next, true, end))) return lease.giveBack(WAIT_FOR_CONNECTION_MS);
  await rooms.polling.plan({ ...next, seq: next.seq + 1 });
  // Whoever has it verified wants the desks that wait for the provider to go on now.
  if (next.health === 'up') await hurryRegistrations(rooms, subject.id);
}

/** A refusal is mended by a person, somewhere else; we notice it by asking now and then, this much less often. */
const REFUSED_TIMES = 30;
/** A provider that restarts may look like one that refuses; not for so many pauses. */
const DOUBTFUL_TIMES = 2;

/** Newer settings were asked about while this answer, to older ones, was on its way. */
export function isOutdated(subject: ConnectionSubject, access: Access): boolean {
  return subject.health !== 'unknown' && subject.record.version > access.version;
}

/** After how long a connection is asked about again; null: never by itself. Milliseconds. */
export interface LookingAgain {
  readonly whileDownMs: number;
  readonly whileUpMs: number | null;
}

export function lookingAgain({ provider, settings }: Pick<WorkRooms, 'provider' | 'settings'>): LookingAgain {
  return {
    whileDownMs: settings.recheckDownMs,
    whileUpMs: provider.health === undefined ? null : settings.healthEveryMs,
  };
}

/** What an answer makes of a connection. Trade points are kept where the answer lists none. */
export function verified(
  subject: ConnectionSubject,
  access: Access,
  outcome: VerifyOutcome | HealthOutcome,
  now: number,
  again: LookingAgain,
): ConnectionSubject {
  const version = access.version;
  switch (outcome.is) {
    case 'up':
      return {
        ...subject,
        health: 'up',
        // Whoever has switched it off does not want to hear of it any more.
        lookAt: again.whileUpMs === null || !access.enabled ? null : now + again.whileUpMs,
        record: {
          version,
          reason: null,
          tradePoints: 'tradePoints' in outcome ? outcome.tradePoints : subject.record.tradePoints,
        },
      };
    case 'refused':
      return {
        ...subject,
        health: 'refused',
        lookAt: now + again.whileDownMs * REFUSED_TIMES,
        record: { version, reason: outcome.failure, tradePoints: null },
      };
    case 'down':
      if (outcome.unasked === true && subject.record.doubtfulSince !== undefined) {
        return { ...subject, lookAt: now + again.whileDownMs };
      }
      return outcome.lasting === undefined
        ? {
            ...subject,
            health: 'down',
            lookAt: now + again.whileDownMs,
            record: { version, reason: outcome.failure, tradePoints: null },
          }
        : doubtful(subject, version, { ...outcome, lasting: outcome.lasting }, now, again);
  }
}

/**
 * Down at first, and refused when it lasts. The pauses grow with the time that it has lasted, so that a provider that was
 * merely away is found soon after it is back.
 */
function doubtful(
  subject: ConnectionSubject,
  version: number,
  outcome: { readonly failure: Failure; readonly lasting: Failure },
  now: number,
  { whileDownMs }: LookingAgain,
): ConnectionSubject {
  const sameSettings = subject.record.version === version;
  const doubtfulSince = (sameSettings ? subject.record.doubtfulSince : undefined) ?? now;
  const lastedMs = now - doubtfulSince;
  const refused = (sameSettings && subject.health === 'refused') || lastedMs >= whileDownMs * DOUBTFUL_TIMES;
  return {
    ...subject,
    health: refused ? 'refused' : 'down',
    lookAt: now + Math.min(Math.max(lastedMs, whileDownMs), whileDownMs * REFUSED_TIMES),
    record: { version, reason: refused ? outcome.lasting : outcome.failure, tradePoints: null, doubtfulSince },
  };
}
