import type { Access, Call } from '../call.ts';
import type { WorkRooms } from '../operations/work-rooms.ts';
import type { SubjectFrame } from '../subject.ts';
import { deviceToken, type TokenOutcome } from './device-token.ts';

/** Whose device it is, and where it stands. */
export interface AtDesk {
  readonly subject: Pick<SubjectFrame, 'id' | 'tenant' | 'deviceId'>;
  readonly access: Access;
  readonly tradePointRef: string | null;
  /** The next call to the provider. */
  readonly call: () => Call;
}

/**
 * Makes a call that may be made again with the desk's device. Where the provider does not know that device (any more), it
 * is forgotten, registered again, and the call is made once more.
 * @param make is told that there is no token where no device can be had
 */
export async function withDevice<O extends { readonly is: string } | undefined>(
  rooms: Pick<WorkRooms, 'provider' | 'bindings'>,
  { subject, access, tradePointRef, call }: AtDesk,
  make: (token: TokenOutcome) => Promise<O>,
): Promise<O> {
  const outcome = await make(await deviceToken(rooms, subject, access, tradePointRef, call));
  if (outcome?.is !== 'device_unknown' || subject.deviceId === null) return outcome;
  await rooms.bindings.forget(subject.deviceId, access.connectionId);
  return make(await deviceToken(rooms, subject, access, tradePointRef, call));
}
