import { describe, expect, it } from '@jest/globals';
import { failureSchema } from '@tolem/contracts';
import { CASHIER_KEYS } from '@tolem/domain';
import type { Call, StartRequest } from '@tolem/provider-kit';
import fc from 'fast-check';
import { scriptedEgress } from '../test/scripted-egress.ts';
import type { CreatedPayment, PaymentStatus } from './client/wire.ts';
import { __Name__Client } from './client/__name__.client.ts';
import { failureOfAnswer, type Unsuccessful } from './failures.ts';
import { checkOutcome, __name__Qr, startOutcome } from './__name__-qr.ts';
import { verifyOutcome } from './verify-__name__.ts';

const CREATED: CreatedPayment = {
  id: 'p-1',
  qr: 'https://pay.example/p-1',
  waiting: { intervalMs: 2_000, customerWithinMs: 180_000, confirmWithinMs: 60_000 },
};
const REFUSED: Unsuccessful = { is: 'refused', error: 'amount_too_large', message: 'no' };
const LOST: Unsuccessful = { is: 'lost', reason: 'timeout', detail: 'total' };
const NOT_SENT: Unsuccessful = { is: 'not_sent', reason: 'connect_refused', detail: 'ECONNREFUSED' };
const BAD_ARGUMENT: Unsuccessful = { is: 'not_sent', reason: 'bad_argument', detail: 'id' };

const status = (word: string, more: Partial<PaymentStatus> = {}) =>
  ({ is: 'ok', data: { id: 'p-1', status: word, amountMinor: 149_000, transaction: null, ...more } }) as const;

describe('what an answer to a start means', () => {
  it('success shows the QR and takes the provider’s own times', () => {
    expect(startOutcome({ is: 'ok', data: CREATED })).toEqual({
      is: 'started',
      providerRef: 'p-1',
      nextAction: { type: 'show_qr', qr: CREATED.qr },
      paymentMethods: [],
      waiting: CREATED.waiting,
    });
  });

  it.each([
    ['the provider’s decision ends the payment', REFUSED, 'refused'],
    ['a lost answer may have made a payment', LOST, 'lost'],
    ['what was not sent made none and may be tried again', NOT_SENT, 'not_sent'],
    ['what can never be sent ends the payment', BAD_ARGUMENT, 'refused'],
  ] as const)('%s', (_title, answer, is) => {
    expect(startOutcome(answer)).toEqual({ is, failure: failureOfAnswer(answer) });
  });
});

describe('what an answer to a question means', () => {
  it.each([
    ['waiting', { is: 'pending', phase: 'requires_customer' }],
    ['seen', { is: 'pending', phase: 'processing' }],
    ['paid', { is: 'paid', amountMinor: 149_000 }],
    ['declined', { is: 'not_paid', phase: 'declined', failure: expect.objectContaining({ code: 'declined' }) }],
    ['expired', { is: 'not_paid', phase: 'expired', failure: null }],
  ])('%s', (word, outcome) => {
    expect(checkOutcome('p-1', status(word))).toEqual(outcome);
  });

  it('a word that nobody knows changes nothing: not paid for, not failed', () => {
    const known = ['waiting', 'seen', 'paid', 'declined', 'expired'];
    fc.assert(
      fc.property(fc.string(), (word) => {
        fc.pre(!known.includes(word));
        expect(checkOutcome('p-1', status(word))).toEqual({ is: 'pending', phase: 'unchanged' });
      }),
    );
  });

  it('the provider’s transaction goes onto the slip', () => {
    expect(checkOutcome('p-1', status('paid', { transaction: 't-9' }))).toMatchObject({ slip: { transaction_id: 't-9' } });
  });

  it('an answer about another payment says nothing about this one', () => {
    expect(checkOutcome('p-1', status('paid', { id: 'p-2' }))).toMatchObject({ is: 'unreachable' });
  });

  it.each([REFUSED, LOST, NOT_SENT, BAD_ARGUMENT])('$is is no answer yet, never an end', (answer) => {
    expect(checkOutcome('p-1', answer)).toMatchObject({ is: 'unreachable' });
  });
});

