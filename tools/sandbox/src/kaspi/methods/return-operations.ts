import { minorToJsonNumber } from '@tolem/domain';
import { canBeUsed } from '../../bank/refund-code.ts';
import { STATUS_CODE } from '../../bank/status-code.ts';
import { bankDate } from '../bank-date.ts';
import { dateStyle } from '../date-style.ts';
import { defineMethod } from '../kaspi-method.ts';
import { usableDevice } from '../usable-device.ts';

const MAX_RESULTS = 10;

/**
 * Kaspi QR v3.9 §3.4.3 (kaspi-qr.md §7.3): the paid purchases of whoever scanned, in the trade point of the code, newest
 * first, dates without offset and with 7 decimals.
 * ASSUMPTION: more than 10 asked for gets 10; purchases that were refunded whole are still listed; everything that
 * cannot be answered (a device that is unknown, inactive or of another trade point, a code that is unknown, not
 * scanned, used or over) is -1601, because the list of this method has no other code.
 */
export const returnOperations = defineMethod({
  name: 'return/operations',
  verb: 'POST',
  run: ({ devicetoken: token, qrreturnid: id, maxresult: maxResult }, context) => {
    const { bank, bin, shapes } = context;
    const usable = usableDevice(context, token);
    const code = bank.refundDesk.code(id);
    if (code?.bin !== bin) return { code: STATUS_CODE.purchaseNotFound };
    const about = [code];
    const sameTradePoint = usable.ok && usable.device.tradePointId === code.tradePointId;
    if (!sameTradePoint || !canBeUsed(code)) return { code: STATUS_CODE.purchaseNotFound, about };
    const purchases = bank.refundDesk.purchasesFor(code, Math.min(maxResult ?? MAX_RESULTS, MAX_RESULTS));
    return {
      code: STATUS_CODE.ok,
      about,
      data: purchases.map(({ id: paymentId, life, amountMinor }) => ({
        QrPaymentId: paymentId,
        TransactionDate: bankDate(life.sinceMs, dateStyle(shapes, 'naive')),
        Amount: minorToJsonNumber(amountMinor),
      })),
    };
  },
});
