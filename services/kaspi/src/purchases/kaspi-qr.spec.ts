import { describe, expect, it } from '@jest/globals';
import type { EgressOutcome, EgressRequest } from '@tolem/egress';
import type { Call, StartRequest } from '@tolem/provider-kit';
import fc from 'fast-check';
import { CODES, lost, LOST_REASONS, notSent, notSentReasons, ok, refused } from '../../test/bank-answers.ts';
import { KaspiClient } from '../client/kaspi.client.ts';
import type { CreatedQr, PaymentStatus } from '../client/wire.ts';
import { begunQr, kaspiQr } from './kaspi-qr.ts';
import { checkOutcome, startOutcome as purchaseOutcome } from './purchase.ts';
import type { KaspiAnswer } from '../client/kaspi-answer.ts';
import { KASPI_STATUSES, statusMeaning } from '../answers/statuses.ts';

const CREATED: CreatedQr = {
  qrToken: '10000000000000000000000000000000000000017',
  qrPaymentId: '9007199254740993',
  expiresAtMs: null,
  paymentMethods: ['Gold', 'BusinessAccount'],
  options: { statusPollingIntervalSeconds: 5, scanWaitTimeoutSeconds: 180, confirmationTimeoutSeconds: 65 },
};

const status = (word: string, more: Partial<PaymentStatus> = {}): PaymentStatus => ({
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
  ...more,
});

const startOutcome = (answer: KaspiAnswer<CreatedQr>) => purchaseOutcome(answer, begunQr);

describe('what an answer to qr/create means', () => {
  it('success shows the QR and takes the bank’s own timers, in milliseconds', () => {
    expect(startOutcome(ok(CREATED))).toEqual({
      is: 'started',
      providerRef: '9007199254740993',
      nextAction: { type: 'show_qr', qr: CREATED.qrToken },
      paymentMethods: ['Gold', 'BusinessAccount'],
      waiting: { intervalMs: 5_000, customerWithinMs: 180_000, confirmWithinMs: 65_000 },
    });
  });

  it.each(CODES.temporary)('%s does not say whether a code was made: lost', (code) => {
    expect(startOutcome(refused(code))).toMatchObject({ is: 'lost', failure: { provider_code: code } });
  });

  it.each(CODES.device)('%s asks for registering the device again', (code) => {
    expect(startOutcome(refused(code))).toMatchObject({
      is: 'device_unknown',
      failure: { provider_code: code, cashier_key: 'desk_setup' },
    });
  });

  it.each([...CODES.setUp, ...CODES.request, ...CODES.unlisted])(
    '%s is a refusal that keeps the bank’s code and words',
    (code) => {
      expect(startOutcome(refused(code, 'нет'))).toMatchObject({
        is: 'refused',
        failure: { provider_code: code, provider_message: 'нет' },
      });
    },
  );

  it.each(LOST_REASONS)('an answer lost by %s may have made a code', (reason) => {
    const failure =
      reason === 'tls_alert'
        ? { code: 'certificate_refused', cashier_key: 'desk_setup' }
        : { code: 'provider_unavailable', cashier_key: 'provider_unavailable' };
    expect(startOutcome(lost(reason))).toMatchObject({ is: 'lost', failure });
  });

  it.each(notSentReasons('way', 'certificate'))(
    'not sent by %s certainly made none and may be tried again',
    (reason) => {
      expect(startOutcome(notSent(reason))).toMatchObject({ is: 'not_sent' });
    },
  );

  it.each(notSentReasons('set_up'))('not sent by %s can never be sent', (reason) => {
    expect(startOutcome(notSent(reason))).toMatchObject({
      is: 'refused',
      failure: { code: 'connection_misconfigured', cashier_key: 'desk_setup' },
    });
  });
});

// Written from the bank's document and the list of observed values, not from the table under test.
const WORDS: Readonly<Record<string, object>> = {
  QrTokenCreated: { is: 'pending', phase: 'requires_customer' },
  Wait: { is: 'pending', phase: 'processing' },
  Processed: { is: 'paid' },
  RemotePaymentCreated: { is: 'pending', phase: 'unchanged' },
  QrTokenScanned: { is: 'pending', phase: 'unchanged' },
  PaymentConfirmation: { is: 'pending', phase: 'unchanged' },
  QrTokenDiscarded: { is: 'not_paid', phase: 'expired', failure: null },
};