describe('whether a connection works', () => {
  it.each([
    ['an active shop', { is: 'ok', data: { active: true } }, 'up'],
    ['a closed shop', { is: 'ok', data: { active: false } }, 'refused'],
    ['a refusal', REFUSED, 'refused'],
    ['a certificate that is not accepted', { is: 'not_sent', reason: 'tls_refused', detail: 'alert' }, 'refused'],
    ['the same, told late', { is: 'lost', reason: 'tls_alert', detail: 'alert' }, 'refused'],
    ['no way to the provider', NOT_SENT, 'down'],
    ['no answer', LOST, 'down'],
  ] as const)('%s', (_title, answer, is) => {
    expect(verifyOutcome(answer).is).toBe(is);
  });
});

describe('what the chain and the cashier hear', () => {
  it.each([REFUSED, { ...REFUSED, error: 'constructor' }, LOST, NOT_SENT, BAD_ARGUMENT])(
    'of $is fits into its message and has a text for the cashier',
    (answer) => {
      const failure = failureOfAnswer(answer);
      expect(failureSchema.safeParse(failure).success).toBe(true);
      expect(CASHIER_KEYS).toContain(failure.cashier_key);
    },
  );

  it('of a refusal keeps the provider’s code and words', () => {
    expect(failureOfAnswer(REFUSED)).toEqual({
      code: 'limit_exceeded',
      provider_code: 'amount_too_large',
      provider_message: 'no',
      cashier_key: 'limit_exceeded',
    });
  });
});

const CALL: Call = {
  access: {
    connectionId: 'con_1',
    version: 1,
    mode: 'test',
    baseUrl: 'https://provider.example',
    scheme: 'v1',
    taxId: '180340021791',
    options: {},
    credential: undefined,
    enabled: true,
  },
  requestId: '0123456789abcdef0123456789abcdef',
  mayWrite: () => true,
};
const REQUEST: StartRequest = {
  paymentId: 'pay_1',
  amountMinor: 149_050,
  currency: '__currency__',
  reference: 'S-1',
  deviceToken: null,
  personal: null,
};

describe('the calls of a QR payment', () => {
  const method = (body: string) => {
    const { egress, requests } = scriptedEgress(body);
    const client = new __Name__Client(egress, { connectTimeoutMs: 1, startTimeoutMs: 2, readTimeoutMs: 3 });
    return { qr: __name__Qr(client), requests };
  };

  it('a start carries the connection’s tax id, our payment id, the amount and the stored request id', async () => {
    const { qr, requests } = method('{"id":"p-1","qr":"QR"}');
    expect(await qr.start(CALL, REQUEST)).toMatchObject({ is: 'started', providerRef: 'p-1' });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.body).toBe(
      '{"order":"pay_1","shop":"180340021791","amount":"1490.50","currency":"__currency__"}',
    );
    expect(requests[0]?.headers?.['x-request-id']).toBe(CALL.requestId);
  });

  it.each([null, 0, -100])('a start over %s is refused and nothing is sent', async (amountMinor) => {
    const { qr, requests } = method('');
    expect(await qr.start(CALL, { ...REQUEST, amountMinor })).toMatchObject({ is: 'refused' });
    expect(requests).toHaveLength(0);
  });

  it('a question names the provider’s id', async () => {
    const { qr, requests } = method('{"id":"p-1","status":"paid","amount":"1490.50"}');
    expect(await qr.check(CALL, { paymentId: 'pay_1', providerRef: 'p-1' })).toEqual({ is: 'paid', amountMinor: 149_050 });
    expect(requests[0]?.path).toBe('/payments/p-1');
  });

  it('a lost start may be repeated, because nobody has seen its code', () => {
    expect(method('').qr).toMatchObject({ type: '__name___qr', effect: 'orphanable' });
  });
});
