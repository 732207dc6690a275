import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CASHIER_KEYS, cashierText } from './cashier-texts.ts';
import { PAYMENT_STATUSES, isClosedUnpaid } from './payment-status.ts';
import { TILL_SCREENS, TILL_TABLE, type TillInput, tillOf } from './till.ts';

const NOW_MS = Date.UTC(2026, 10, 22);

function till(input: Partial<TillInput>) {
  return tillOf({ status: 'created', nextAction: 'show_qr', nowMs: NOW_MS, ...input });
}

const anyInput: fc.Arbitrary<TillInput> = fc.record({
  status: fc.constantFrom(...PAYMENT_STATUSES),
  nextAction: fc.constantFrom('show_qr', 'open_link', 'wait_invoice', 'another', null),
  late: fc.boolean(),
  cancel: fc.option(fc.record({ result: fc.constantFrom('pending', 'done', 'refused', 'not_possible') })),
  failureKey: fc.option(fc.constantFrom(...CASHIER_KEYS)),
  expiresAtMs: fc.option(fc.integer({ min: NOW_MS - 600_000, max: NOW_MS + 600_000 })),
  nowMs: fc.constant(NOW_MS),
});

describe('the till, step by step', () => {
  it.each([
    ['created', 'wait', 'wait', false, false, true],
    ['requires_customer', 'show_qr', 'show_qr', false, false, false],
    ['requires_amount', 'enter_amount', 'enter_amount', false, false, true],
    ['processing', 'confirm_in_app', 'confirm_in_app', false, false, true],
    ['succeeded', 'paid', 'paid', true, true, true],
    ['declined', 'not_paid', 'declined', false, true, true],
    ['canceled', 'not_paid', 'canceled', false, true, true],
    ['expired', 'not_paid', 'expired', false, true, true],
    ['failed', 'not_paid', 'failed', false, true, true],
    ['unknown', 'call_admin', 'unknown_ask_admin', false, false, true],
  ] as const)('%s of a QR payment shows %s', (status, screen, key, goods, another, hideQr) => {
    expect(till({ status })).toEqual({
      screen,
      hand_over_goods: goods,
      may_start_another: another,
      hide_qr: hideQr,
      seconds_left: null,
      message: cashierText(key),
    });
  });

  it.each([
    ['show_qr', 'show_qr', false],
    ['open_link', 'show_link', false],
    ['wait_invoice', 'wait', true],
    ['koshelek', 'confirm_in_app', true],
    ['a_provider_of_tomorrow', 'confirm_in_app', true],
  ])('a buyer who is to act by %s is led by %s', (nextAction, screen, hideQr) => {
    expect(till({ status: 'requires_customer', nextAction })).toMatchObject({ screen, hide_qr: hideQr });
  });

  it.each(['created', 'requires_customer', 'requires_amount', 'processing'] as const)(
    'a requested cancel of a payment in %s hides the QR and lets nothing else start',
    (status) => {
      expect(till({ status, cancel: { result: 'pending' } })).toMatchObject({
        screen: 'wait',
        hand_over_goods: false,
        may_start_another: false,
        hide_qr: true,
        message: cashierText('cancel_pending'),
      });
    },
  );

  it('a cancel that came too late for a paid one changes nothing: the goods are paid', () => {
    expect(till({ status: 'succeeded', cancel: { result: 'refused' } })).toMatchObject({
      screen: 'paid',
      hand_over_goods: true,
    });
  });

  it('late money hands over nothing and charges nothing until the administrator has looked', () => {
    expect(till({ status: 'succeeded', late: true })).toMatchObject({
      screen: 'call_admin',
      hand_over_goods: false,
      may_start_another: false,
      message: cashierText('paid_late'),
    });
  });

  it('a QR whose time is over is hidden while the last question to the bank is out', () => {
    expect(till({ status: 'requires_customer', expiresAtMs: NOW_MS + 1 })).toMatchObject({ screen: 'show_qr' });
    expect(till({ status: 'requires_customer', expiresAtMs: NOW_MS })).toMatchObject({
      screen: 'wait',
      hide_qr: true,
      may_start_another: false,
      seconds_left: 0,
    });
  });

  it('a failure names its reason', () => {
    expect(till({ status: 'failed', failureKey: 'no_payment_methods' }).message).toEqual(
      cashierText('no_payment_methods'),
    );
    expect(till({ status: 'declined', failureKey: 'wrong_amount' }).message).toEqual(cashierText('wrong_amount'));
  });

  it('a reason that contradicts the screen is not shown', () => {
    for (const failureKey of ['paid', 'paid_late', 'show_qr', 'wait', 'unknown_ask_admin'] as const) {
      expect(till({ status: 'failed', failureKey }).message).toEqual(cashierText('failed'));
    }
  });
});

