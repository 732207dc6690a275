import { describe, expect, it } from '@jest/globals';
import { CASHIER_KEYS } from '@tolem/domain';
import fc from 'fast-check';
import { codeOf, CONFIGURABLE_CLASSES, KASPI_CODES } from './codes.ts';
import type { KaspiCode, KaspiCodeClass } from './codes.ts';

type Expected = readonly [
  spelling: string,
  canonical: string,
  kind: KaspiCodeClass,
  api: string,
  key: KaspiCode['cashierKey'],
  text: string,
];

// Written from the bank's appendix, not from the table under test; `text` is how the bank's sentence begins.
const EXPECTED: readonly Expected[] = [
  ['0', '0', 'success', 'success', null, 'Успешный статус операции'],
  ['-999', '-999', 'temporary', 'service_unavailable', 'provider_unavailable', 'Сервис временно недоступен'],
  ['-10000', '-10000', 'setup', 'client_certificate_missing', 'desk_setup', 'Отсутствует сертификат клиента'],
  ['-1501', '-1501', 'setup', 'device_not_found', 'desk_setup', 'Устройство с заданным идентификатором не найдено'],
  ['-1502', '-1502', 'setup', 'device_inactive', 'desk_setup', 'Устройство не активно (отключено или удалено)'],
  [
    '-1503',
    '-1503',
    'setup',
    'device_in_another_trade_point',
    'desk_setup',
    'Устройство уже добавлено в другую торговую точку',
  ],
  ['-1601', '-1601', 'request', 'purchase_not_found', 'failed', 'Покупка не найдена'],
  ['- 1601', '-1601', 'request', 'purchase_not_found', 'failed', 'Покупка не найдена'],
  [
    '-14000002',
    '-14000002',
    'setup',
    'no_trade_points',
    'desk_setup',
    'Отсутствуют торговые точки, необходимо создать',
  ],
  [
    '-99000001',
    '-99000001',
    'request',
    'purchase_not_found',
    'failed',
    'Покупка с заданным идентификатором не найдена',
  ],
  [
    '-990000001',
    '-99000001',
    'request',
    'purchase_not_found',
    'failed',
    'Покупка с заданным идентификатором не найдена',
  ],
  ['-99000002', '-99000002', 'setup', 'trade_point_not_found', 'desk_setup', 'Торговая точка не найдена'],
  ['-990000002', '-99000002', 'setup', 'trade_point_not_found', 'desk_setup', 'Торговая точка не найдена'],
  ['- 990000002', '-99000002', 'setup', 'trade_point_not_found', 'desk_setup', 'Торговая точка не найдена'],
  [
    '-99000003',
    '-99000003',
    'request',
    'purchase_of_another_trade_point',
    'failed',
    'Торговая точка покупки не соответствует',
  ],
  [
    '-990000003',
    '-99000003',
    'request',
    'purchase_of_another_trade_point',
    'failed',
    'Торговая точка покупки не соответствует',
  ],
  ['-99000005', '-99000005', 'request', 'refund_exceeds_purchase', 'wrong_amount', 'Сумма возврата не может превышать'],
  [
    '-990000005',
    '-99000005',
    'request',
    'refund_exceeds_purchase',
    'wrong_amount',
    'Сумма возврата не может превышать',
  ],
  [
    '-99000006',
    '-99000006',
    'temporary',
    'refund_error',
    'provider_unavailable',
    'Ошибка возврата, необходимо попробовать',
  ],
  [
    '-990000006',
    '-99000006',
    'temporary',
    'refund_error',
    'provider_unavailable',
    'Ошибка возврата, необходимо попробовать',
  ],
  ['-99000011', '-99000011', 'request', 'purchase_not_refundable', 'failed', 'Невозможно вернуть покупку'],
  ['-990000011', '-99000011', 'request', 'purchase_not_refundable', 'failed', 'Невозможно вернуть покупку'],
  ['-99000020', '-99000020', 'request', 'partial_refund_impossible', 'failed', 'Частичный возврат невозможен'],
  ['-990000020', '-99000020', 'request', 'partial_refund_impossible', 'failed', 'Частичный возврат невозможен'],
  ['990000018', '990000018', 'setup', 'trade_point_disabled', 'desk_setup', 'Торговая точка отключена'],
  ['9900000018', '990000018', 'setup', 'trade_point_disabled', 'desk_setup', 'Торговая точка отключена'],
  ['990000026', '990000026', 'setup', 'qr_not_accepted', 'desk_setup', 'Торговая точка не принимает оплату с QR'],
  ['9900000026', '990000026', 'setup', 'qr_not_accepted', 'desk_setup', 'Торговая точка не принимает оплату с QR'],
  ['990000028', '990000028', 'request', 'wrong_amount', 'wrong_amount', 'Указана неверная сумма операции'],
  ['9900000028', '990000028', 'request', 'wrong_amount', 'wrong_amount', 'Указана неверная сумма операции'],
  ['990000033', '990000033', 'setup', 'no_payment_methods', 'no_payment_methods', 'Нет доступных методов оплаты'],
  ['9900000033', '990000033', 'setup', 'no_payment_methods', 'no_payment_methods', 'Нет доступных методов оплаты'],
];

const WITHOUT_TEXT: readonly (readonly [string, string])[] = [
  ['-1401', '-1401'],
  ['-1404', '-1404'],
  ['99000010', '99000010'],
  ['990000029', '990000029'],
  ['9900000029', '990000029'],
  ['990000031', '990000031'],
  ['9900000031', '990000031'],
  ['990000032', '990000032'],
  ['9900000032', '990000032'],
];

