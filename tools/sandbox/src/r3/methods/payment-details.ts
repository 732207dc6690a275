import { minorToJsonNumber } from '@tolem/domain';
import { z } from 'zod';
import { STATUS_CODE } from '../../bank/status-code.ts';
import { bankDate } from '../bank-date.ts';
import { dateStyle } from '../date-style.ts';
import { idParameter, textParameter } from '../parameters.ts';
import { defineMethod } from '../r3-method.ts';

/**
 * Kaspi QR v3.9 §4.7.4 (kaspi-qr.md §7.4). The sample answer has no `Message`.
 * ASSUMPTION: -1601 also for a purchase that is not paid, for an unknown token and for a token of another BIN;
 * the method's list has no other code.
 */
export const paymentDetails = defineMethod({
  name: 'payment/details',
  verb: 'GET',
  parameters: z.strictObject({ qrpaymentid: idParameter.catch(-1), devicetoken: textParameter }),
  run: ({ qrpaymentid: id, devicetoken: token }, { bank, shapes }) => {
    const purchase = bank.purchase(id);
    const device = bank.state.devices.get(token);
    const mayAsk = device?.active === true && device.bin === purchase?.bin;
    if (!mayAsk || purchase?.life.status !== 'Processed') {
      return { code: STATUS_CODE.purchaseNotFound, purchase };
    }
    return {
      code: STATUS_CODE.ok,
      message: null,
      purchase,
      data: {
        QrPaymentId: purchase.id,
        TotalAmount: minorToJsonNumber(purchase.amountMinor),
        AvailableReturnAmount: minorToJsonNumber(purchase.amountMinor - purchase.refundedMinor),
        TransactionDate: bankDate(purchase.life.sinceMs, dateStyle(shapes)),
      },
    };
  },
});
