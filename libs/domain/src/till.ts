/**
 * What the cashier may do now: one published table from the state of a payment to the till's screen. The two answers that
 * cost money when they are wrong are `hand_over_goods` (the chain's) and `may_start_another` (the buyer pays twice).
 */

import { type CashierKey, type CashierText, cashierText } from './cashier-texts.ts';
import { PAYMENT_STATUSES, type PaymentStatus, isFinal } from './payment-status.ts';

export const TILL_SCREENS = [
  'show_qr',
  'show_link',
  'confirm_in_app',
  'enter_amount',
  'choose_purchase',
  'wait',
  'paid',
  'not_paid',
  'refunded',
  'not_refunded',
  'call_admin',
] as const;

export type TillScreen = (typeof TILL_SCREENS)[number];

/** The block `till` of a payment, as the API shows it. `seconds_left` is null where no timer runs for the buyer. */
export interface Till {
  screen: TillScreen;
  hand_over_goods: boolean;
  may_start_another: boolean;
  hide_qr: boolean;
  seconds_left: number | null;
  message: CashierText;
}

export interface TillInput {
  status: PaymentStatus;
  /** Type of the payment's `next_action`; null where there is none: the buyer confirms in an app. */
  nextAction?: string | null | undefined;
  late?: boolean | undefined;
  cancel?: { result: 'pending' | 'done' | 'refused' | 'not_possible' } | null | undefined;
  failureKey?: CashierKey | null | undefined;
  /** End of the stage that is shown to the buyer, epoch ms. */
  expiresAtMs?: number | null | undefined;
  nowMs: number;
}

/** What makes a row apply besides the status. `usual` rows apply when no other row of that status does. */
export type TillSituation = 'usual' | 'cancel_requested' | 'time_over' | 'late' | 'next_action';

export interface TillRow {
  status: PaymentStatus;
  situation: TillSituation;
  /** Only in rows of the situation `next_action`; null: any. */
  next_action: string | null;
  screen: TillScreen;
  hand_over_goods: boolean;
  may_start_another: boolean;
  hide_qr: boolean;
  /** For `declined` and `failed` the provider's own reason replaces it where there is one. */
  message: CashierKey;
}

type TillAnswer = Omit<TillRow, 'status' | 'situation' | 'next_action'>;

function answer(
  screen: TillScreen,
  message: CashierKey,
  allowed: Partial<Omit<TillAnswer, 'screen' | 'message'>> = {},
): TillAnswer {
  return { screen, hand_over_goods: false, may_start_another: false, hide_qr: true, message, ...allowed };
}

const USUAL: Readonly<Record<PaymentStatus, TillAnswer>> = {
  created: answer('wait', 'wait'),
  requires_customer: answer('confirm_in_app', 'confirm_in_app'),
  requires_amount: answer('enter_amount', 'enter_amount'),
  processing: answer('confirm_in_app', 'confirm_in_app'),
  succeeded: answer('paid', 'paid', { hand_over_goods: true, may_start_another: true }),
  declined: answer('not_paid', 'declined', { may_start_another: true }),
  canceled: answer('not_paid', 'canceled', { may_start_another: true }),
  expired: answer('not_paid', 'expired', { may_start_another: true }),
  failed: answer('not_paid', 'failed', { may_start_another: true }),
  unknown: answer('call_admin', 'unknown_ask_admin'),
};

// A cancel is only a request: until the payment has ended the buyer may still confirm, so the till waits.
const CANCEL_REQUESTED = answer('wait', 'cancel_pending');

