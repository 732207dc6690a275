import { decimalToMinor } from '@tolem/domain';
import type { Bank } from './bank.ts';
import type { Purchase, Refund, RefundedBy } from './purchase.ts';
import { STATUS_CODE } from './status-code.ts';

export type RefundOutcome = { ok: true; refund: Refund } | { ok: false; code: number };

/**
 * Gives back a sum in tenge by the rules that hold for everybody, also for a cashier in the bank's own app.
 * ASSUMPTION: a sum that is not positive or has more than two decimals is -99000005, because the list of this method
 * has no "wrong amount".
 */
export function refundPurchase(
  bank: Bank,
  purchase: Purchase,
  amount: number | string,
  by: RefundedBy,
  codeId?: number,
): RefundOutcome {
  if (purchase.life.status !== 'Processed') return { ok: false, code: STATUS_CODE.wrongPurchaseStatus };
  const amountMinor = decimalToMinor(amount);
  const availableMinor = purchase.amountMinor - purchase.refundedMinor;
  if (amountMinor === undefined || amountMinor <= 0 || amountMinor > availableMinor) {
    return { ok: false, code: STATUS_CODE.refundTooBig };
  }
  if (purchase.fullRefundOnly && amountMinor < purchase.amountMinor) {
    return { ok: false, code: STATUS_CODE.noPartialRefund };
  }
  const refund = bank.refund(purchase, amountMinor, by, codeId);
  return refund === undefined ? { ok: false, code: STATUS_CODE.unavailable } : { ok: true, refund };
}
