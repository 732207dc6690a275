import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { readData as read } from '../../test/read-data.ts';
import { behaviorOptions, returnOptions } from './behavior-options.ts';
import { bankId } from './wire-values.ts';
import * as wire from './wire.ts';

const DEFAULTS = { statusPollingIntervalSeconds: 5, scanWaitTimeoutSeconds: 180, confirmationTimeoutSeconds: 65 };
const TOKEN = '10000000000000000000000000000000000000017';
const EMPTY_STATUS = {
  transactionId: null,
  amountMinor: null,
  productType: null,
  loanOfferName: null,
  loanTerm: null,
  isOffer: null,
  storeName: null,
  address: null,
  city: null,
};

describe('ids of the bank', () => {
  it.each([
    ['16600000017', '16600000017'],
    ['"16600000017"', '16600000017'],
    ['9007199254740993', '9007199254740993'],
    ['"9007199254740993"', '9007199254740993'],
    ['9223372036854775807', '9223372036854775807'],
    ['" 0041 "', '41'],
  ])('%s is read to the last digit', (json, id) => {
    expect(read(bankId, json)).toBe(id);
  });

  it.each(['0', '-1', '1.5', '1e30', '9223372036854775808', '"x"', '""', 'null', 'true', '[]', '{}'])(
    '%s is no id',
    (json) => {
      expect(read(bankId, json)).toBe('unreadable');
    },
  );

  it('any positive Int64 survives, as a number and as text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), (id) => {
        expect(read(bankId, String(id))).toBe(String(id));
        expect(read(bankId, `"${id}"`)).toBe(String(id));
      }),
    );
  });
});

describe('bounds that messages of ours have as well', () => {
  const list = (length: number): string =>
    JSON.stringify(Array.from({ length }, (_row, index) => ({ TradePointId: index + 1 })));

  it('a list of trade points that is longer than 5000 is not read, rather than by halves', () => {
    expect(read(wire.tradePointList, list(5_000))).toHaveLength(5_000);
    expect(read(wire.tradePointList, list(5_001))).toBe('unreadable');
  });

  it('a QR text beyond 500 characters is none', () => {
    const qr = (length: number): string => `{"QrToken":"${'1'.repeat(length)}","QrPaymentId":5}`;
    expect(read(wire.createdQr, qr(500))).toMatchObject({ qrToken: '1'.repeat(500) });
    expect(read(wire.createdQr, qr(501))).toBe('unreadable');
  });
});

describe('partner/tradepoints', () => {
  it('rows are read in any casing, extra fields ignored', () => {
    const json =
      '[{"TradePointId":41,"TradePointName":"Магазин (Абая, 10)"},{"tradePointId":"9007199254740993","x":[1]}]';
    expect(read(wire.tradePointList, json)).toEqual([
      { tradePointId: '41', tradePointName: 'Магазин (Абая, 10)' },
      { tradePointId: '9007199254740993', tradePointName: '' },
    ]);
    expect(read(wire.tradePointList, '[]')).toEqual([]);
  });

  it.each(['null', '{}', '[{"TradePointName":"x"}]', '[41]'])('%s is unreadable', (json) => {
    expect(read(wire.tradePointList, json)).toBe('unreadable');
  });
});

describe('device/register', () => {
  it.each([
    ['{"DeviceToken":"7f0c1d7e-1111-4222-8333-944445555666"}', '7f0c1d7e-1111-4222-8333-944445555666'],
    ['{"deviceToken":9007199254740993}', '9007199254740993'],
  ])('%s gives the token', (json, deviceToken) => {
    expect(read(wire.registeredDevice, json)).toEqual({ deviceToken });
  });

  it.each(['{}', 'null', '{"DeviceToken":""}', '{"DeviceToken":null}', '{"DeviceToken":true}'])(
    '%s is unreadable',
    (json) => {
      expect(read(wire.registeredDevice, json)).toBe('unreadable');
    },
  );
});