describe('StatusCode values of the bank', () => {
  it.each(EXPECTED)('%s is read as %s: %s, %s', (spelling, canonical, kind, apiCode, cashierKey, text) => {
    const code = codeOf(spelling);
    expect(code).toMatchObject({ statusCode: canonical, class: kind, apiCode, cashierKey });
    expect(code.bankText?.startsWith(text)).toBe(true);
    expect(code.english).toMatch(/^[a-z]/);
  });

  it.each(WITHOUT_TEXT)('%s is recognised as %s, its meaning stays unknown', (spelling, canonical) => {
    expect(codeOf(spelling)).toMatchObject({
      statusCode: canonical,
      class: 'unlisted',
      bankText: null,
      cashierKey: 'failed',
    });
  });

  it('the table holds the codes of the appendix and of the method lists, each once, and no other', () => {
    const canonical = new Set([...EXPECTED, ...WITHOUT_TEXT].map((row) => row[1]));
    expect(KASPI_CODES.map((code) => code.statusCode).sort()).toEqual([...canonical].sort());
  });

  it('only -1501 and -1502 ask for registering the device again', () => {
    const cured = KASPI_CODES.filter((code) => code.registerDeviceAgain).map((code) => code.statusCode);
    expect(cured).toEqual(['-1501', '-1502']);
  });

  it('every cashier key has a text and only success has none', () => {
    for (const code of KASPI_CODES) {
      if (code.cashierKey === null) expect(code.class).toBe('success');
      else expect(CASHIER_KEYS).toContain(code.cashierKey);
    }
  });

  it.each(KASPI_CODES.filter((code) => code.class !== 'success'))(
    '$statusCode tells an administrator in three languages what to do',
    ({ adminText }) => {
      const { ru = '', kk = '', en = '' } = adminText ?? {};
      for (const text of [ru, kk, en]) {
        expect(text).toMatch(/^\S.{40,200}[^.\s]$/);
        // What is wrong, then what to do about it.
        expect(text).toMatch(/[.;] /);
      }
      expect(ru).toMatch(/^[А-ЯЁ]/);
      expect(ru).not.toMatch(/[әғқңөұүһі]/i);
      expect(kk).toMatch(/^[А-ЯӘҒҚҢӨҰҮҺІ]/);
      expect(kk).toMatch(/[әғқңөұүһі]/i);
      expect(en).toMatch(/^[\x20-\x7e]+$/);
    },
  );

  it('two codes that differ in what to do differ in their texts, and success has none', () => {
    const explained = KASPI_CODES.filter((code) => code.class !== 'success' && code.class !== 'unlisted');
    expect(new Set(explained.map((code) => code.adminText?.en)).size).toBe(explained.length);
    expect(codeOf('0').adminText).toBeNull();
  });

  it('a code that nobody lists tells the administrator to ask the bank', () => {
    expect(codeOf('-77777').adminText?.en).toContain('Kaspi Pay support');
  });

  it.each([
    [' 0 ', '0'],
    ['-0', '0'],
    ['000', '0'],
    ['+990000018', '990000018'],
    ['-01501', '-1501'],
    ['\u22121601', '-1601'],
    ['\u2013 1601', '-1601'],
  ])('spaces, zeros and typographic signs do not matter: %j is %s', (spelling, canonical) => {
    expect(codeOf(spelling)).toMatchObject({ statusCode: canonical });
    expect(codeOf(spelling).class).not.toBe('unlisted');
  });

  it.each(['-99000018', '99000033', '999', '1501', '-15010', '', '-', 'null', 'constructor', '1e3', '0x0', '0.0'])(
    'a value that is not the bank’s is unlisted, never success: %j',
    (spelling) => {
      expect(codeOf(spelling)).toMatchObject({
        class: 'unlisted',
        apiCode: 'unlisted_provider_code',
        cashierKey: 'failed',
      });
    },
  );

  it.each([
    ['temporary', 'provider_unavailable'],
    ['setup', 'desk_setup'],
    ['request', 'failed'],
  ] as const)('configuration explains a code that the document does not as %s', (kind, cashierKey) => {
    for (const code of ['-77777', '-1401', '990000031']) {
      expect(codeOf(code, { [code]: kind })).toMatchObject({
        statusCode: code,
        class: kind,
        cashierKey,
        apiCode: 'unlisted_provider_code',
        isConfigured: true,
        registerDeviceAgain: false,
      });
    }
    expect(codeOf('9900000031', { '990000031': kind }).class).toBe(kind);
    expect(codeOf('-77778', { '-77777': kind })).toEqual(codeOf('-77778'));
  });

  it.each(KASPI_CODES.filter((code) => code.class !== 'unlisted'))(
    'configuration changes nothing about $statusCode, which the document describes',
    (code) => {
      const said = CONFIGURABLE_CLASSES.map((kind) => codeOf(code.statusCode, { [code.statusCode]: kind }));
      expect(said).toEqual(said.map(() => code));
    },
  );

  it('names of the language are no codes that configuration explains', () => {
    expect(codeOf('constructor', {})).toMatchObject({ class: 'unlisted', isConfigured: false });
  });

  it('codes beyond 2^53 keep every digit', () => {
    expect(codeOf('9007199254740993').statusCode).toBe('9007199254740993');
    expect(codeOf('-9223372036854775808').statusCode).toBe('-9223372036854775808');
  });

  it('any text is answered within bounds, and only zero is success', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.bigInt().map(String), fc.integer().map(String)), (text) => {
        const code = codeOf(text);
        expect(code.statusCode.length).toBeLessThanOrEqual(32);
        if (code.class === 'success') expect(text.replace(/\s/g, '')).toMatch(/^[+-\u2010-\u2015\u2212]?0+$/);
      }),
    );
  });
});
