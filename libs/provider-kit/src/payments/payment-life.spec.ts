import { describe, expect, it } from '@jest/globals';
import { canMove, isFinal, isOpen, type PaymentStatus } from '@tolem/domain';
import fc from 'fast-check';
import { failureOf } from '../failure-of.ts';
import { judgeVerified, toVerify } from './judge-books.ts';
import { type Decision, judge, judgeAsked } from './judge-payment.ts';
import { cancelRequested, ended, inDoubt, isNews, started } from './payment-life.ts';
import { DEFAULT_TIMETABLE, type PaymentPicture, type WaitingUntil } from './payment-picture.ts';
import type { CheckOutcome, VerifiedPaid } from './payment-method.ts';

const T0 = Date.UTC(2026, 0, 1);
const GRACE_MS = DEFAULT_TIMETABLE.graceMs;
const WAITING = { intervalMs: 5_000, customerWithinMs: 180_000, confirmWithinMs: 65_000 };
const FAILURE = failureOf('declined', 'declined');
const PENDING: CheckOutcome = { is: 'pending', phase: 'requires_customer' };
/** An answer in words that nobody knows. */
const STRANGE: CheckOutcome = { is: 'pending', phase: 'unchanged' };
const SCANNED: CheckOutcome = { is: 'pending', phase: 'processing' };
const SILENCE: CheckOutcome = { is: 'unreachable', reason: 'cut' };
const PAID: CheckOutcome = { is: 'paid', slip: { transaction: '1' } };
const notPaid = (phase: 'declined' | 'expired' | 'canceled'): CheckOutcome => ({
  is: 'not_paid',
  phase,
  failure: FAILURE,
});

const CREATED: PaymentPicture = {
  phase: 'created',
  providerRef: null,
  lookAt: null,
  lookStep: 0,
  record: {
    method: 'any',
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
};
const SHOWN = started(
  CREATED,
  {
    is: 'started',
    providerRef: 'ref',
    nextAction: { type: 'show_qr', qr: 'x' },
    paymentMethods: ['card'],
    waiting: WAITING,
  },
  T0,
);

/** A payment as the poller has it in hand. */
interface Watched {
  readonly picture: PaymentPicture;
  readonly waiting: WaitingUntil | null;
  readonly seen: boolean;
  readonly dueAt: number | null;
}

const BEGUN: Watched = { picture: SHOWN, waiting: SHOWN.record.waiting, seen: false, dueAt: T0 + WAITING.intervalMs };

function heard(
  watched: Watched,
  outcome: CheckOutcome,
  askedAt: number,
  now: number,
): Watched & { decision: Decision } {
  const decision = judge(watched.picture, watched.waiting, outcome, askedAt, now, DEFAULT_TIMETABLE, watched.seen);
  if (decision.do === 'ask_again') {
    const seen = watched.seen || decision.seen !== null;
    return { picture: watched.picture, waiting: decision.waiting, seen, dueAt: decision.at, decision };
  }
  const { next } = decision;
  return { picture: next, waiting: next.record.waiting, seen: watched.seen, dueAt: next.lookAt, decision };
}

/** A question of a history, with what it decided and when it was asked. */
interface Asked extends Watched {
  readonly at: number;
  readonly decision: Decision;
}

/** Asks at every due time until nobody needs to ask; the answer may depend on how often was asked. */
function askUntilQuiet(outcomeAt: (asked: number) => CheckOutcome, most = 500): Asked[] {
  const history: Asked[] = [];
  for (let at = BEGUN.dueAt, watched = BEGUN; at !== null && history.length < most; at = watched.dueAt) {
    const asked = { ...heard(watched, outcomeAt(history.length), at, at), at };
    history.push(asked);
    watched = asked;
  }
  return history;
}

const outcomes: fc.Arbitrary<CheckOutcome> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<CheckOutcome>(PENDING, SCANNED, STRANGE),
  },
  { weight: 3, arbitrary: fc.constant(SILENCE) },
  { weight: 1, arbitrary: fc.constantFrom(PAID, { is: 'paid', amountMinor: 149_000 } as const) },
  { weight: 1, arbitrary: fc.constantFrom(notPaid('declined'), notPaid('expired'), notPaid('canceled')) },
  { weight: 1, arbitrary: fc.constant<CheckOutcome>({ is: 'paid', amountMinor: 149_001 }) },
);