describe('qr/create', () => {
  it('the documented sample is read in full', () => {
    const json = `{"QrToken":"${TOKEN}","ExpireDate":"2026-02-11T09:08:00.000+05:00","QrPaymentId":16600000017,
      "PaymentMethods":["Gold","Red","Loan"],
      "QrPaymentBehaviorOptions":{"StatusPollingInterval":7,"QrCodeScanWaitTimeout":170,"PaymentConfirmationTimeout":60}}`;
    expect(read(wire.createdQr, json)).toEqual({
      qrToken: TOKEN,
      qrPaymentId: '16600000017',
      expiresAtMs: Date.UTC(2026, 1, 11, 4, 8),
      paymentMethods: ['Gold', 'Red', 'Loan'],
      options: { statusPollingIntervalSeconds: 7, scanWaitTimeoutSeconds: 170, confirmationTimeoutSeconds: 60 },
    });
  });

  it.each([
    '"QrPaymentBehaviorOptions":{"statusPollingInterval":1,"qrCodeScanWaitTimeout":30,"paymentConfirmationTimeout":15}',
    '"qrPaymentBehaviorOptions":{"StatusPollingInterval":"1","QrCodeScanWaitTimeout":"30","PaymentConfirmationTimeout":"15"}',
    '"PaymentBehaviorOptions":{"StatusPollingInterval":1,"LinkActivationWaitTimeout":30,"PaymentConfirmationTimeout":15}',
    '"paymentBehaviorOptions":{"statusPollingInterval":1,"qrCodeScanWaitTimeout":30,"paymentConfirmationTimeout":15}',
    '"QrPaymentBehaviorOptions":null,"PaymentBehaviorOptions":{"StatusPollingInterval":1,"QrCodeScanWaitTimeout":30,"PaymentConfirmationTimeout":15}',
  ])('the options are found under either name and in any casing: %.70s', (options) => {
    expect(read(wire.createdQr, `{"QrToken":"1","QrPaymentId":"5",${options}}`)).toMatchObject({
      options: { statusPollingIntervalSeconds: 1, scanWaitTimeoutSeconds: 30, confirmationTimeoutSeconds: 15 },
    });
  });

  it.each([
    '{}',
    '{"ExpireDate":7,"PaymentMethods":"Gold","QrPaymentBehaviorOptions":"x"}',
    '{"ExpireDate":"soon","PaymentMethods":null}',
  ])('nonsense beside the token and the id costs nothing but itself: %s', (rest) => {
    const json = JSON.stringify({
      QrToken: TOKEN,
      QrPaymentId: 5,
      ...z.record(z.string(), z.unknown()).parse(JSON.parse(rest)),
    });
    expect(read(wire.createdQr, json)).toEqual({
      qrToken: TOKEN,
      qrPaymentId: '5',
      expiresAtMs: null,
      paymentMethods: [],
      options: DEFAULTS,
    });
  });

  it('a token that arrives as a JSON number keeps all 41 digits', () => {
    expect(read(wire.createdQr, `{"QrToken":${TOKEN},"QrPaymentId":5}`)).toMatchObject({ qrToken: TOKEN });
  });

  it('unknown payment methods are kept, what is no text is left out, the list is bounded', () => {
    const methods = JSON.stringify([
      'BusinessAccount',
      7,
      null,
      '',
      'Crypto',
      ...Array.from({ length: 100 }, () => 'x'),
    ]);
    const created = read(wire.createdQr, `{"QrToken":"1","QrPaymentId":5,"PaymentMethods":${methods}}`);
    const list = created === 'unreadable' ? [] : created.paymentMethods;
    expect(list.slice(0, 3)).toEqual(['BusinessAccount', 'Crypto', 'x']);
    expect(list).toHaveLength(20);
  });

  it.each([
    '{"QrPaymentId":5}',
    '{"QrToken":"1"}',
    '{"QrToken":"","QrPaymentId":5}',
    '{"QrToken":"1","QrPaymentId":0}',
  ])('without a token or an id it is no QR: %s', (json) => {
    expect(read(wire.createdQr, json)).toBe('unreadable');
  });
});

