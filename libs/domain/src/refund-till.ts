import { type CashierKey, cashierText } from './cashier-texts.ts';
import { isFinalRefund, type RefundStatus } from './refund-status.ts';
import type { Till, TillScreen } from './till.ts';

/** What the cashier of a refund may do now; the same block as a payment's, published in the same way. */

export interface RefundTillInput {
  readonly status: RefundStatus;
  /** Type of the refund's `next_action`; null where there is none. */
  readonly nextAction?: string | null | undefined;
  readonly failureKey?: CashierKey | null | undefined;
  /** End of the stage that is shown to the buyer, epoch ms. */
  readonly expiresAtMs?: number | null | undefined;
  readonly nowMs: number;
}

export interface RefundTillRow {
  readonly status: RefundStatus;
  /** Null: any. */
  readonly next_action: string | null;
  readonly screen: TillScreen;
  readonly may_start_another: boolean;
  readonly hide_qr: boolean;
  /** For `failed` and `canceled` the reason replaces it where there is one. */
  readonly message: CashierKey;
}

function row(
  status: RefundStatus,
  next_action: string | null,
  screen: TillScreen,
  message: CashierKey,
  allowed: Partial<Pick<RefundTillRow, 'may_start_another' | 'hide_qr'>> = {},
): RefundTillRow {
  return { status, next_action, screen, message, may_start_another: false, hide_qr: true, ...allowed };
}

/** The published table: first match from the top. */
export const REFUND_TILL_TABLE: readonly RefundTillRow[] = [
  row('requires_customer', 'show_qr', 'show_qr', 'refund_show_qr', { hide_qr: false }),
  row('requires_customer', 'choose_purchase', 'choose_purchase', 'refund_choose'),
  row('pending', null, 'wait', 'refund_wait'),
  row('requires_customer', null, 'wait', 'refund_wait'),
  row('processing', null, 'wait', 'refund_wait'),
  row('succeeded', null, 'refunded', 'refunded', { may_start_another: true }),
  row('failed', null, 'not_refunded', 'refund_failed', { may_start_another: true }),
  row('canceled', null, 'not_refunded', 'refund_canceled', { may_start_another: true }),
  // A second refund could return the money twice.
  row('unknown', null, 'call_admin', 'refund_unknown'),
];

export function refundTillOf({ status, nextAction, failureKey, expiresAtMs, nowMs }: RefundTillInput): Till {
  const timeIsOver = typeof expiresAtMs === 'number' && expiresAtMs <= nowMs;
  const action = timeIsOver ? null : nextAction;
  const found = REFUND_TILL_TABLE.find(
    (candidate) => candidate.status === status && (candidate.next_action ?? action) === action,
  );
  if (found === undefined) throw new Error(`no row for a refund that is ${status}`);
  return {
    screen: found.screen,
    // A refund hands nothing over.
    hand_over_goods: false,
    may_start_another: found.may_start_another,
    hide_qr: found.hide_qr,
    seconds_left:
      typeof expiresAtMs === 'number' && !isFinalRefund(status) && status !== 'unknown'
        ? Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000))
        : null,
    message: cashierText(status === 'failed' || status === 'canceled' ? (failureKey ?? found.message) : found.message),
  };
}