describe('seconds_left', () => {
  it.each([
    [171_000, 171],
    [170_999, 170],
    [999, 0],
    [0, 0],
    [-5_000, 0],
  ])('with %d ms to go says %d', (leftMs, seconds) => {
    expect(till({ status: 'processing', expiresAtMs: NOW_MS + leftMs }).seconds_left).toBe(seconds);
  });

  it('is null without a timer, after the end and where nobody knows', () => {
    expect(till({ status: 'requires_customer' }).seconds_left).toBeNull();
    expect(till({ status: 'requires_customer', expiresAtMs: null }).seconds_left).toBeNull();
    for (const status of ['succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown'] as const) {
      expect(till({ status, expiresAtMs: NOW_MS + 60_000 }).seconds_left).toBeNull();
    }
  });
});

describe('whatever the state of a payment', () => {
  it('goods are handed over only for money that came in time, and the text says paid then and only then', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const shown = tillOf(input);
        const paidInTime = input.status === 'succeeded' && input.late !== true;
        expect(shown.hand_over_goods).toBe(paidInTime);
        expect(shown.screen === 'paid').toBe(paidInTime);
        expect(shown.message.en === cashierText('paid').en).toBe(paidInTime);
      }),
      { numRuns: 1_000 },
    );
  });

  it('another payment may start only when this one has ended unpaid or was paid in time', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const ended = isClosedUnpaid(input.status) || (input.status === 'succeeded' && input.late !== true);
        expect(tillOf(input).may_start_another).toBe(ended);
      }),
      { numRuns: 1_000 },
    );
  });

  it('an unknown invoice tells the cashier to ask the buyer for its code; other reasons change nothing', () => {
    const unknown = (failureKey: 'invoice_unknown' | 'declined') => till({ status: 'unknown', failureKey });
    expect(unknown('invoice_unknown')).toMatchObject({ screen: 'call_admin', message: cashierText('invoice_unknown') });
    expect(unknown('declined').message).toEqual(cashierText('unknown_ask_admin'));
  });

  it('a QR, of a code or of a link, is on the screen exactly when it is not to be hidden', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const shown = tillOf(input);
        expect(shown.hide_qr).toBe(shown.screen !== 'show_qr' && shown.screen !== 'show_link');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the published table', () => {
  it('has one usual row per status, after all the special ones', () => {
    const usual = TILL_TABLE.filter((row) => row.situation === 'usual').map((row) => row.status);
    expect(usual).toEqual([...PAYMENT_STATUSES]);
    expect(TILL_TABLE.slice(-usual.length).every((row) => row.situation === 'usual')).toBe(true);
  });

  it('is what tillOf answers: the first row that applies', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const row = TILL_TABLE.find(
          ({ status, situation, next_action }) =>
            status === input.status &&
            (situation === 'usual' ||
              (situation === 'cancel_requested' && Boolean(input.cancel)) ||
              (situation === 'late' && input.late === true) ||
              (situation === 'time_over' && input.expiresAtMs != null && input.expiresAtMs <= input.nowMs) ||
              (situation === 'next_action' && next_action === input.nextAction)),
        );
        expect(tillOf(input)).toMatchObject({
          screen: row?.screen,
          hand_over_goods: row?.hand_over_goods,
          may_start_another: row?.may_start_another,
          hide_qr: row?.hide_qr,
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('uses only published screens, and has no row that another one hides', () => {
    const keys = TILL_TABLE.map(({ status, situation, next_action }) => `${status}/${situation}/${next_action}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const row of TILL_TABLE) expect(TILL_SCREENS).toContain(row.screen);
  });
});
