import { describe, expect, it } from '@jest/globals';
import type { StartRequest } from '@tolem/provider-kit';
import fc from 'fast-check';
import { CODES, lost, LOST_REASONS, notSent, notSentReasons, ok, refused } from '../../test/bank-answers.ts';
import { BIN, callUnder, clientHearing, TOKEN } from '../../test/kaspi-call.ts';
import type { PaymentStatus } from '../client/wire.ts';
import { commentOf, INVOICE_LIFE_MS, invoiceOutcome, kaspiInvoice } from './kaspi-invoice.ts';
import { checkOutcome } from './purchase.ts';
import { invoiceStatusMeaning, KASPI_STATUSES } from '../answers/statuses.ts';

const REQUEST: StartRequest = {
  paymentId: 'pay_01kqz7m5y8e3vs6w0c9d4hj2fx',
  amountMinor: 149_050,
  currency: 'KZT',
  reference: null,
  deviceToken: TOKEN,
  personal: { phone: '87010000000', comment: 'Доставка 17' },
};

const status = (word: string): PaymentStatus => ({
  status: word,
  transactionId: null,
  amountMinor: null,
  productType: null,
  loanOfferName: null,
  loanTerm: null,
  isOffer: null,
  storeName: null,
  address: null,
  city: null,
});

describe('an invoice to a phone', () => {
  it('is sent once, with the payment’s code in its comment, and nobody asks about it on a timer', async () => {
    const { client, requests } = clientHearing('{"StatusCode":0,"Data":{"QrPaymentId":16600000017}}');
    expect(await kaspiInvoice(client, {}).start(callUnder('r3'), REQUEST)).toEqual({
      is: 'started',
      providerRef: '16600000017',
      nextAction: { type: 'wait_invoice' },
      paymentMethods: [],
      waiting: { is: 'asked_for_only', customerWithinMs: INVOICE_LIFE_MS },
    });
    expect(requests.map(({ path }) => path)).toEqual(['/r3/v01/remote/create']);
    expect(JSON.parse(String(requests[0]?.body))).toEqual({
      OrganizationBin: BIN,
      DeviceToken: TOKEN,
      Amount: 1490.5,
      PhoneNumber: '87010000000',
      Comment: 'Доставка 17 4HJ2FX',
    });
  });

  it('is critical, and nothing that could be read would show what became of a lost one', () => {
    expect(kaspiInvoice(clientHearing().client, {})).toMatchObject({
      effect: 'critical',
      resolve: null,
      afterNotPerformed: 'refuse',
      inDoubt: { code: 'invoice_in_doubt', cashier_key: 'invoice_unknown' },
    });
  });

  it.each([
    ['a device', { deviceToken: null }],
    ['a phone', { personal: null }],
    ['an amount', { amountMinor: null }],
  ])('without %s is refused and nothing is sent', async (_what, without) => {
    const { client, requests } = clientHearing();
    expect(await kaspiInvoice(client, {}).start(callUnder('r3'), { ...REQUEST, ...without })).toMatchObject({
      is: 'refused',
    });
    expect(requests).toHaveLength(0);
  });

  it.each(['r1', 'r2'])('is refused under %s, which has no invoices', async (scheme) => {
    const { client, requests } = clientHearing();
    expect(await kaspiInvoice(client, {}).start(callUnder(scheme), REQUEST)).toMatchObject({ is: 'refused' });
    expect(requests).toHaveLength(0);
  });

  it('names its code in full however long the chain’s words are', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (words) => {
        const comment = commentOf(REQUEST.paymentId, words);
        expect(comment.endsWith('4HJ2FX')).toBe(true);
        expect([...comment].length).toBeLessThanOrEqual(120);
      }),
    );
  });

  it.each(LOST_REASONS)('lost by %s may be on the buyer’s phone', (reason) => {
    expect(invoiceOutcome(lost(reason), 1)).toMatchObject({ is: 'lost' });
  });

  it.each([...CODES.temporary, ...CODES.unlisted])('%s does not say that there is none: lost', (code) => {
    expect(invoiceOutcome(refused(code), 1)).toMatchObject({ is: 'lost', failure: { provider_code: code } });
  });

  it.each(CODES.device)('%s asks for registering the device again', (code) => {
    expect(invoiceOutcome(refused(code), 1)).toMatchObject({ is: 'device_unknown' });
  });

  it.each(CODES.setUp)('%s ended before there was one', (code) => {
    expect(invoiceOutcome(refused(code), 1)).toMatchObject({ is: 'refused', failure: { provider_code: code } });
  });

  it.each(notSentReasons('way', 'certificate'))('not sent by %s is certainly not there', (reason) => {
    expect(invoiceOutcome(notSent(reason), 1)).toMatchObject({ is: 'not_sent' });
  });
});

describe('the status of an invoice', () => {
  it.each([
    ['RemotePaymentCreated', { is: 'pending', phase: 'requires_customer' }],
    ['QrTokenCreated', { is: 'pending', phase: 'requires_customer' }],
    ['Wait', { is: 'pending', phase: 'processing' }],
    ['Processed', { is: 'paid' }],
    ['RemotePaymentCanceled', { is: 'not_paid', phase: 'canceled', failure: null }],
    ['Error', { is: 'not_paid', phase: 'declined' }],
    ['RemotePaymentRejected', { is: 'not_paid', phase: 'declined' }],
    ['QrTokenDiscarded', { is: 'not_paid', phase: 'expired', failure: null }],
    ['Expired', { is: 'not_paid', phase: 'expired', failure: null }],
  ])('%s', (word, expected) => {
    expect(checkOutcome(ok(status(word)), invoiceStatusMeaning)).toMatchObject(expected);
  });

  it('that nobody knows changes nothing', () => {
    fc.assert(
      fc.property(fc.string(), (word) => {
        fc.pre(!KASPI_STATUSES.has(word));
        expect(checkOutcome(ok(status(word)), invoiceStatusMeaning)).toEqual({ is: 'pending', phase: 'unchanged' });
      }),
    );
  });

  it.each(Object.values(CODES).flat())('is unknown after StatusCode %s', (code) => {
    expect(checkOutcome(refused(code), invoiceStatusMeaning)).toEqual({
      is: 'unreachable',
      reason: `StatusCode ${code}`,
    });
  });
});

describe('taking an invoice back', () => {
  const taken = { paymentId: REQUEST.paymentId, providerRef: '16600000017', deviceToken: TOKEN };

  it.each(['cancel', 'giveUp'] as const)('%s is one remote/cancel, whose word decides nothing', async (way) => {
    const { client, requests } = clientHearing('{"StatusCode":0,"Data":{"Status":"Whatever"}}');
    expect(await kaspiInvoice(client, {})[way]?.(callUnder('r3'), taken)).toEqual({ is: 'done' });
    expect(requests.map(({ path }) => path)).toEqual(['/r3/v01/remote/cancel']);
    expect(requests[0]?.body).toBe(`{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}","QrPaymentId":16600000017}`);
  });

  it.each([
    ['-99000001', 'refused'],
    ['-999', 'unreachable'],
    ['-1501', 'device_unknown'],
    ['-1502', 'device_unknown'],
  ])('%s is %s', async (code, is) => {
    const { client } = clientHearing(`{"StatusCode":${code}}`);
    expect(await kaspiInvoice(client, {}).cancel?.(callUnder('r3'), taken)).toMatchObject({ is });
  });
});
