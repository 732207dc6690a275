import { describe, expect, it } from '@jest/globals';
import { failureSchema } from '@tolem/contracts';
import { CASHIER_KEYS } from '@tolem/domain';
import { CODES, lost, LOST_REASONS, notSent, notSentReasons, refused } from '../../test/bank-answers.ts';
import type { KaspiLost } from '../client/kaspi-answer.ts';
import { codeOf } from './codes.ts';
import { failureOfAnswer, isMisconfigured } from './failures.ts';

const ALL = Object.values(CODES).flat();
const ANSWERS = [
  ...ALL.map((code) => refused(code, 'x'.repeat(500))),
  ...LOST_REASONS.map(lost),
  ...notSentReasons('set_up', 'certificate', 'way').map(notSent),
];

describe('what the chain and the cashier hear of a failure', () => {
  it('every failure fits into its message and has a text for the cashier', () => {
    for (const answer of ANSWERS) {
      const failure = failureOfAnswer(answer);
      expect(failureSchema.safeParse(failure).success).toBe(true);
      expect(CASHIER_KEYS).toContain(failure.cashier_key);
    }
  });

  it.each(ALL)('%s is told with the bank’s code under a stable name', (code) => {
    const { apiCode, cashierKey, adminText } = codeOf(code);
    expect(failureOfAnswer(refused(code, 'слова банка'))).toEqual({
      code: apiCode,
      provider_code: code,
      provider_message: 'слова банка',
      cashier_key: cashierKey,
      admin_text: adminText,
    });
  });

  it('the document’s sentence stands in where the bank sent none', () => {
    expect(failureOfAnswer(refused('990000033')).provider_message).toBe('Нет доступных методов оплаты');
    expect(failureOfAnswer(refused('-1401')).provider_message).toBeNull();
  });

  it('a code that came with a bad HTTP status is told as a hint; the failure stays "unavailable"', () => {
    const answer: KaspiLost = { ...lost('http_status'), code: codeOf('-1501'), message: 'нет', httpStatus: 500 };
    expect(failureOfAnswer(answer)).toEqual({
      code: 'provider_unavailable',
      provider_code: '-1501',
      provider_message: 'нет',
      cashier_key: 'provider_unavailable',
    });
  });

  it.each([
    ['proxy_unavailable', 'egress_proxy_unavailable'],
    ['source_address_unavailable', 'egress_source_address_unavailable'],
  ] as const)(
    'our own way out is told apart from the bank: %s is %s, with what to do in three languages',
    (reason, code) => {
      const failure = failureOfAnswer(notSent(reason));
      expect(failure).toMatchObject({ code, cashier_key: 'provider_unavailable' });
      expect(Object.keys(failure.admin_text ?? {})).toEqual(['ru', 'kk', 'en']);
      expect(isMisconfigured(notSent(reason))).toBe(false);
    },
  );

  it.each([...notSentReasons('certificate').map(notSent), lost('tls_alert')])(
    'a handshake that ends over a certificate ($is, $reason) is for the administrator, with what to do in three languages',
    (answer) => {
      const failure = failureOfAnswer(answer);
      expect(failure).toMatchObject({ code: 'certificate_refused', cashier_key: 'desk_setup' });
      expect(Object.keys(failure.admin_text ?? {})).toEqual(['ru', 'kk', 'en']);
    },
  );

  it('a handshake that is cut without a word says both what it may be, and the cashier may try again', () => {
    const failure = failureOfAnswer(notSent('tls_aborted'));
    expect(failure).toMatchObject({ code: 'provider_unavailable', cashier_key: 'provider_unavailable' });
    expect(Object.keys(failure.admin_text ?? {})).toEqual(['ru', 'kk', 'en']);
  });

  it('only what the log needs of a transport problem stays in the log', () => {
    for (const answer of [...LOST_REASONS.map(lost), ...notSentReasons('certificate', 'way').map(notSent)]) {
      expect(failureOfAnswer(answer).provider_message).toBeNull();
    }
  });

  it('no repeat helps where our own settings are wrong, and a repeat may help everywhere else', () => {
    expect(notSentReasons('set_up', 'certificate', 'way').filter((reason) => isMisconfigured(notSent(reason)))).toEqual(
      notSentReasons('set_up'),
    );
    expect([...LOST_REASONS.map(lost), ...ALL.map((code) => refused(code))].some(isMisconfigured)).toBe(false);
  });
});
