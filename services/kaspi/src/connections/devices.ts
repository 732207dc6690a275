import type { DeviceOutcome, Devices } from '@tolem/provider-kit';
import type { KaspiAnswer } from '../client/kaspi-answer.ts';
import type { KaspiClient } from '../client/kaspi.client.ts';
import type { RegisteredDevice } from '../client/wire.ts';
import { endpointOf } from './endpoint-of.ts';
import { failureOfAnswer, failureOfSetUp, isDecided, isDeviceUnknown } from '../answers/failures.ts';

/**
 * Devices of the bank (Kaspi QR v3.9 §4.2.3): a device belongs to one trade point for ever, so our name of it holds both
 * the desk and the trade point, and a desk that moves gets another device.
 */
export function kaspiDevices(client: KaspiClient): Devices {
  return {
    async register(call, { deskId, tradePointRef }) {
      const device = { bin: call.access.taxId, deviceId: `${deskId}-${tradePointRef}`, tradePointId: tradePointRef };
      return registerOutcome(await client.registerDevice(endpointOf(call.access), device, call));
    },
    async delete(call, { token }) {
      const answer = await client.deleteDevice(
        endpointOf(call.access),
        { bin: call.access.taxId, deviceToken: token },
        call,
      );
      if (answer.is === 'ok' || isDeviceUnknown(answer)) return { is: 'deleted' };
      return refusedOrUnreachable(answer);
    },
  };
}

export function registerOutcome(answer: KaspiAnswer<RegisteredDevice>): DeviceOutcome {
  return answer.is === 'ok' ? { is: 'registered', token: answer.data.deviceToken } : refusedOrUnreachable(answer);
}

function refusedOrUnreachable(
  answer: Exclude<KaspiAnswer<unknown>, { is: 'ok' }>,
): Extract<DeviceOutcome, { is: 'refused' } | { is: 'unreachable' }> {
  if (isDecided(answer)) return { is: 'refused', failure: failureOfAnswer(answer) };
  return { is: 'unreachable', failure: failureOfSetUp(answer) };
}