describe('qr/create-link', () => {
  const LINK = `https://pay.kaspi.kz/pay/${TOKEN}`;

  it.each([
    `{"PaymentLink":"${LINK}","ExpireDate":"2026-02-11T09:08:00.000+05:00","PaymentId":9007199254740993,
      "PaymentMethods":["Gold"],
      "PaymentBehaviorOptions":{"StatusPollingInterval":7,"LinkActivationWaitTimeout":170,"PaymentConfirmationTimeout":60}}`,
    `{"paymentLink":" ${LINK} ","expireDate":"2026-02-11T9:08:00+05","paymentId":"9007199254740993",
      "paymentMethods":["Gold",null],
      "qrPaymentBehaviorOptions":{"statusPollingInterval":"7","linkActivationWaitTimeout":170,"paymentConfirmationTimeout":60}}`,
    `{"PaymentLink":"${LINK}","ExpireDate":"2026-02-11T09:08:00+05:00","PaymentId":9007199254740993,
      "PaymentMethods":["Gold"],
      "PaymentBehaviorOptions":{"StatusPollingInterval":7,"QrCodeScanWaitTimeout":170,"PaymentConfirmationTimeout":60}}`,
  ])('is read under its own names, in any casing, with the options under either: row %#', (json) => {
    expect(read(wire.createdLink, json)).toEqual({
      paymentLink: LINK,
      paymentId: '9007199254740993',
      expiresAtMs: Date.UTC(2026, 1, 11, 4, 8),
      paymentMethods: ['Gold'],
      options: { statusPollingIntervalSeconds: 7, scanWaitTimeoutSeconds: 170, confirmationTimeoutSeconds: 60 },
    });
  });

  it('nonsense beside the link and the id costs nothing but itself', () => {
    const json = `{"PaymentLink":"${LINK}","PaymentId":5,"ExpireDate":7,"PaymentMethods":"Gold","PaymentBehaviorOptions":[]}`;
    expect(read(wire.createdLink, json)).toEqual({
      paymentLink: LINK,
      paymentId: '5',
      expiresAtMs: null,
      paymentMethods: [],
      options: DEFAULTS,
    });
  });

  it.each([
    '{"PaymentId":5}',
    `{"PaymentLink":"${LINK}"}`,
    `{"PaymentLink":"${LINK}","QrPaymentId":5}`,
    `{"PaymentLink":"${LINK}","PaymentId":0}`,
    '{"PaymentLink":"javascript:alert(1)","PaymentId":5}',
    '{"PaymentLink":"http://pay.kaspi.kz/pay/1","PaymentId":5}',
    '{"PaymentLink":"10000","PaymentId":5}',
    `{"PaymentLink":"https://pay.kaspi.kz/pay/${'1'.repeat(500)}","PaymentId":5}`,
  ])('without a link that a buyer may be sent to, or without an id, it is none: %.80s', (json) => {
    expect(read(wire.createdLink, json)).toBe('unreadable');
  });
});

