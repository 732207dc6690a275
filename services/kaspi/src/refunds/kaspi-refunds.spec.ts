import { describe, expect, it } from '@jest/globals';
import type { ReturnRequest } from '@tolem/provider-kit';
import fc from 'fast-check';
import { CODES, lost, LOST_REASONS, notSent, notSentReasons, ok, refused } from '../../test/bank-answers.ts';
import { BIN, callUnder, clientHearing, TOKEN } from '../../test/kaspi-call.ts';
import type { PaymentDetails } from '../client/wire-refunds.ts';
import {
  identifiedOutcome,
  inviteOutcome,
  kaspiRefunds,
  noteOutcome,
  purchasesOutcome,
  refundFailure,
  resolution,
  returnOutcome,
} from './kaspi-refunds.ts';
import { KASPI_RETURN_STATUSES } from '../answers/statuses.ts';

const REQUEST: ReturnRequest = {
  refundId: 'ref_1',
  purchaseRef: '16600000017',
  amountMinor: 49_000,
  currency: 'KZT',
  deviceToken: TOKEN,
  customerRef: null,
};
const details = (availableReturnAmountMinor: number, qrPaymentId = REQUEST.purchaseRef): PaymentDetails => ({
  qrPaymentId,
  totalAmountMinor: 149_000,
  availableReturnAmountMinor,
  transactionAtMs: null,
});
const DEFINITELY_NOT = [
  '-1601',
  '-99000001',
  '-99000002',
  '-99000003',
  '-99000005',
  '-99000011',
  '-99000020',
  '990000018',
];

describe('how money goes back', () => {
  const refunds = kaspiRefunds(clientHearing().client);

  it.each([
    ['r1', 'by_hand', 'refuse'],
    ['r2', 'with_buyer', 'refuse'],
    ['r3', 'at_once', 'repeat_once'],
    ['something else', 'by_hand', 'refuse'],
  ])('under %s is %s, and after proof that nothing happened: %s', (scheme, way, after) => {
    const { access } = callUnder(scheme);
    expect([refunds.wayOf(access), refunds.afterNotPerformed(access)]).toEqual([way, after]);
  });

  it('is not sent a second time where configuration forbids it', () => {
    const once = kaspiRefunds(clientHearing().client, { mayRepeat: false });
    expect(once.afterNotPerformed(callUnder('r3').access)).toBe('refuse');
  });

  it('without the buyer names the organization and no refund code', async () => {
    const { client, requests } = clientHearing('{"StatusCode":0,"Data":{"ReturnOperationId":9007199254740993}}');
    expect(await kaspiRefunds(client).send(callUnder('r3'), REQUEST, null)).toEqual({
      is: 'returned',
      providerRef: '9007199254740993',
    });
    expect(requests.map(({ path, body }) => [path, body])).toEqual([
      [
        '/r3/v01/payment/return',
        `{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}","QrPaymentId":16600000017,"Amount":490}`,
      ],
    ]);
  });

  it('with the buyer names the code that he scanned and no organization', async () => {
    const { client, requests } = clientHearing('{"StatusCode":0,"Data":{"ReturnOperationId":18}}');
    await kaspiRefunds(client).send(callUnder('r2'), { ...REQUEST, customerRef: '16600000031' }, null);
    expect(requests[0]?.body).toBe(
      `{"DeviceToken":"${TOKEN}","QrPaymentId":16600000017,"QrReturnId":16600000031,"Amount":490}`,
    );
  });

  it('is not even tried without a device', async () => {
    const { client, requests } = clientHearing();
    const none = { ...REQUEST, deviceToken: null };
    const made = kaspiRefunds(client);
    expect(await made.send(callUnder('r3'), none, null)).toMatchObject({ is: 'refused' });
    expect(await made.note(callUnder('r3'), none)).toMatchObject({ is: 'refused' });
    expect(await made.invite(callUnder('r2'), { refundId: 'ref_1', deviceToken: null })).toMatchObject({
      is: 'refused',
    });
    expect(requests).toHaveLength(0);
  });
});

describe('what an answer to payment/return means', () => {
  it.each(DEFINITELY_NOT)('%s: certainly not returned, and the cashier is told why', (code) => {
    expect(returnOutcome(refused(code))).toMatchObject({ is: 'refused', failure: { provider_code: code } });
  });

  it.each(CODES.device)('%s: certainly not returned, the device is registered again', (code) => {
    expect(returnOutcome(refused(code))).toMatchObject({ is: 'device_unknown' });
  });

  it.each([...CODES.temporary, ...CODES.unlisted, '-10000', '-1503', '-14000002', '990000026', '990000028'])(
    '%s: nobody knows',
    (code) => {
      expect(returnOutcome(refused(code))).toMatchObject({ is: 'lost' });
    },
  );

  it.each(LOST_REASONS)('lost by %s: nobody knows', (reason) => {
    expect(returnOutcome(lost(reason))).toMatchObject({ is: 'lost' });
  });

  it.each(notSentReasons('way', 'certificate'))('not sent by %s: may be tried again', (reason) => {
    expect(returnOutcome(notSent(reason))).toMatchObject({ is: 'not_sent' });
  });

  it.each([
    ['-99000003', 'refund_other_trade_point'],
    ['-99000005', 'refund_too_much'],
    ['-99000020', 'refund_only_whole'],
    ['-99000011', 'refund_not_possible'],
    ['-1601', 'refund_not_possible'],
    ['990000018', 'desk_setup'],
    ['-99000006', 'refund_failed'],
    ['1', 'refund_failed'],
  ])('%s is told to the cashier as %s', (code, key) => {
    expect(refundFailure(refused(code)).cashier_key).toBe(key);
  });
});