/** Looked through in this order before the usual answer. */
const SPECIAL: readonly TillRow[] = [
  { status: 'created', situation: 'cancel_requested', next_action: null, ...CANCEL_REQUESTED },
  { status: 'requires_customer', situation: 'cancel_requested', next_action: null, ...CANCEL_REQUESTED },
  { status: 'requires_amount', situation: 'cancel_requested', next_action: null, ...CANCEL_REQUESTED },
  { status: 'processing', situation: 'cancel_requested', next_action: null, ...CANCEL_REQUESTED },
  // A dead QR is taken away at once (Kaspi QR v3.9, life of a purchase), although the last question to the bank is still
  // to be asked; until it is answered nothing else may start.
  { status: 'requires_customer', situation: 'time_over', next_action: null, ...answer('wait', 'wait') },
  {
    status: 'requires_customer',
    situation: 'next_action',
    next_action: 'show_qr',
    ...answer('show_qr', 'show_qr', { hide_qr: false }),
  },
  {
    status: 'requires_customer',
    situation: 'next_action',
    next_action: 'open_link',
    ...answer('show_link', 'show_link', { hide_qr: false }),
  },
  {
    status: 'requires_customer',
    situation: 'next_action',
    next_action: 'wait_invoice',
    ...answer('wait', 'invoice_sent'),
  },
  // Late money: the till was told "not paid" before, so the buyer may have left, paid in cash or with a second code, and
  // the chain's policy may be sending the money back at this moment. Handing over the goods could give them away, and
  // charging again for this sale could take the money twice. Only a person can see which; the goods wait for that person.
  { status: 'succeeded', situation: 'late', next_action: null, ...answer('call_admin', 'paid_late') },
];

/** The published table: first match from the top, the `usual` rows last. */
export const TILL_TABLE: readonly TillRow[] = [
  ...SPECIAL,
  ...PAYMENT_STATUSES.map((status): TillRow => ({ status, situation: 'usual', next_action: null, ...USUAL[status] })),
];

/** Reasons that may stand on a screen `not_paid`. A text that says "paid" or "wait" there would contradict the screen. */
const NOT_PAID_REASONS: ReadonlySet<CashierKey> = new Set<CashierKey>([
  'declined',
  'expired',
  'canceled',
  'failed',
  'not_started',
  'provider_overloaded',
  'desk_setup',
  'wrong_amount',
  'no_payment_methods',
  'provider_unavailable',
  'limit_exceeded',
]);

export function tillOf(input: TillInput): Till {
  const row = SPECIAL.find((special) => applies(special, input)) ?? USUAL[input.status];
  return {
    screen: row.screen,
    hand_over_goods: row.hand_over_goods,
    may_start_another: row.may_start_another,
    hide_qr: row.hide_qr,
    seconds_left: secondsLeft(input),
    message: cashierText(messageKey(row.message, input)),
  };
}

function applies(row: TillRow, input: TillInput): boolean {
  if (row.status !== input.status) return false;
  switch (row.situation) {
    case 'usual':
      return true;
    case 'cancel_requested':
      return input.cancel !== null && input.cancel !== undefined;
    case 'time_over':
      return typeof input.expiresAtMs === 'number' && input.expiresAtMs <= input.nowMs;
    case 'late':
      return input.late === true;
    case 'next_action':
      return row.next_action === input.nextAction;
  }
}

/** Reasons that tell the cashier more than that nobody knows, with the same screen. */
const UNKNOWN_REASONS: ReadonlySet<CashierKey> = new Set<CashierKey>(['invoice_unknown']);

function messageKey(usual: CashierKey, input: TillInput): CashierKey {
  const reason = input.failureKey;
  if (input.status === 'unknown') return reason && UNKNOWN_REASONS.has(reason) ? reason : usual;
  const mayNameReason = input.status === 'failed' || input.status === 'declined';
  return mayNameReason && reason !== null && reason !== undefined && NOT_PAID_REASONS.has(reason) ? reason : usual;
}

/** Rounded down: a buyer must never be promised a second that the bank does not give. */
function secondsLeft({ status, expiresAtMs, nowMs }: TillInput): number | null {
  if (typeof expiresAtMs !== 'number' || isFinal(status) || status === 'unknown') return null;
  return Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000));
}
