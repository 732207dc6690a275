import { describe, expect, it } from '@jest/globals';
import { cashierText } from './cashier-texts.ts';
import { REFUND_STATUSES } from './refund-status.ts';
import { refundTillOf } from './refund-till.ts';

const NOW_MS = Date.UTC(2026, 10, 22);

describe('the till of a refund', () => {
  it.each([
    ['pending', null, 'wait', 'refund_wait', false, true],
    ['requires_customer', 'show_qr', 'show_qr', 'refund_show_qr', false, false],
    ['requires_customer', 'choose_purchase', 'choose_purchase', 'refund_choose', false, true],
    ['requires_customer', 'a_step_of_tomorrow', 'wait', 'refund_wait', false, true],
    ['processing', null, 'wait', 'refund_wait', false, true],
    ['succeeded', null, 'refunded', 'refunded', true, true],
    ['failed', null, 'not_refunded', 'refund_failed', true, true],
    ['canceled', null, 'not_refunded', 'refund_canceled', true, true],
    ['unknown', null, 'call_admin', 'refund_unknown', false, true],
  ] as const)('%s with next action %s shows %s', (status, nextAction, screen, key, another, hideQr) => {
    expect(refundTillOf({ status, nextAction, nowMs: NOW_MS })).toEqual({
      screen,
      hand_over_goods: false,
      may_start_another: another,
      hide_qr: hideQr,
      seconds_left: null,
      message: cashierText(key),
    });
  });

  it.each(REFUND_STATUSES)('never tells to hand goods over, nor to refund again while money may move: %s', (status) => {
    const till = refundTillOf({ status, nowMs: NOW_MS });
    expect(till.hand_over_goods).toBe(false);
    expect(till.may_start_another).toBe(['succeeded', 'failed', 'canceled'].includes(status));
  });

  it('takes a dead code away at once', () => {
    const till = refundTillOf({
      status: 'requires_customer',
      nextAction: 'show_qr',
      expiresAtMs: NOW_MS,
      nowMs: NOW_MS,
    });
    expect(till).toMatchObject({ screen: 'wait', hide_qr: true, seconds_left: 0 });
  });

  it('names the reason of a failure, and of a failure alone', () => {
    const failureKey = 'refund_other_trade_point';
    expect(refundTillOf({ status: 'failed', failureKey, nowMs: NOW_MS }).message).toEqual(cashierText(failureKey));
    expect(refundTillOf({ status: 'succeeded', failureKey, nowMs: NOW_MS }).message).toEqual(cashierText('refunded'));
  });
});
