import { STATUS_CODE } from '../../bank/status-code.ts';
import { defineMethod } from '../kaspi-method.ts';

/**
 * Kaspi QR v3.9 §2.2.4, §3.2.4, §4.2.4 (kaspi-qr.md §5.3). An unknown token is -1501 (seen in the test contour); so are a token of
 * another BIN and, ASSUMPTION, one that is deleted already: the method's list has no other code.
 */
export const deviceDelete = defineMethod({
  name: 'device/delete',
  verb: 'POST',
  run: ({ devicetoken: token }, { bank, bin }) => {
    const device = bank.state.devices.get(token);
    if (device?.bin !== bin || !device.active) return { code: STATUS_CODE.deviceNotFound };
    bank.deleteDevice(device);
    return { code: STATUS_CODE.ok };
  },
});
