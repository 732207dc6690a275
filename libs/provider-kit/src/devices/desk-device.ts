import { deviceToken } from './device-token.ts';
import type { OperationWork } from '../operations/execute.ts';
import { callOf, type Operation, requestIdOf } from '../operations/operation.ts';
import { failureOf } from '../failure-of.ts';
import type { Access, Call } from '../call.ts';
import type { DeviceSubject } from '../subject.ts';
import { leaseOf, WAIT_FOR_CONNECTION_MS, type WorkRooms } from '../operations/work-rooms.ts';

const RETRY_UNREACHABLE_MS = 5_000;

/** Registers the device behind a desk ahead of its first payment. */
export function registerDevice(rooms: WorkRooms): OperationWork {
  return deviceWork(rooms, async (operation, subject, access, call) => {
    const { trade_point_ref: tradePointRef } = operation.command as { trade_point_ref: string };
    const outcome = await deviceToken(rooms, subject, access, tradePointRef, call);
    switch (outcome.is) {
      case 'token':
        return { ...subject, status: 'registered', record: { failure: null } };
      case 'refused':
        return { ...subject, status: 'failed', record: { failure: outcome.failure } };
      case 'unreachable':
        return null;
    }
  });
}

/** Switches the device behind a desk off. A device that the provider does not know is as good as deleted. */
export function deleteDevice(rooms: WorkRooms): OperationWork {
  return deviceWork(rooms, async (_operation, subject, access, call) => {
    const { devices } = rooms.provider;
    const deviceId = subject.deviceId ?? subject.id;
    const token = await rooms.bindings.findAnywhere(deviceId, access.connectionId);
    if (devices === null || token === undefined) return { ...subject, status: 'deleted', record: { failure: null } };
    const outcome = await devices.delete(call(), { token });
    if (outcome.is === 'unreachable') return null;
    if (outcome.is === 'refused') return { ...subject, status: 'failed', record: { failure: outcome.failure } };
    await rooms.bindings.forget(deviceId, access.connectionId);
    return { ...subject, status: 'deleted', record: { failure: null } };
  });
}

/** `work` returns what the device has become, or null where the provider could not be asked and is asked again later. */
function deviceWork(
  rooms: WorkRooms,
  work: (
    operation: Operation,
    subject: DeviceSubject,
    access: Access,
    call: () => Call,
  ) => Promise<DeviceSubject | null>,
): OperationWork {
  return {
    slot: 'background',
    overloaded: (operation) => leaseOf(rooms, operation).giveBack(RETRY_UNREACHABLE_MS),
    async run(operation) {
      const lease = leaseOf(rooms, operation);
      const [subject] = await rooms.store.load([operation.subject.id]);
      if (subject?.kind !== 'device') {
        return lease.end('refused', { failure: failureOf('no_such_device', 'desk_setup') });
      }
      const access = await rooms.connections.access(operation.connectionId, operation.connectionVersion);
      if (access === undefined) return lease.giveBack(WAIT_FOR_CONNECTION_MS);
      if (!(await lease.holdForCall())) return;
      const call = (): Call => callOf(access, requestIdOf(operation.id, operation.attempt, 1), () => lease.valid);
      const next = await work(operation, { ...subject, connectionId: operation.connectionId }, access, call);
      if (next === null) return lease.giveBack(RETRY_UNREACHABLE_MS);
      const end = {
        id: operation.id,
        attempt: operation.attempt,
        state: 'done' as const,
        answer: { status: next.status },
      };
      if (!(await rooms.store.write(next, true, end))) await lease.giveBack(WAIT_FOR_CONNECTION_MS);
    },
  };
}
