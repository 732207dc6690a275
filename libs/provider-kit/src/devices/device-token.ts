import type { Failure } from '@tolem/contracts';
import { uuidFromId } from '@tolem/domain';
import type { Access, Call } from '../call.ts';
import { failureOf } from '../failure-of.ts';
import type { SubjectFrame } from '../subject.ts';
import type { WorkRooms } from '../operations/work-rooms.ts';

export type TokenOutcome =
  | { readonly is: 'token'; readonly token: string | null }
  | { readonly is: 'refused'; readonly failure: Failure }
  | { readonly is: 'unreachable'; readonly failure: Failure };

/**
 * The provider's token for the device behind the desk, registered now if it never was. Registering is repeatable: the
 * same arguments give the same device.
 */
export async function deviceToken(
  rooms: Pick<WorkRooms, 'provider' | 'bindings'>,
  subject: Pick<SubjectFrame, 'id' | 'tenant' | 'deviceId'>,
  access: Access,
  tradePointRef: string | null,
  call: () => Call,
): Promise<TokenOutcome> {
  const { devices } = rooms.provider;
  if (devices === null) return { is: 'token', token: null };
  if (subject.deviceId === null || tradePointRef === null) {
    return { is: 'refused', failure: failureOf('trade_point_missing', 'desk_setup') };
  }
  const known = await rooms.bindings.find(subject.deviceId, access.connectionId, tradePointRef);
  if (known !== undefined) return { is: 'token', token: known };
  const outcome = await devices.register(call(), { deskId: subject.deviceId, tradePointRef });
  if (outcome.is !== 'registered') return { is: outcome.is, failure: outcome.failure };
  await rooms.bindings.put(subject.deviceId, access.connectionId, ownerOf(subject), {
    tradePointRef,
    token: outcome.token,
  });
  return { is: 'token', token: outcome.token };
}

export function ownerOf(subject: Pick<SubjectFrame, 'id' | 'tenant'>): { readonly tenant: string } {
  const tenant = uuidFromId('ten', subject.tenant);
  if (tenant === undefined) throw new Error(`${subject.id} belongs to no tenant`);
  return { tenant };
}