/** One question: how late it leaves, how long the answer takes, what it says, and whether a cancel comes before it. */
const question = fc.record({
  lateMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200_000 })),
  answerMs: fc.integer({ min: 0, max: 10_000 }),
  outcome: outcomes,
  cancel: fc.boolean(),
});

/** Runs a history and hands every step to `check`. */
function runHistory(
  questions: readonly (typeof question extends fc.Arbitrary<infer Q> ? Q : never)[],
  check: (
    before: Watched,
    after: Watched & { decision: Decision },
    outcome: CheckOutcome,
    askedAt: number,
    now: number,
  ) => void,
): Watched {
  let watched = BEGUN;
  let now = T0;
  for (const { lateMs, answerMs, outcome, cancel } of questions) {
    if (cancel) watched = { ...watched, picture: cancelRequested(watched.picture) ?? watched.picture };
    const askedAt = Math.max(now, watched.dueAt ?? now) + lateMs;
    now = askedAt + answerMs;
    const after = heard(watched, outcome, askedAt, now);
    check(watched, after, outcome, askedAt, now);
    watched = after;
  }
  return watched;
}

const histories = fc.array(question, { maxLength: 40 });

describe('whatever the provider answers, in whatever order and however late', () => {
  it('a payment moves only along the table of transitions', () => {
    fc.assert(
      fc.property(histories, (questions) => {
        runHistory(questions, (before, after) => {
          const [from, to] = [before.picture.phase, after.picture.phase];
          if (from !== to) expect(canMove(from, to)).toBe(true);
        });
      }),
    );
  });

  it('the money that was asked for always wins, and nothing undoes it', () => {
    fc.assert(
      fc.property(histories, histories, (before, after) => {
        const paid = { lateMs: 0, answerMs: 0, outcome: PAID, cancel: false };
        runHistory([...before, paid, ...after], () => undefined);
        let since = false;
        runHistory([...before, paid, ...after], (_before, now, outcome) => {
          since ||= outcome === PAID;
          if (since) expect(now.picture.phase).toBe('succeeded');
        });
      }),
    );
  });

  it('money of another amount never makes it succeeded, and raises an alarm', () => {
    fc.assert(
      fc.property(histories, (questions) => {
        runHistory(questions, (before, after, outcome) => {
          if (outcome.is !== 'paid' || outcome.amountMinor !== 149_001 || before.picture.phase === 'succeeded') return;
          expect(after.picture.phase).not.toBe('succeeded');
          expect(after.decision.do === 'write' && after.decision.alarm).toContain('149001');
        });
      }),
    );
  });

  it('silence and "not yet" never say how it ended: at most expired or unknown', () => {
    fc.assert(
      fc.property(histories, (questions) => {
        runHistory(questions, (before, after, outcome) => {
          const [from, to] = [before.picture.phase, after.picture.phase];
          if (outcome.is === 'pending' && from !== to)
            expect(to).toBe(outcome.phase === 'unchanged' ? 'unknown' : 'expired');
          if (outcome.is === 'unreachable' && from !== to) expect(to).toBe('unknown');
        });
      }),
    );
  });

  it('it expires only on a question that left after the buyer’s time and the grace were over', () => {
    fc.assert(
      fc.property(histories, (questions) => {
        runHistory(questions, (before, after, outcome, askedAt) => {
          const concluded =
            outcome.is === 'pending' && before.picture.phase !== 'expired' && after.picture.phase === 'expired';
          if (!concluded || before.picture.phase === 'unknown') return;
          expect(before.waiting).not.toBeNull();
          expect(askedAt).toBeGreaterThanOrEqual((before.waiting?.until ?? 0) + GRACE_MS);
        });
      }),
    );
  });

  it('an open payment is always asked about again, in the future, unless a person must look', () => {
    fc.assert(
      fc.property(histories, (questions) => {
        runHistory(questions, (_before, after, _outcome, _askedAt, now) => {
          if (isFinal(after.picture.phase) || after.picture.record.failure?.code === 'amount_mismatch') return;
          expect(after.dueAt).not.toBeNull();
          expect(after.dueAt ?? 0).toBeGreaterThanOrEqual(now);
        });
      }),
    );
  });

  it('it is asked about at most one interval later, and within an interval of the end of the buyer’s time', () => {
    fc.assert(
      fc.property(histories, (questions) => {
        runHistory(questions, (_before, { decision }, _outcome, _askedAt, now) => {
          if (decision.do !== 'ask_again') return;
          expect(decision.at).toBeLessThanOrEqual(now + WAITING.intervalMs);
          const end = (decision.waiting?.until ?? 0) + GRACE_MS;
          expect(decision.at).toBeLessThanOrEqual(Math.max(now, end) + WAITING.intervalMs);
        });
      }),
    );
  });

  it('what has ended shows nothing to act on', () => {
    fc.assert(
      fc.property(histories, (questions) => {
        const { picture } = runHistory(questions, () => undefined);
        if (isFinal(picture.phase) || picture.phase === 'unknown') expect(picture.record.nextAction).toBeNull();
      }),
    );
  });

  it('a cancel that was asked for while it was open has an answer at the end', () => {
    fc.assert(
      fc.property(histories, (questions) => {
        const { picture } = runHistory(questions, (before, after) => {
          const [was, is] = [before.picture.record.cancel?.result, after.picture.record.cancel?.result];
          if (was !== undefined) expect(is).toBeDefined();
          if (was === 'not_possible') expect(is).toBe('not_possible');
        });
        if (picture.record.cancel === null) return;
        const { result } = picture.record.cancel;
        if (isOpen(picture.phase)) expect(result).toBe('pending');
        else if (picture.phase === 'succeeded') expect(['refused', 'not_possible']).toContain(result);
        else expect(result).toBe('done');
      }),
    );
  });
});

