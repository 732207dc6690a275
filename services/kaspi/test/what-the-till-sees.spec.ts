import { describe, expect, it } from '@jest/globals';
import { type CashierKey, cashierText, refundTillOf, tillOf } from '@tolem/domain';
import { type KaspiAnswer, readAnswer } from '../src/client/kaspi-answer.ts';
import { invoiceVerdict, returnVerdict } from '../src/client/verdicts.ts';
import { noData } from '../src/client/wire.ts';
import { failureOfAnswer } from '../src/answers/failures.ts';
import { refundFailure } from '../src/refunds/kaspi-refunds.ts';

interface Row {
  /** The first is the canonical one. */
  readonly spellings: readonly string[];
  /** What the cashier reads of a payment, and of a refund. */
  readonly till: CashierKey;
  readonly refundTill: CashierKey;
  /** After `payment/return` and after `remote/create`: whether the effect may have happened. */
  readonly refund: 'no' | 'doubt';
  readonly invoice: 'no' | 'doubt';
}

// Written from the bank's appendix, both forms of it, and the rules about lost answers; not from the tables under test.
const ROWS: readonly Row[] = [
  row('-999', 'provider_unavailable', 'refund_failed', 'doubt', 'doubt'),
  row('-10000', 'desk_setup', 'desk_setup', 'doubt', 'no'),
  row('-1501', 'desk_setup', 'desk_setup', 'no', 'no'),
  row('-1502', 'desk_setup', 'desk_setup', 'no', 'no'),
  row('-1503', 'desk_setup', 'desk_setup', 'doubt', 'no'),
  row('-1601 "- 1601"', 'failed', 'refund_not_possible', 'no', 'doubt'),
  row('-14000002', 'desk_setup', 'desk_setup', 'doubt', 'no'),
  row('-99000001 -990000001', 'failed', 'refund_not_possible', 'no', 'doubt'),
  row('-99000002 -990000002 "- 990000002"', 'desk_setup', 'desk_setup', 'no', 'no'),
  row('-99000003 -990000003', 'failed', 'refund_other_trade_point', 'no', 'doubt'),
  row('-99000005 -990000005', 'wrong_amount', 'refund_too_much', 'no', 'doubt'),
  row('-99000006 -990000006', 'provider_unavailable', 'refund_failed', 'doubt', 'doubt'),
  row('-99000011 -990000011', 'failed', 'refund_not_possible', 'no', 'doubt'),
  row('-99000020 -990000020', 'failed', 'refund_only_whole', 'no', 'doubt'),
  row('990000018 9900000018', 'desk_setup', 'desk_setup', 'no', 'no'),
  row('990000026 9900000026', 'desk_setup', 'desk_setup', 'doubt', 'no'),
  row('990000028 9900000028', 'wrong_amount', 'refund_failed', 'doubt', 'no'),
  row('990000033 9900000033', 'no_payment_methods', 'refund_failed', 'doubt', 'no'),
  row('-1401', 'failed', 'refund_failed', 'doubt', 'doubt'),
  row('-1404', 'failed', 'refund_failed', 'doubt', 'doubt'),
  row('99000010', 'failed', 'refund_failed', 'doubt', 'doubt'),
  row('990000029 9900000029', 'failed', 'refund_failed', 'doubt', 'doubt'),
  row('990000031 9900000031', 'failed', 'refund_failed', 'doubt', 'doubt'),
  row('990000032 9900000032', 'failed', 'refund_failed', 'doubt', 'doubt'),
  row('-77777', 'failed', 'refund_failed', 'doubt', 'doubt'),
];

/** Spellings apart by spaces, those with a space inside in quotes. */
function row(
  spellings: string,
  till: CashierKey,
  refundTill: CashierKey,
  refund: Row['refund'],
  invoice: Row['invoice'],
): Row {
  return { spellings: spellings.match(/"[^"]+"|\S+/g) ?? [], till, refundTill, refund, invoice };
}

/** As JSON number and as JSON text, in either casing of the names. */
function bodiesOf(spelling: string): string[] {
  const text = spelling.startsWith('"') ? spelling : `"${spelling}"`;
  const asText = `{"data":null,"statusCode":${text},"message":"слова банка"}`;
  return spelling.startsWith('"') ? [asText] : [`{"StatusCode":${spelling},"Message":"слова банка"}`, asText];
}

const CASES = ROWS.flatMap((expected) =>
  expected.spellings.flatMap((spelling) => bodiesOf(spelling).map((body) => [body, expected] as const)),
);

function heard(body: string): Exclude<KaspiAnswer<null>, { is: 'ok' }> {
  const answer = readAnswer({ kind: 'answered', status: 200, headers: {}, body, ms: 1 }, noData);
  if (answer.is === 'ok') throw new Error('a refusal was taken for success');
  return answer;
}

/** Nothing is handed over, and whoever is told that it failed may try anew. */
const FAILED = { hand_over_goods: false, may_start_another: true, hide_qr: true, seconds_left: null };
const IN_THREE_LANGUAGES = expect.objectContaining({
  ru: expect.stringMatching(/.{6}/),
  kk: expect.stringMatching(/.{6}/),
  en: expect.stringMatching(/.{6}/),
});
const nowMs = Date.UTC(2026, 1, 11);

describe('a StatusCode of the bank, however it is written', () => {
  it.each(CASES)('%s: the till of a payment gets its text, beside the canonical code', (body, expected) => {
    const failure = failureOfAnswer(heard(body));
    expect(failure).toMatchObject({
      provider_code: expected.spellings[0],
      provider_message: 'слова банка',
      cashier_key: expected.till,
    });
    const till = tillOf({ status: 'failed', failureKey: failure.cashier_key as CashierKey, nowMs });
    expect(till).toEqual({ ...FAILED, screen: 'not_paid', message: cashierText(expected.till) });
    expect(till.message).toEqual(IN_THREE_LANGUAGES);
  });

  it.each(CASES)('%s: the till of a refund gets words of a refund, beside the canonical code', (body, expected) => {
    const failure = refundFailure(heard(body));
    expect(failure).toMatchObject({
      provider_code: expected.spellings[0],
      provider_message: 'слова банка',
      cashier_key: expected.refundTill,
    });
    const till = refundTillOf({ status: 'failed', failureKey: failure.cashier_key as CashierKey, nowMs });
    expect(till).toEqual({ ...FAILED, screen: 'not_refunded', message: cashierText(expected.refundTill) });
    expect(till.message).toEqual(IN_THREE_LANGUAGES);
  });

  it.each(CASES)('%s: a refund and an invoice are given up only on proof', (body, expected) => {
    const answer = heard(body);
    expect(returnVerdict(answer)).toBe(expected.refund === 'no' ? 'not_performed' : 'in_doubt');
    expect(invoiceVerdict(answer)).toBe(expected.invoice === 'no' ? 'not_performed' : 'in_doubt');
  });
});

describe('a refund that the scheme cannot make', () => {
  // The bank's five steps (Kaspi QR v3.9 §2.4): the refund in the app, the buyer's scan, the purchase, the sum.
  it.each([
    ['ru', /приложени.*возврат.*сканирует код.*покупк.*сумма.*отметьте/],
    ['kk', /қосымша.*қайтару.*кодты сканерлейді.*сатып алу.*сома.*белгілеңіз/],
    ['en', /app.*refund.*scans the code.*purchase.*sum.*record it/],
  ] as const)('tells the cashier the steps by hand, in their order: %s', (language, steps) => {
    expect(cashierText('refund_by_hand')[language]).toMatch(steps);
  });
});
