import { organizationOf } from '../../bank/organization.ts';
import { NOT_REGISTERED_TEXT, STATUS_CODE } from '../../bank/status-code.ts';
import { defineMethod } from '../kaspi-method.ts';

const DEVICE_ID = /^[A-Za-z0-9_-]+$/;

/**
 * Kaspi QR v3.9 §2.2.3, §3.2.3, §4.2.3 (kaspi-qr.md §5.2): the same arguments give the same token.
 * ASSUMPTION: a DeviceId with other characters answers -99000002 with a message of its own; the document names the
 * allowed characters but no code for others, and this is the listed code that sends nobody into retries.
 */
export const deviceRegister = defineMethod({
  name: 'device/register',
  verb: 'POST',
  run: ({ deviceid: deviceId, tradepointid: tradePointId }, { bank, bin }) => {
    const organization = organizationOf(bin ?? '');
    if (bin === null || organization.kind === 'not_registered') {
      return { code: STATUS_CODE.tradePointNotFound, message: NOT_REGISTERED_TEXT };
    }
    if (!DEVICE_ID.test(deviceId)) {
      return { code: STATUS_CODE.tradePointNotFound, message: 'Недопустимые символы в DeviceId' };
    }
    if (!organization.tradePoints.some((point) => point.id === tradePointId)) {
      return { code: STATUS_CODE.tradePointNotFound };
    }
    const known = bank.device(bin, deviceId);
    if (known?.active === true) {
      if (known.tradePointId !== tradePointId) return { code: STATUS_CODE.deviceInAnotherTradePoint };
      return { code: STATUS_CODE.ok, data: { DeviceToken: known.token } };
    }
    const device = bank.registerDevice(bin, tradePointId, deviceId);
    if (device === undefined) return { code: STATUS_CODE.unavailable };
    return { code: STATUS_CODE.ok, data: { DeviceToken: device.token } };
  },
});