describe('a payment that nobody pays', () => {
  it('is asked about every interval, once more after time and grace, and then watched: +5 s, +70 s, +5 min, +1 h, the night', () => {
    const history = askUntilQuiet(() => PENDING);
    const end = history.findIndex((step) => step.picture.phase === 'expired');
    const endedAt = history[end]?.at ?? 0;
    expect(endedAt - T0).toBe(WAITING.customerWithinMs + GRACE_MS);
    const asked = history.slice(0, end + 1).map((step) => step.at - T0);
    expect(asked).toEqual(Array.from({ length: 37 }, (_, index) => (index + 1) * 5_000));
    const watched = history.slice(end + 1).map((step) => step.at - endedAt);
    expect(watched).toEqual([5_000, 70_000, 300_000, 3_600_000, 3_600_000 + 12 * 3_600_000]);
  });

  it('and whose buyer begins at the last moment has his whole time to confirm, once', () => {
    const history = askUntilQuiet((asked) => (asked < 35 ? PENDING : SCANNED));
    const scannedAt = history[35]?.at ?? 0;
    expect(history[35]?.waiting?.until).toBe(scannedAt + WAITING.confirmWithinMs);
    const end = history.find((step) => step.picture.phase === 'expired');
    expect((end?.at ?? 0) - scannedAt).toBe(WAITING.confirmWithinMs + GRACE_MS);
    expect(history.filter((step) => step.picture.phase === 'expired')[0]?.picture.record.evidence).toBe('inferred');
  });

  it('tells the buyer’s first step once', () => {
    const first = heard(BEGUN, SCANNED, T0 + 5_000, T0 + 5_100);
    const second = heard(first, SCANNED, T0 + 10_000, T0 + 10_100);
    expect([first, second].map(({ decision }) => decision.do === 'ask_again' && decision.seen)).toEqual([
      'processing',
      null,
    ]);
  });
});

describe('a provider that says how it ended', () => {
  const end = (outcome: CheckOutcome, at: number): PaymentPicture => heard(BEGUN, outcome, at, at).picture;

  it.each<[string, number, PaymentStatus]>([
    ['well before the time is over is a decline', T0 + 100_000, 'declined'],
    ['just before the last interval is a decline', T0 + 174_999, 'declined'],
    ['within the last interval is the timer running out', T0 + 175_000, 'expired'],
    ['after the time is the timer running out', T0 + 181_000, 'expired'],
  ])('"declined" %s', (_name, at, phase) => {
    const picture = end(notPaid('declined'), at);
    expect(picture.phase).toBe(phase);
    expect(picture.record.failure).toEqual(phase === 'declined' ? FAILURE : null);
    expect(picture.lookAt).toBeNull();
  });

  it('"canceled" is canceled, with the cancel done', () => {
    const picture = end(notPaid('canceled'), T0 + 10_000);
    expect(picture).toMatchObject({ phase: 'canceled', record: { cancel: { result: 'done' } } });
  });

  it('confirms an end of ours: nobody asks any more and nobody is told', () => {
    const expired = askUntilQuiet(() => PENDING).find((step) => step.picture.phase === 'expired');
    if (expired === undefined) throw new Error('it never expired');
    const after = heard(expired, notPaid('declined'), expired.at + 5_000, expired.at + 5_000);
    expect(after).toMatchObject({ dueAt: null, picture: { phase: 'expired' } });
    expect(isNews(expired.picture, after.picture)).toBe(false);
  });
});

