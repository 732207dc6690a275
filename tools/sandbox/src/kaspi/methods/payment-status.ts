import type { Purchase } from '../../bank/purchase.ts';
import { STATUS_CODE } from '../../bank/status-code.ts';
import { defineMethod } from '../kaspi-method.ts';
import type { MethodContext } from '../kaspi-method.ts';
import { ownPurchase } from '../own-purchase.ts';
import { paidFields } from '../paid-fields.ts';
import { QUESTIONS_KEPT, TIMER_RULE, looksLikeTimer } from '../timer-polling.ts';
import { UNKNOWN_STATUS } from '../unknown-status.ts';

/** A question sooner than this part of the interval after the one before counts as abuse. */
const EARLY_PART = 0.5;

/**
 * Kaspi QR v3.9 §2.3.3, §3.3.3, §4.3.3 (kaspi-qr.md §6.3, §13.2): needs the id only, neither BIN nor token.
 * ASSUMPTION: an id that cannot be a number is a purchase that is not found.
 */
export const paymentStatus = defineMethod({
  name: 'payment/status',
  verb: 'GET',
  run: ({ qrpaymentid: id }, context) => {
    const purchase = ownPurchase(context, context.bank.askedPurchase(id));
    if (purchase === undefined) return { code: STATUS_CODE.purchaseNotFound };
    const about = [purchase];
    if (countAbuse(purchase, context) === 'punished') return { code: STATUS_CODE.unavailable, about, transport: 'cut' };
    if (context.arrivedAtMs < purchase.silentUntilMs) return { code: STATUS_CODE.ok, about, transport: 'silence' };
    const status = shownStatus(purchase, context);
    const data = { Status: status, ...(status === 'Processed' ? paidFields(purchase, context) : {}) };
    return { code: STATUS_CODE.ok, about, status, data };
  },
});

function shownStatus(purchase: Purchase, { shapes, switches }: MethodContext): string {
  const { life, kind } = purchase;
  if (shapes.has('unknown_status')) return UNKNOWN_STATUS;
  if (purchase.limboPolls > 0 && life.status !== 'QrTokenCreated') {
    purchase.limboPolls -= 1;
    return UNKNOWN_STATUS;
  }
  if (life.status === 'Expired') return switches.expiredInvoiceStatus;
  // Noted in production for links too (kaspi-qr.md §11.3).
  const beginsLikeInvoice = kind === 'link' && life.status === 'QrTokenCreated' && shapes.has('remote_payment_created');
  return beginsLikeInvoice ? 'RemotePaymentCreated' : life.status;
}

function countAbuse(purchase: Purchase, { arrivedAtMs, count, switches }: MethodContext): 'tolerated' | 'punished' {
  if (purchase.kind !== 'invoice') {
    if (arrivedAtMs - purchase.lastPollAtMs < purchase.pollIntervalMs * EARLY_PART) count('polls_too_early');
    purchase.lastPollAtMs = arrivedAtMs;
    return 'tolerated';
  }
  count('invoice_polls');
  purchase.questionsAtMs = [...purchase.questionsAtMs, arrivedAtMs].slice(-QUESTIONS_KEPT);
  const { punishPolling } = switches;
  if (!looksLikeTimer(purchase.questionsAtMs, punishPolling ?? TIMER_RULE)) return 'tolerated';
  count('invoice_polls_by_timer');
  if (punishPolling === null) return 'tolerated';
  count('invoice_polls_punished');
  return 'punished';
}
