import type { Access, Call } from '../call.ts';
import { withDevice } from '../devices/with-device.ts';
import type { WorkRooms } from '../operations/work-rooms.ts';
import type { PaymentSubject } from '../subject.ts';
import type { TakenRequest } from './payment-method.ts';

/**
 * Makes a call about a payment that the provider has, with the device that it was begun with; undefined where the provider
 * has none, or the method no such call.
 * @param call the next call to the provider
 */
export async function aboutTaken<O extends { readonly is: string }>(
  rooms: Pick<WorkRooms, 'provider' | 'bindings'>,
  subject: PaymentSubject,
  access: Access,
  call: () => Call,
  make: (call: Call, request: TakenRequest) => Promise<O> | undefined,
): Promise<O | undefined> {
  const { providerRef, record } = subject.picture;
  if (providerRef === null) return undefined;
  const { tradePointRef } = record;
  return withDevice(rooms, { subject, access, tradePointRef, call }, async (token) => {
    // Without a device where none can be had: the provider says what it makes of that.
    const known = token.is === 'token' ? token.token : null;
    return make(call(), { paymentId: subject.id, providerRef, deviceToken: known });
  });
}
