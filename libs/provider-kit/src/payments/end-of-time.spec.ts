import { describe, expect, it } from '@jest/globals';
import { failureOf } from '../failure-of.ts';
import { judgeEndOfTime } from './end-of-time.ts';
import { judgeAsked } from './judge-payment.ts';
import { started } from './payment-life.ts';
import type { CancelOutcome, CheckOutcome } from './payment-method.ts';
import { DEFAULT_TIMETABLE, type PaymentPicture } from './payment-picture.ts';

const T0 = Date.UTC(2026, 0, 1);
const LIFE_MS = 86_400_000;
const END = T0 + LIFE_MS;
const WORDS = { provider_code: '-999', provider_message: 'try later' };

const INVOICE = started(
  {
    phase: 'created',
    providerRef: null,
    lookAt: null,
    lookStep: 0,
    record: {
      method: 'invoice',
      amountMinor: 149_000,
      currency: 'KZT',
      reference: null,
      tradePointRef: null,
      nextAction: null,
      paymentMethods: [],
      slip: null,
      cancel: null,
      failure: null,
      evidence: 'stated',
      waiting: null,
    },
  },
  {
    is: 'started',
    providerRef: 'ref',
    nextAction: { type: 'wait_invoice' },
    paymentMethods: [],
    waiting: { is: 'asked_for_only', customerWithinMs: LIFE_MS },
  },
  T0,
);

const FAILURE = { ...failureOf('temporary', 'failed'), ...WORDS };
const DONE: CancelOutcome = { is: 'done' };
const REFUSED: CancelOutcome = { is: 'refused', failure: FAILURE };
const UNREACHABLE: CancelOutcome = { is: 'unreachable', failure: FAILURE };

const WAITS: CheckOutcome = { is: 'pending', phase: 'requires_customer' };
const CONFIRMS: CheckOutcome = { is: 'pending', phase: 'processing' };
const STRANGE: CheckOutcome = { is: 'pending', phase: 'unchanged' };
const SILENCE: CheckOutcome = { is: 'unreachable', reason: 'silence' };
const PAID: CheckOutcome = { is: 'paid' };
const CANCELED: CheckOutcome = { is: 'not_paid', phase: 'canceled', failure: null };

function end(gaveUp: CancelOutcome | undefined, outcome: CheckOutcome, picture = INVOICE): PaymentPicture {
  const decision = judgeEndOfTime(picture, gaveUp, outcome, END, END, DEFAULT_TIMETABLE);
  if (decision.do !== 'write') throw new Error('an end was not written');
  return decision.next;
}

describe('the end of an invoice', () => {
  it.each([
    ['waits for the buyer', WAITS],
    ['is being confirmed', CONFIRMS],
  ])('that was taken back is expired, though the provider still says that it %s', (_name, outcome) => {
    expect(end(DONE, outcome)).toMatchObject({ phase: 'expired', lookAt: null, record: { failure: null } });
  });

  it.each([
    ['refused', 'waits for the buyer', REFUSED, WAITS, WORDS],
    ['refused', 'is being confirmed', REFUSED, CONFIRMS, WORDS],
    ['lost', 'waits for the buyer', UNREACHABLE, WAITS, WORDS],
    ['lost', 'is being confirmed', UNREACHABLE, CONFIRMS, WORDS],
    ['not possible', 'waits for the buyer', undefined, WAITS, { provider_code: null, provider_message: null }],
  ])(
    'whose cancel is %s while it %s is unknown, for a person, and says why',
    (_cancel, _name, gaveUp, outcome, words) => {
      expect(end(gaveUp, outcome)).toMatchObject({
        phase: 'unknown',
        lookAt: null,
        record: {
          nextAction: null,
          evidence: 'inferred',
          failure: { code: 'not_taken_back', cashier_key: 'unknown_ask_admin', ...words },
        },
      });
    },
  );

  it.each([
    ['done', DONE],
    ['refused', REFUSED],
    ['lost', UNREACHABLE],
  ])('that the provider states decides, whether the cancel was %s or not', (_name, gaveUp) => {
    expect(end(gaveUp, PAID)).toMatchObject({ phase: 'succeeded', record: { failure: null } });
    expect(end(gaveUp, CANCELED)).toMatchObject({ phase: 'canceled', lookAt: null, record: { failure: null } });
  });

  it.each([
    ['done', 'hears nothing', DONE, SILENCE],
    ['refused', 'hears nothing', REFUSED, SILENCE],
    ['lost', 'hears nothing', UNREACHABLE, SILENCE],
    ['done', 'understands nothing', DONE, STRANGE],
    ['lost', 'understands nothing', UNREACHABLE, STRANGE],
  ])('whose cancel is %s where one %s afterwards is unknown, and asked about again', (_c, _n, gaveUp, outcome) => {
    expect(end(gaveUp, outcome)).toMatchObject({ phase: 'unknown', lookAt: END + 5_000, record: { failure: null } });
  });

  it('that was not heard at first is expired once the cancel is done, and a person’s where it is not', () => {
    const unheard = end(UNREACHABLE, SILENCE);
    expect(end(DONE, WAITS, unheard)).toMatchObject({ phase: 'expired', lookAt: null });
    expect(end(REFUSED, WAITS, unheard)).toMatchObject({ phase: 'unknown', lookAt: null });
  });

  it('that somebody found out meanwhile stays', () => {
    const expired = end(DONE, WAITS);
    expect(end(REFUSED, WAITS, expired)).toMatchObject({ phase: 'expired', record: { failure: null } });
  });
});

describe('an invoice that could not be taken back', () => {
  const doubtful = end(REFUSED, WAITS);
  const asked = (outcome: CheckOutcome) => judgeAsked(doubtful, outcome, END, END, DEFAULT_TIMETABLE);

  it('stays unknown while the provider says that it waits, however often a person asks', () => {
    expect(asked(WAITS)).toBeNull();
    expect(asked(CONFIRMS)).toBeNull();
  });

  it('ends when the provider says how', () => {
    expect(asked(PAID)).toMatchObject({ phase: 'succeeded', record: { failure: null } });
    expect(asked(CANCELED)).toMatchObject({ phase: 'canceled', record: { failure: null } });
  });
});