describe('timers of the bank', () => {
  it.each([
    [undefined, DEFAULTS],
    [{ statuspollinginterval: 0, qrcodescanwaittimeout: -1, paymentconfirmationtimeout: Number.NaN }, DEFAULTS],
    [{ statuspollinginterval: '', qrcodescanwaittimeout: 'soon', paymentconfirmationtimeout: [65] }, DEFAULTS],
    [{ statuspollinginterval: null, qrcodescanwaittimeout: true, paymentconfirmationtimeout: {} }, DEFAULTS],
    [
      { statuspollinginterval: 0.2, qrcodescanwaittimeout: 1, paymentconfirmationtimeout: 4.5 },
      { statusPollingIntervalSeconds: 1, scanWaitTimeoutSeconds: 1, confirmationTimeoutSeconds: 5 },
    ],
    [
      { statuspollinginterval: 5_000, qrcodescanwaittimeout: 180_000, paymentconfirmationtimeout: 2n ** 64n },
      { statusPollingIntervalSeconds: 3_600, scanWaitTimeoutSeconds: 86_400, confirmationTimeoutSeconds: 86_400 },
    ],
  ])('that are nonsense are replaced, and no code lives longer than a day: row %#', (options, expected) => {
    expect(behaviorOptions(options)).toEqual(expected);
  });

  it('are obeyed as they are sent, of a purchase, a link and a refund code', () => {
    const interval = fc.integer({ min: 1, max: 3_600 });
    const timer = fc.integer({ min: 1, max: 86_400 });
    fc.assert(
      fc.property(interval, timer, timer, (polling, activation, confirmation) => {
        const of = { statuspollinginterval: polling, paymentconfirmationtimeout: confirmation };
        const obeyed = {
          statusPollingIntervalSeconds: polling,
          scanWaitTimeoutSeconds: activation,
          confirmationTimeoutSeconds: confirmation,
        };
        expect(behaviorOptions({ ...of, qrcodescanwaittimeout: activation })).toEqual(obeyed);
        expect(behaviorOptions({ ...of, linkactivationwaittimeout: activation })).toEqual(obeyed);
        expect(returnOptions({ qrcodescaneventpollinginterval: polling, qrcodescanwaittimeout: activation })).toEqual({
          statusPollingIntervalSeconds: polling,
          scanWaitTimeoutSeconds: activation,
        });
      }),
    );
  });

  it('whatever is sent, the interval is 1 s to 1 h and the timers are 1 s to 24 h', () => {
    const anything = fc.oneof(fc.double(), fc.integer(), fc.bigInt(), fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(anything, anything, anything, (interval, scan, confirm) => {
        const options = behaviorOptions({
          statuspollinginterval: interval,
          qrcodescanwaittimeout: scan,
          paymentconfirmationtimeout: confirm,
        });
        const inside = (value: number, min: number, max: number) =>
          Number.isInteger(value) && value >= min && value <= max;
        expect(inside(options.statusPollingIntervalSeconds, 1, 3_600)).toBe(true);
        expect(inside(options.scanWaitTimeoutSeconds, 1, 86_400)).toBe(true);
        expect(inside(options.confirmationTimeoutSeconds, 1, 86_400)).toBe(true);
      }),
    );
  });
});

describe('payment/status', () => {
  it('v01 carries the word alone', () => {
    expect(read(wire.paymentStatus, '{"Status":"Wait"}')).toEqual({ status: 'Wait', ...EMPTY_STATUS });
  });

  it('v02 and v04 carry the rest', () => {
    const json = `{"status":"Processed","transactionId":"T-1","loanOfferName":"Red","loanTerm":3,"isOffer":false,
      "productType":"Gold","amount":1490.5,"storeName":"Магазин","address":"Абая, 10","city":"Алматы","x":{}}`;
    expect(read(wire.paymentStatus, json)).toEqual({
      status: 'Processed',
      transactionId: 'T-1',
      amountMinor: 149_050,
      productType: 'Gold',
      loanOfferName: 'Red',
      loanTerm: '3',
      isOffer: false,
      storeName: 'Магазин',
      address: 'Абая, 10',
      city: 'Алматы',
    });
  });

  it.each([
    ['1490', 149_000],
    ['1490.5', 149_050],
    ['"1490.00"', 149_000],
    ['"1 490 ₸"', 149_000],
    ['"1\u00a0490\u00a0₸"', 149_000],
    ['"1 ₸"', 100],
    ['"many"', null],
    ['-5', null],
    ['1490.001', null],
    ['null', null],
    ['[1]', null],
  ])('Amount %s is read as %s minor units and never breaks the status', (amount, amountMinor) => {
    expect(read(wire.paymentStatus, `{"Status":"Processed","Amount":${amount}}`)).toMatchObject({
      status: 'Processed',
      amountMinor,
    });
  });

  it('no nonsense in the extra fields hides the status', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 9, maxLength: 9 }), (values) => {
        const names = [
          'TransactionId',
          'LoanOfferName',
          'LoanTerm',
          'IsOffer',
          'ProductType',
          'Amount',
          'StoreName',
          'Address',
          'City',
        ];
        const extra = Object.fromEntries(names.map((name, index) => [name, values[index]]));
        expect(read(wire.paymentStatus, JSON.stringify({ ...extra, Status: 'Processed' }))).toMatchObject({
          status: 'Processed',
        });
      }),
    );
  });
});