describe('a provider that cannot be asked', () => {
  it('makes the payment unknown after its time, asks after 5 s, 30 s, 2 min, 10 min and then hourly, with an alarm from the third', () => {
    const history = askUntilQuiet(() => SILENCE, 50);
    const from = history.findIndex((step) => step.picture.phase === 'unknown');
    expect((history[from]?.at ?? 0) - T0).toBe(WAITING.customerWithinMs + GRACE_MS);
    const asked = history.slice(from).map((step) => step.at);
    const waits = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(waits.slice(0, 6)).toEqual([5_000, 30_000, 120_000, 600_000, 3_600_000, 3_600_000]);
    const alarms = history
      .slice(from, from + 6)
      .map(({ decision }) => decision.do === 'write' && decision.alarm !== null);
    expect(alarms).toEqual([false, false, false, true, true, true]);
    const news = history
      .slice(from + 1)
      .filter((step, index) => isNews(history[from + index]?.picture ?? step.picture, step.picture));
    expect(news).toEqual([]);
  });

  it('or answers in words that nobody knows leaves the payment unknown, never expired: it may have been paid', () => {
    const strange = askUntilQuiet(() => STRANGE, 45).at(-1);
    expect(strange?.picture.phase).toBe('unknown');
  });

  it('and answers again ends the payment by what it says', () => {
    const silent = askUntilQuiet(() => SILENCE, 45).at(-1);
    if (silent?.picture.phase !== 'unknown') throw new Error('it is not unknown');
    const later = silent.at + 3_600_000;
    const ends = [PAID, PENDING, notPaid('declined')].map(
      (outcome) => heard(silent, outcome, later, later).picture.phase,
    );
    expect(ends).toEqual(['succeeded', 'expired', 'declined']);
  });
});

describe('the watch after the end', () => {
  it('goes on hourly for two days where its last question finds nobody, and then ends', () => {
    const history = askUntilQuiet((asked) => (asked < 37 ? PENDING : SILENCE));
    const waits = history.slice(36).map((step, index) => step.at - (history[35 + index]?.at ?? 0));
    expect(waits.slice(6)).toEqual(Array.from({ length: 48 }, () => 3_600_000));
    expect(history.at(-1)).toMatchObject({ dueAt: null, picture: { phase: 'expired' } });
  });

  it('ends with the first answer beyond its timetable', () => {
    const history = askUntilQuiet((asked) => (asked < 37 || asked > 44 ? PENDING : SILENCE));
    expect(history).toHaveLength(46);
    expect(history.at(-1)?.dueAt).toBeNull();
  });
});

describe('a cancel', () => {
  const withCancel = cancelRequested(SHOWN);

  it('of an open payment is pending and nothing more the second time', () => {
    expect(withCancel?.record.cancel).toEqual({ result: 'pending' });
    expect(withCancel === null ? undefined : cancelRequested(withCancel)).toBeNull();
  });

  it('of a paid one is not possible', () => {
    const paid = heard(BEGUN, PAID, T0 + 5_000, T0 + 5_000).picture;
    expect(cancelRequested(paid)?.record.cancel).toEqual({ result: 'not_possible' });
  });

  it('of one that ended unpaid changes nothing', () => {
    expect(cancelRequested(ended(CREATED, 'failed', FAILURE))).toBeNull();
  });
});

describe('a start', () => {
  it('of a payment in doubt that was shown as unknown leaves it unknown, with the way to ask', () => {
    const doubt = inDoubt(CREATED, FAILURE);
    const found = started(
      doubt,
      { is: 'started', providerRef: 'ref', nextAction: null, paymentMethods: [], waiting: WAITING },
      T0,
    );
    expect(found).toMatchObject({ phase: 'unknown', providerRef: 'ref', lookAt: T0 + WAITING.customerWithinMs });
  });

  it('writes when its code stops making sense', () => {
    expect(SHOWN.record.nextAction?.expires_at).toBe(new Date(T0 + WAITING.customerWithinMs).toISOString());
  });

  it('and its timetable alone are no news to anybody', () => {
    const moved = { ...SHOWN, lookAt: T0, lookStep: 3, record: { ...SHOWN.record, waiting: null } };
    expect(isNews(SHOWN, moved)).toBe(false);
    expect(isNews(SHOWN, { ...SHOWN, phase: 'expired' })).toBe(true);
  });
});