describe('what reading shows after a lost return', () => {
  const note = { available_minor: 149_000 };

  it('fallen by exactly our sum: returned, without an id', () => {
    expect(resolution(ok(details(100_000)), REQUEST, note)).toEqual({ is: 'returned', providerRef: null });
  });

  it('unchanged: not performed, as far as this reading goes', () => {
    expect(resolution(ok(details(149_000)), REQUEST, note)).toMatchObject({ is: 'not_performed' });
  });

  it('fallen by anything else, as when a cashier’s app returns too: nobody can say', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400_000 }), (available) => {
        fc.pre(available !== 149_000 && available !== 100_000);
        expect(resolution(ok(details(available)), REQUEST, note)).toMatchObject({
          is: 'unclear',
          failure: { cashier_key: 'refund_unknown' },
        });
      }),
    );
  });

  it.each([
    ['another purchase', ok(details(100_000, '17')), note],
    ['no note', ok(details(100_000)), null],
    ['a refusal', refused('-99000001'), note],
    ['nothing', lost('timeout'), note],
  ])('%s proves nothing', (_what, answer, noted) => {
    expect(resolution(answer, REQUEST, noted)).toMatchObject({ is: 'unclear' });
  });

  it.each([...CODES.device, '-1601'])(
    '%s may be the device’s: it is registered again and the books are read',
    (code) => {
      expect(resolution(refused(code), REQUEST, note)).toMatchObject({ is: 'device_unknown' });
    },
  );
});

describe('what is read before a return', () => {
  it('is what can still be refunded', () => {
    expect(noteOutcome(ok(details(49_000)), REQUEST)).toEqual({ is: 'noted', note: { available_minor: 49_000 } });
  });

  it('refuses more than is left, and another purchase, before anything is sent', () => {
    expect(noteOutcome(ok(details(48_999)), REQUEST)).toMatchObject({
      is: 'refused',
      failure: { cashier_key: 'refund_too_much' },
    });
    expect(noteOutcome(ok(details(149_000, '17')), REQUEST)).toMatchObject({ is: 'refused' });
  });

  it.each([
    ['-99000001', 'refused'],
    ['-999', 'unreachable'],
    ['-1501', 'device_unknown'],
    ['-1601', 'device_unknown'],
  ])('%s: %s', (code, is) => {
    expect(noteOutcome(refused(code), REQUEST)).toMatchObject({ is });
  });

  it.each(['S-000917', '16600000017x', '0', '99999999999999999999'])(
    'a purchase under %j, which is no id of the bank’s, is one that does not exist: no fault of the connection',
    async (purchaseRef) => {
      const { client, requests } = clientHearing();
      const outcome = await kaspiRefunds(client).note(callUnder('r3'), { ...REQUEST, purchaseRef });
      expect(outcome).toMatchObject({
        is: 'refused',
        failure: { code: 'purchase_not_found', cashier_key: 'refund_not_possible' },
      });
      expect(JSON.stringify(outcome)).toContain('Compare it with the receipt');
      expect(requests).toEqual([]);
    },
  );
});

describe('a refund with the buyer', () => {
  it('shows the code with the bank’s own timers', () => {
    const created = {
      qrToken: '20000000000000000000000000000000000000017',
      qrReturnId: '16600000031',
      expiresAtMs: null,
      options: { statusPollingIntervalSeconds: 4, scanWaitTimeoutSeconds: 170 },
    };
    expect(inviteOutcome(ok(created))).toEqual({
      is: 'started',
      customerRef: '16600000031',
      nextAction: { type: 'show_qr', qr: created.qrToken },
      waiting: { intervalMs: 4_000, customerWithinMs: 170_000 },
    });
  });

  it.each([
    ...CODES.temporary.map((code) => [code, 'lost']),
    ...CODES.device.map((code) => [code, 'device_unknown']),
    ...[...CODES.setUp, ...CODES.request].map((code) => [code, 'refused']),
  ])('return/create answered %s is %s', (code, is) => {
    expect(inviteOutcome(refused(String(code)))).toMatchObject({ is });
  });

  it.each([...KASPI_RETURN_STATUSES])('%s says %s', (word, meaning) => {
    const is = { identified: 'identified', ended: 'over', waiting_scan: 'pending', pending: 'pending' }[meaning];
    expect(identifiedOutcome(ok({ status: word }))).toMatchObject({ is });
  });

  it('a word about it that nobody knows is worth another question', () => {
    expect(identifiedOutcome(ok({ status: 'Something' }))).toEqual({ is: 'pending' });
    expect(identifiedOutcome(lost('timeout'))).toMatchObject({ is: 'unreachable' });
  });

  it('a word that configuration explains is understood when it is heard', async () => {
    const { client } = clientHearing('{"StatusCode":0,"Data":{"Status":"CustomerKnown"}}');
    const refunds = kaspiRefunds(client, { statuses: { CustomerKnown: 'identified' } });
    expect(await refunds.identified(callUnder('r2'), { customerRef: '16600000031' })).toEqual({ is: 'identified' });
  });

  it('hands on all of the buyer’s purchases, also one whose sum nobody can read', () => {
    const at = Date.UTC(2026, 10, 22);
    expect(
      purchasesOutcome(
        ok([
          { qrPaymentId: '17', amountMinor: 149_000, transactionAtMs: at },
          { qrPaymentId: '18', amountMinor: null, transactionAtMs: at },
          { qrPaymentId: '19', amountMinor: 100, transactionAtMs: null },
        ]),
      ),
    ).toEqual({
      is: 'listed',
      purchases: [
        { ref: '17', amount: 149_000, at: '2026-11-22T00:00:00.000Z' },
        { ref: '18', amount: null, at: '2026-11-22T00:00:00.000Z' },
        { ref: '19', amount: 100, at: null },
      ],
    });
  });
});
