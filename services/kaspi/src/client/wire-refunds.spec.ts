import { describe, expect, it } from '@jest/globals';
import { readData as read } from '../../test/read-data.ts';
import * as refunds from './wire-refunds.ts';

const TOKEN = '10000000000000000000000000000000000000017';

describe('return/create', () => {
  it.each([
    `{"QrToken":"${TOKEN}","ExpireDate":"2026-02-11T09:08:00.000+05:00","QrReturnId":9007199254740993,
      "QrReturnBehaviorOptions":{"QrCodeScanEventPollingInterval":7,"QrCodeScanWaitTimeout":170}}`,
    `{"qrToken":${TOKEN},"expireDate":"2026-02-11T09:08:00+05","qrReturnId":"9007199254740993",
      "qrReturnBehaviorOptions":{"qrCodeScanEventPollingInterval":"7","qrCodeScanWaitTimeout":"170"}}`,
  ])('is read in any casing, numbers as text or not: row %#', (json) => {
    expect(read(refunds.createdReturn, json)).toEqual({
      qrToken: TOKEN,
      qrReturnId: '9007199254740993',
      expiresAtMs: Date.UTC(2026, 1, 11, 4, 8),
      options: { statusPollingIntervalSeconds: 7, scanWaitTimeoutSeconds: 170 },
    });
  });

  it.each(['null', '"x"', '{}', '{"QrCodeScanEventPollingInterval":-1,"QrCodeScanWaitTimeout":"soon"}'])(
    'options that are %s mean those of every sample',
    (options) => {
      const json = `{"QrToken":"1","QrReturnId":5,"QrReturnBehaviorOptions":${options}}`;
      expect(read(refunds.createdReturn, json)).toMatchObject({
        expiresAtMs: null,
        options: { statusPollingIntervalSeconds: 5, scanWaitTimeoutSeconds: 180 },
      });
    },
  );

  it('timers beyond all sense are brought back to an hour and a day', () => {
    expect(
      refunds.createdReturn.parse({
        qrtoken: '1',
        qrreturnid: 5,
        qrreturnbehavioroptions: {
          qrcodescaneventpollinginterval: 5_000,
          qrcodescanwaittimeout: 180_000,
        },
      }).options,
    ).toEqual({ statusPollingIntervalSeconds: 3_600, scanWaitTimeoutSeconds: 86_400 });
  });

  it.each(['{"QrReturnId":5}', '{"QrToken":"1"}', '{"QrToken":"1","QrReturnId":0}', 'null'])(
    'without a code or an id it is none: %s',
    (json) => {
      expect(read(refunds.createdReturn, json)).toBe('unreadable');
    },
  );
});

describe('return/status', () => {
  it('is the bank’s word with its case', () => {
    expect(read(refunds.returnStatus, '{"status":" CustomerIdentityObtained "}')).toEqual({
      status: 'CustomerIdentityObtained',
    });
    expect(read(refunds.returnStatus, '{"Status":null}')).toBe('unreadable');
  });
});

describe('return/operations', () => {
  it('rows are read with dates in all forms, sums in all forms and every digit of the id', () => {
    const json = `[
      {"QrPaymentId":9007199254740993,"TransactionDate":"2021-12-08T11:35:48.1566667","Amount":1490.5},
      {"qrPaymentId":"5","transactionDate":"2021-11-3T11:55:14.166+06:00","amount":"1 490 ₸"},
      {"QrPaymentId":6,"TransactionDate":"2020-01-16T10:30:00+06","Amount":"1490.00"},
      {"QrPaymentId":7,"TransactionDate":"2020-01-16T10:30:00+06:00","Amount":1490},
      {"QrPaymentId":8,"TransactionDate":"2025-10-22T17:10:50.717+05:00","Amount":1}]`;
    expect(read(refunds.returnOperations, json)).toEqual([
      { qrPaymentId: '9007199254740993', transactionAtMs: Date.UTC(2021, 11, 8, 6, 35, 48, 156), amountMinor: 149_050 },
      { qrPaymentId: '5', transactionAtMs: Date.UTC(2021, 10, 3, 5, 55, 14, 166), amountMinor: 149_000 },
      { qrPaymentId: '6', transactionAtMs: Date.UTC(2020, 0, 16, 4, 30), amountMinor: 149_000 },
      { qrPaymentId: '7', transactionAtMs: Date.UTC(2020, 0, 16, 4, 30), amountMinor: 149_000 },
      { qrPaymentId: '8', transactionAtMs: Date.UTC(2025, 9, 22, 12, 10, 50, 717), amountMinor: 100 },
    ]);
    expect(read(refunds.returnOperations, '[]')).toEqual([]);
  });

  it('a sum or a date that cannot be read costs only itself', () => {
    expect(read(refunds.returnOperations, '[{"QrPaymentId":5,"TransactionDate":"soon","Amount":"many"}]')).toEqual([
      { qrPaymentId: '5', transactionAtMs: null, amountMinor: null },
    ]);
  });

  it.each([
    'null',
    '{}',
    '[{"Amount":1}]',
    '[{"QrPaymentId":5},{"QrPaymentId":0}]',
    JSON.stringify(Array(101).fill({ QrPaymentId: 1 })),
  ])('a list of which a part would be missing is not read: %.60s', (json) => {
    expect(read(refunds.returnOperations, json)).toBe('unreadable');
  });
});

describe('payment/details and payment/return', () => {
  it('both sums are read exactly', () => {
    const json = `{"QrPaymentId":9007199254740993,"TotalAmount":1490.1,"AvailableReturnAmount":"0","TransactionDate":"2021-11-3T11:55:14.166+06:00"}`;
    expect(read(refunds.paymentDetails, json)).toEqual({
      qrPaymentId: '9007199254740993',
      totalAmountMinor: 149_010,
      availableReturnAmountMinor: 0,
      transactionAtMs: Date.UTC(2021, 10, 3, 5, 55, 14, 166),
    });
  });

  it('a date that cannot be read costs only the date', () => {
    const json = '{"QrPaymentId":5,"TotalAmount":10,"AvailableReturnAmount":10,"TransactionDate":"yesterday"}';
    expect(read(refunds.paymentDetails, json)).toMatchObject({ totalAmountMinor: 1_000, transactionAtMs: null });
  });

  it.each([
    '{"QrPaymentId":5,"TotalAmount":10}',
    '{"QrPaymentId":5,"TotalAmount":10,"AvailableReturnAmount":null}',
    '{"QrPaymentId":5,"TotalAmount":"ten","AvailableReturnAmount":10}',
    '{"TotalAmount":10,"AvailableReturnAmount":10}',
  ])('sums that are missing are never taken for zero: %s', (json) => {
    expect(read(refunds.paymentDetails, json)).toBe('unreadable');
  });

  it('a refund is known only by its operation id', () => {
    expect(read(refunds.returnedPayment, '{"returnOperationId":16600000032}')).toEqual({
      returnOperationId: '16600000032',
    });
    for (const json of ['{}', '{"ReturnOperationId":0}', '{"ReturnOperationId":null}']) {
      expect(read(refunds.returnedPayment, json)).toBe('unreadable');
    }
  });
});
