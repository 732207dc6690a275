import { deviceRegister, type Failure } from '@tolem/contracts';
import { deviceToken } from './device-token.ts';
import type { OperationWork } from '../operations/execute.ts';
import type { Lease } from '../operations/lease.ts';
import { callOf, type Operation, requestIdOf } from '../operations/operation.ts';
import { failureOf } from '../failure-of.ts';
import type { Access, Call } from '../call.ts';
import type { DeviceRecord, DeviceSubject } from '../subject.ts';
import { leaseOf, WAIT_FOR_CONNECTION_MS, type WorkRooms } from '../operations/work-rooms.ts';

/** Of two tries, where the provider could not be asked: as long as that has lasted, within these bounds. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;

/** Work on a device that this process has in hand. */
interface DeviceInHand {
  readonly operation: Operation;
  readonly subject: DeviceSubject;
  readonly access: Access;
  readonly lease: Lease;
  /** The next call of this attempt. */
  readonly call: () => Call;
}

type DeviceEnd =
  | { readonly is: 'done'; readonly status: 'registered' | 'deleted' }
  | { readonly is: 'refused'; readonly failure: Failure }
  | { readonly is: 'unreachable'; readonly failure: Failure }
  /** Another process has it by now. */
  | { readonly is: 'lost' };

/**
 * Registers the device behind a desk ahead of its first payment. While the provider cannot be asked it is tried again,
 * and why it takes longer is told at once: somebody waits for this desk.
 */
export function registerDevice(rooms: WorkRooms): OperationWork {
  return deviceWork(rooms, { tellsWhile: true }, async ({ operation, subject, access, call }) => {
    const { trade_point_ref: tradePointRef } = operation.command as { trade_point_ref: string };
    const outcome = await deviceToken(rooms, subject, access, tradePointRef, call);
    return outcome.is === 'token' ? { is: 'done', status: 'registered' } : outcome;
  });
}

/**
 * Switches the devices behind a desk off: the one in use and those of the trade points that it was moved away from. A
 * device that the provider does not know is as good as deleted.
 * Two kinds stay at the provider: those under a connection that the organization no longer has, where nobody may act any
 * more, and one that a refund of an old purchase registers anew afterwards.
 */
export function deleteDevice(rooms: WorkRooms): OperationWork {
  return deviceWork(rooms, { tellsWhile: false }, async ({ subject, access, lease, call }) => {
    const { devices } = rooms.provider;
    if (devices === null) return { is: 'done', status: 'deleted' };
    const deviceId = subject.deviceId ?? subject.id;
    let refused: Failure | null = null;
    for (const { tradePointRef, token } of await rooms.bindings.all(deviceId, access.connectionId)) {
      if (!(await lease.holdForCall())) return { is: 'lost' };
      const outcome = await devices.delete(call(), { token });
      if (outcome.is === 'unreachable') return outcome;
      if (outcome.is === 'refused') refused = outcome.failure;
      else await rooms.bindings.forgetIn(deviceId, access.connectionId, tradePointRef);
    }
    return refused === null ? { is: 'done', status: 'deleted' } : { is: 'refused', failure: refused };
  });
}

/** Lets registrations of a connection that wait for a provider that could not be asked be tried again at once. */
export async function hurryRegistrations(rooms: WorkRooms, connectionId: string): Promise<void> {
  const hurried = await rooms.db.query(
    `UPDATE operation SET lease_until = now()
      WHERE connection_id = $1 AND kind = $2 AND state = 'accepted' AND lease_owner IS NULL AND lease_until > now()
     RETURNING id`,
    [connectionId, deviceRegister.type],
  );
  if (hurried.length > 0) rooms.sweepSoon();
}

/** @param tellsWhile others hear why it takes longer, where the provider cannot be asked; otherwise of the end alone */
function deviceWork(
  rooms: WorkRooms,
  { tellsWhile }: { readonly tellsWhile: boolean },
  work: (inHand: DeviceInHand) => Promise<DeviceEnd>,
): OperationWork {
  return {
    slot: 'background',
    overloaded: (operation) => leaseOf(rooms, operation).giveBack(FIRST_PAUSE_MS),
    async run(operation) {
      const lease = leaseOf(rooms, operation);
      const [found] = await rooms.store.load([operation.subject.id]);
      if (found?.kind !== 'device') {
        return lease.end('refused', { failure: failureOf('no_such_device', 'desk_setup') });
      }
      const access = await rooms.connections.access(operation.connectionId, operation.connectionVersion);
      if (access === undefined) return lease.giveBack(WAIT_FOR_CONNECTION_MS);
      if (!(await lease.holdForCall())) return;
      let calls = 0;
      const call = (): Call =>
        callOf(access, requestIdOf(operation.id, operation.attempt, (calls += 1)), () => lease.valid);
      const subject = { ...found, connectionId: operation.connectionId };
      const end = await work({ operation, subject, access, lease, call });
      switch (end.is) {
        case 'done':
          return endAs(rooms, operation, { ...subject, status: end.status, record: { failure: null } });
        case 'refused':
          return endAs(rooms, operation, { ...subject, status: 'failed', record: { failure: end.failure } });
        case 'unreachable': {
          const { record, isNews, pauseMs } = unanswered(subject, operation.id, end.failure, rooms.clock.now());
          const status = tellsWhile ? 'accepted' : subject.status;
          if (isNews) await rooms.store.write({ ...subject, status, record }, tellsWhile, null);
          return lease.giveBack(pauseMs);
        }
        case 'lost':
          return;
      }
    },
  };
}

async function endAs(rooms: WorkRooms, operation: Operation, next: DeviceSubject): Promise<void> {
  const { id, attempt } = operation;
  const end = { id, attempt, state: 'done' as const, answer: { status: next.status } };
  if (!(await rooms.store.write(next, true, end))) await leaseOf(rooms, operation).giveBack(WAIT_FOR_CONNECTION_MS);
}

/** What is kept of a device while the provider cannot be asked, whether others have not heard it yet, and when to try again. */
function unanswered(
  { record }: DeviceSubject,
  operation: string,
  failure: Failure,
  now: number,
): { readonly record: DeviceRecord; readonly isNews: boolean; readonly pauseMs: number } {
  const before = record.unanswered?.operation === operation ? record.unanswered : undefined;
  const since = before?.since ?? now;
  const { code, provider_code: providerCode } = failure;
  const isSame = record.failure?.code === code && record.failure.provider_code === providerCode;
  return {
    record: { failure, unanswered: { operation, since } },
    isNews: before === undefined || !isSame,
    pauseMs: Math.min(Math.max(now - since, FIRST_PAUSE_MS), LONGEST_PAUSE_MS),
  };
}