describe('a payment that is asked about only on request', () => {
  const INVOICE = started(
    CREATED,
    {
      is: 'started',
      providerRef: 'ref',
      nextAction: { type: 'wait_invoice' },
      paymentMethods: [],
      waiting: { is: 'asked_for_only', customerWithinMs: 86_400_000 },
    },
    T0,
  );
  const END = T0 + 86_400_000;
  const atEnd = (picture: PaymentPicture, outcome: CheckOutcome, at: number): PaymentPicture => {
    const decision = judge(picture, null, outcome, at, at, DEFAULT_TIMETABLE, true);
    return decision.do === 'write' ? decision.next : picture;
  };

  it('is looked at when its time is over, and shows until when it can be paid', () => {
    expect(INVOICE).toMatchObject({ lookAt: END, record: { waiting: null, askedForOnly: true } });
    expect(INVOICE.record.nextAction).toEqual({ type: 'wait_invoice', expires_at: new Date(END).toISOString() });
  });

  it('and is not paid at its end is expired, and nobody looks for late money', () => {
    expect(atEnd(INVOICE, PENDING, END)).toMatchObject({ phase: 'expired', lookAt: null });
  });

  it('and cannot be asked about at its end is asked five times more, later and later, and then left to a person', () => {
    const asked: number[] = [];
    for (let picture = INVOICE; picture.lookAt !== null;) {
      asked.push(picture.lookAt);
      picture = atEnd(picture, SILENCE, picture.lookAt);
      expect(picture.phase).toBe('unknown');
    }
    expect(asked.map((at) => at - END)).toEqual([0, 5_000, 35_000, 155_000, 755_000, 4_355_000]);
  });
});

describe('an answer that a person asked for', () => {
  const pictures = fc
    .array(question, { maxLength: 20 })
    .map((questions) => runHistory(questions, () => undefined).picture);

  it('moves a payment along the table or not at all, and never because nothing was heard or nothing is paid yet', () => {
    fc.assert(
      fc.property(pictures, outcomes, fc.integer({ min: 0, max: 400_000 }), (picture, outcome, afterMs) => {
        const at = T0 + afterMs;
        const next = judgeAsked(picture, outcome, at, at, DEFAULT_TIMETABLE);
        if (next === null) return;
        if (next.phase !== picture.phase) expect(canMove(picture.phase, next.phase)).toBe(true);
        expect(outcome.is).not.toBe('unreachable');
        if (outcome.is === 'pending') expect(picture.phase).toBe('unknown');
      }),
    );
  });

  it('that says paid always counts, where the amount is right', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const next = judgeAsked(picture, PAID, T0, T0, DEFAULT_TIMETABLE) ?? picture;
        expect(next.phase).toBe('succeeded');
      }),
    );
  });
});

describe('what the books say of a paid payment', () => {
  const succeeded = heard(BEGUN, PAID, T0 + 5_000, T0 + 5_000).picture;
  const books = (providerRef: string, amountMinor: number): VerifiedPaid => ({
    is: 'details',
    providerRef,
    amountMinor,
  });

  it('is asked for at once, and only when the money has just come', () => {
    expect(toVerify(SHOWN, succeeded, T0).lookAt).toBe(T0);
    expect(toVerify(succeeded, succeeded, T0).lookAt).toBeNull();
  });

  it.each<[string, VerifiedPaid, boolean]>([
    ['the same', books('ref', 149_000), false],
    ['another amount', books('ref', 148_999), true],
    ['another id', books('other', 149_000), true],
    ['nothing, because the scheme has no books', { is: 'not_offered' }, false],
  ])('and is %s leaves it succeeded, with an alarm only where it differs', (_name, outcome, differs) => {
    const { next, alarm } = judgeVerified(succeeded, outcome, T0, DEFAULT_TIMETABLE);
    expect(next).toMatchObject({ phase: 'succeeded', lookAt: null, providerRef: 'ref' });
    expect(next.record.amountMinor).toBe(149_000);
    expect(next.record.booked !== undefined).toBe(differs);
    expect(alarm !== null).toBe(differs);
  });

  it('and cannot be heard is asked five times in all', () => {
    let [picture, asked] = [toVerify(SHOWN, succeeded, T0), 0];
    for (; picture.lookAt !== null; asked += 1) {
      const at = picture.lookAt;
      picture = judgeVerified(picture, { is: 'unreachable', reason: 'cut' }, at, DEFAULT_TIMETABLE).next;
    }
    expect(asked).toBe(5);
  });
});
