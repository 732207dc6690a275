import { decimalToMinor } from '@tolem/domain';
import { z } from 'zod';
import { STATUS_CODE } from '../../bank/status-code.ts';
import { amountParameter, binParameter, idParameter, textParameter } from '../parameters.ts';
import { defineMethod } from '../r3-method.ts';
import { usableDevice } from '../usable-device.ts';

/**
 * Kaspi QR v3.9 §4.7.5 (kaspi-qr.md §7.5): without the buyer, partial or full, within one trade point, not idempotent.
 * ASSUMPTION: a purchase of another organization is -99000001; a sum that is not positive or has more than two
 * decimals is -99000005, because the list of this method has no "wrong amount".
 */
export const paymentReturn = defineMethod({
  name: 'payment/return',
  verb: 'POST',
  parameters: z.strictObject({
    devicetoken: textParameter,
    qrpaymentid: idParameter,
    amount: amountParameter,
    organizationbin: binParameter,
  }),
  run: (parameters, { bank }) => {
    const usable = usableDevice(bank, parameters.organizationbin, parameters.devicetoken);
    if (!usable.ok) return usable;
    const purchase = bank.purchase(parameters.qrpaymentid);
    if (purchase?.bin !== parameters.organizationbin) return { code: STATUS_CODE.noSuchPurchase };
    if (purchase.tradePointId !== usable.device.tradePointId) return { code: STATUS_CODE.otherTradePoint, purchase };
    if (purchase.life.status !== 'Processed') return { code: STATUS_CODE.wrongPurchaseStatus, purchase };
    const amountMinor = decimalToMinor(parameters.amount);
    const availableMinor = purchase.amountMinor - purchase.refundedMinor;
    if (amountMinor === undefined || amountMinor <= 0 || amountMinor > availableMinor) {
      return { code: STATUS_CODE.refundTooBig, purchase };
    }
    const refund = bank.refund(purchase, amountMinor);
    if (refund === undefined) return { code: STATUS_CODE.unavailable, purchase };
    return { code: STATUS_CODE.ok, purchase, refund, data: { ReturnOperationId: refund.id } };
  },
});
