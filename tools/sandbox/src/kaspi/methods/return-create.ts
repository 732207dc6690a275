import { STATUS_CODE } from '../../bank/status-code.ts';
import { bankDate } from '../bank-date.ts';
import { behaviorOptions } from '../behavior-options.ts';
import { dateStyle } from '../date-style.ts';
import { defineMethod } from '../kaspi-method.ts';
import { qrToken } from '../qr-token.ts';
import { usableDevice } from '../usable-device.ts';

/** Kaspi QR v3.9 §3.4.1 (kaspi-qr.md §7.1): a code for the buyer to scan. Each call makes another one. */
export const returnCreate = defineMethod({
  name: 'return/create',
  verb: 'POST',
  run: ({ devicetoken: token, externalid: externalId }, context) => {
    const { bank, arrivedAtMs, seen, shapes } = context;
    const usable = usableDevice(context, token);
    if (!usable.ok) return usable;
    const code = bank.refundDesk.create(usable.device, externalId ?? null, arrivedAtMs, seen);
    if (code === undefined) return { code: STATUS_CODE.unavailable };
    return {
      code: STATUS_CODE.ok,
      about: [code],
      data: {
        QrToken: qrToken(code.id),
        ExpireDate: bankDate(code.atMs + code.scanWaitMs, dateStyle(shapes)),
        QrReturnId: code.id,
        QrReturnBehaviorOptions: behaviorOptions(shapes, {
          QrCodeScanEventPollingInterval: code.pollIntervalMs / 1000,
          QrCodeScanWaitTimeout: code.scanWaitMs / 1000,
        }),
      },
    };
  },
});
