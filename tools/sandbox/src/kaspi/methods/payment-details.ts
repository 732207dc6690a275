import { minorToJsonNumber } from '@tolem/domain';
import { STATUS_CODE } from '../../bank/status-code.ts';
import { bankDate } from '../bank-date.ts';
import { dateStyle } from '../date-style.ts';
import { defineMethod } from '../kaspi-method.ts';
import { ownPurchase } from '../own-purchase.ts';

/**
 * Kaspi QR v3.9 §3.4.4, §4.4 (kaspi-qr.md §7.4). The sample answer has no `Message`.
 * ASSUMPTION: -1601 also for a purchase that is not paid, for an unknown token and for a token of another BIN;
 * the method's list has no other code.
 */
export const paymentDetails = defineMethod({
  name: 'payment/details',
  verb: 'GET',
  run: ({ qrpaymentid: id, devicetoken: token }, context) => {
    const { bank, shapes } = context;
    const purchase = ownPurchase(context, bank.purchase(id));
    const device = bank.state.devices.get(token);
    const mayAsk = device?.active === true && device.bin === purchase?.bin;
    if (!mayAsk || purchase?.life.status !== 'Processed') {
      return { code: STATUS_CODE.purchaseNotFound, about: [purchase] };
    }
    return {
      code: STATUS_CODE.ok,
      message: null,
      about: [purchase],
      data: {
        QrPaymentId: purchase.id,
        TotalAmount: minorToJsonNumber(purchase.amountMinor),
        AvailableReturnAmount: minorToJsonNumber(purchase.amountMinor - purchase.refundedMinor),
        TransactionDate: bankDate(purchase.life.sinceMs, dateStyle(shapes)),
      },
    };
  },
});