describe('what an answer to payment/status means', () => {
  it.each([...KASPI_STATUSES.keys()])('%s', (word) => {
    const declined = { code: 'declined', provider_code: word, provider_message: null, cashier_key: 'declined' };
    expect(checkOutcome(ok(status(word)), statusMeaning)).toEqual(
      WORDS[word] ?? { is: 'not_paid', phase: 'declined', failure: declined },
    );
  });

  it('a word that nobody knows changes nothing: not paid for, not failed', () => {
    fc.assert(
      fc.property(fc.string(), (word) => {
        fc.pre(!KASPI_STATUSES.has(word));
        expect(checkOutcome(ok(status(word)), statusMeaning)).toEqual({ is: 'pending', phase: 'unchanged' });
      }),
    );
  });

  it('a word that configuration knows has the meaning that it was given', () => {
    const extra = { Completed: 'paid', Gone: 'expired', Scanned: 'waiting_confirmation' } as const;
    const meaningOf = (word: string) => statusMeaning(word, extra);
    expect(checkOutcome(ok(status('Completed')), meaningOf)).toEqual({ is: 'paid' });
    expect(checkOutcome(ok(status('Gone')), meaningOf)).toMatchObject({ is: 'not_paid', phase: 'expired' });
    expect(checkOutcome(ok(status('Scanned')), meaningOf)).toEqual({ is: 'pending', phase: 'processing' });
  });

  it('the paid sum and the bank’s transaction go along where the answer has them', () => {
    const paid = status('Processed', { amountMinor: 149_000, transactionId: '16600000018' });
    expect(checkOutcome(ok(paid), statusMeaning)).toEqual({
      is: 'paid',
      amountMinor: 149_000,
      slip: { transaction_id: '16600000018' },
    });
  });

  it.each(Object.values(CODES).flat())('StatusCode %s is no answer yet, never an end', (code) => {
    expect(checkOutcome(refused(code), statusMeaning)).toEqual({ is: 'unreachable', reason: `StatusCode ${code}` });
  });

  it.each(LOST_REASONS)('an answer lost by %s is no answer yet', (reason) => {
    expect(checkOutcome(lost(reason), statusMeaning)).toEqual({ is: 'unreachable', reason });
  });

  it.each(notSentReasons('set_up', 'certificate', 'way'))('not sent by %s is no answer yet', (reason) => {
    expect(checkOutcome(notSent(reason), statusMeaning)).toEqual({ is: 'unreachable', reason });
  });
});

const TOKEN = '7f0c1d7e-1111-4222-8333-944445555666';
const CALL: Call = {
  access: {
    connectionId: 'con_1',
    version: 1,
    mode: 'test',
    baseUrl: 'https://bank.example:8545',
    scheme: 'r3',
    enabled: true,
    taxId: '180340021791',
    options: {},
    credential: undefined,
  },
  requestId: '0123456789abcdef0123456789abcdef',
  mayWrite: () => true,
};
const REQUEST: StartRequest = {
  paymentId: 'pay_1',
  amountMinor: 149_050,
  currency: 'KZT',
  reference: 'S-1',
  deviceToken: TOKEN,
  personal: null,
};

function method(body: string) {
  const requests: EgressRequest[] = [];
  const request = (asked: EgressRequest): Promise<EgressOutcome> => {
    requests.push(asked);
    return Promise.resolve({ kind: 'answered', status: 200, headers: {}, body, ms: 1 });
  };
  const client = new KaspiClient({ egress: { request }, requestId: () => 'drawn' });
  return { qr: kaspiQr(client, {}), requests };
}

describe('the calls of a QR payment', () => {
  it('qr/create carries the connection’s BIN with the desk’s token, our payment id, and the stored request id', async () => {
    const { qr, requests } = method('{"StatusCode":990000033}');
    await qr.start(CALL, REQUEST);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.body).toBe(
      `{"OrganizationBin":"180340021791","DeviceToken":"${TOKEN}","Amount":1490.5,"ExternalId":"pay_1"}`,
    );
    expect(requests[0]?.headers?.['x-request-id']).toBe(CALL.requestId);
    expect(requests[0]?.mayWrite).toBe(CALL.mayWrite);
  });

  it('a start without a device is refused and nothing is sent', async () => {
    const { qr, requests } = method('');
    expect(await qr.start(CALL, { ...REQUEST, deviceToken: null })).toMatchObject({
      is: 'refused',
      failure: { code: 'desk_not_registered', cashier_key: 'desk_setup' },
    });
    expect(requests).toHaveLength(0);
  });

  it.each([null, 0, -100])('a start over %s is refused as a wrong amount and nothing is sent', async (amountMinor) => {
    const { qr, requests } = method('');
    expect(await qr.start(CALL, { ...REQUEST, amountMinor })).toMatchObject({ is: 'refused' });
    expect(requests).toHaveLength(0);
  });

  it('payment/status asks for the bank’s id to the last digit', async () => {
    const { qr, requests } = method('{"StatusCode":0,"Data":{"Status":"Processed"}}');
    const outcome = await qr.check(CALL, { paymentId: 'pay_1', providerRef: '9007199254740993' });
    expect(outcome).toEqual({ is: 'paid' });
    expect(requests[0]?.path).toBe('/r3/v01/payment/status/9007199254740993');
  });

  it('a lost qr/create may be repeated, because nobody has seen its code', () => {
    expect(method('').qr).toMatchObject({ type: 'kaspi_qr', effect: 'orphanable' });
  });
});
