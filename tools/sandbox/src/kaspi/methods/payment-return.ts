import { refundPurchase } from '../../bank/refund-purchase.ts';
import type { Purchase } from '../../bank/purchase.ts';
import { canBeUsed } from '../../bank/refund-code.ts';
import type { RefundCode } from '../../bank/refund-code.ts';
import { STATUS_CODE } from '../../bank/status-code.ts';
import { defineMethod } from '../kaspi-method.ts';
import type { MethodContext } from '../kaspi-method.ts';
import { usableDevice } from '../usable-device.ts';

/**
 * Kaspi QR v3.9 §3.4.5, §4.5 (kaspi-qr.md §7.5): partial or full, within one trade point, not idempotent. Without the
 * buyer in scheme 3; in scheme 2 for the buyer who has scanned the refund code.
 * ASSUMPTION: an unknown purchase or code is -1601, one of another organization -99000001, a code that was not
 * scanned, has been used or is over -99000006, another buyer's purchase -99000001.
 */
export const paymentReturn = defineMethod({
  name: 'payment/return',
  verb: 'POST',
  run: (parameters, context) => {
    const { bank, bin } = context;
    const usable = usableDevice(context, parameters.devicetoken);
    if (!usable.ok) return usable;
    const purchase = bank.purchase(parameters.qrpaymentid);
    if (purchase === undefined) return { code: STATUS_CODE.purchaseNotFound };
    if (purchase.bin !== bin) return { code: STATUS_CODE.noSuchPurchase };
    const { qrreturnid: codeId } = parameters;
    const code = codeId === undefined ? undefined : bank.refundDesk.code(codeId);
    const about = [purchase, code];
    const refused = codeId === undefined ? undefined : codeRefusal(code, purchase, context);
    if (refused !== undefined) return { code: refused, about };
    if (purchase.tradePointId !== usable.device.tradePointId) return { code: STATUS_CODE.otherTradePoint, about };
    const outcome = refundPurchase(bank, purchase, parameters.amount, 'api', code?.id);
    if (!outcome.ok) return { code: outcome.code, about };
    return {
      code: STATUS_CODE.ok,
      about: [purchase, outcome.refund, code],
      data: { ReturnOperationId: outcome.refund.id },
    };
  },
});

function codeRefusal(code: RefundCode | undefined, purchase: Purchase, { bin }: MethodContext): number | undefined {
  if (code?.bin !== bin) return STATUS_CODE.purchaseNotFound;
  if (!canBeUsed(code)) return STATUS_CODE.refundFailed;
  return code.buyer === purchase.buyer ? undefined : STATUS_CODE.noSuchPurchase;
}
