import { describe, expect, it } from '@jest/globals';
import type { Purchase } from '@tolem/contracts';
import { isFinalRefund, refundCanMove } from '@tolem/domain';
import fc from 'fast-check';
import { failureOf } from '../failure-of.ts';
import {
  abandoned,
  asked,
  chosen,
  closed,
  identified,
  invited,
  judgeIdentified,
  refundInDoubt,
  returned,
} from './refund-life.ts';
import type { RefundPicture } from './refund-picture.ts';
import type { IdentifiedOutcome } from './refunds.ts';

const T0 = Date.UTC(2026, 0, 1);
const GRACE_MS = 5_000;
const CHOOSE_MS = 300_000;
const FAILURE = failureOf('any', 'refund_failed');
const PURCHASE: Purchase = { ref: 'purchase-1', amount: 149_000, at: null };
const OTHER: Purchase = { ref: 'purchase-2', amount: 5_000, at: null };

const ASKED = asked({
  paymentId: null,
  purchaseRef: PURCHASE.ref,
  amountMinor: 49_000,
  currency: 'KZT',
  tradePointRef: 'tp-1',
  lane: 'pay_1',
});
const INVITED = invited(
  ASKED,
  {
    is: 'started',
    customerRef: 'customer-1',
    nextAction: { type: 'show_qr', qr: 'x' },
    waiting: { intervalMs: 5_000, customerWithinMs: 180_000 },
  },
  T0,
);
const WAITING = { intervalMs: 5_000, until: T0 + 180_000 };
const choosing = identified(INVITED, [OTHER], T0, CHOOSE_MS, 'return-1');

/** Anything that can come, in any order. */
const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 400_000 }),
    step: fc.constantFrom(
      'listed' as const,
      'listed_other' as const,
      'listed_nothing' as const,
      'choose' as const,
      'choose_other' as const,
      'abandon' as const,
      'cancel' as const,
      'fail' as const,
      'return' as const,
      'doubt' as const,
    ),
  }),
  { maxLength: 25 },
);

/** As the service lets a step in: what is not this phase's business never gets to it. */
function take(picture: RefundPicture, step: string, now: number): RefundPicture {
  const mayMove = picture.phase === 'pending' || picture.phase === 'processing' || picture.phase === 'unknown';
  const waits = picture.phase === 'requires_customer' && picture.record.waiting !== null;
  switch (step) {
    case 'listed':
      return waits ? identified(picture, [OTHER, PURCHASE], now, CHOOSE_MS, 'return') : picture;
    case 'listed_other':
      return waits ? identified(picture, [OTHER], now, CHOOSE_MS, 'return') : picture;
    case 'listed_nothing':
      return waits ? identified(picture, [], now, CHOOSE_MS, 'return') : picture;
    case 'choose':
      return chosen(picture, { paymentId: null, purchaseRef: OTHER.ref, amountMinor: 1 }, 'choose') ?? picture;
    case 'choose_other':
      return chosen(picture, { paymentId: null, purchaseRef: 'not offered', amountMinor: 1 }, 'choose') ?? picture;
    case 'abandon':
      return abandoned(picture, now) ?? picture;
    case 'cancel':
      return closed(picture, 'canceled', null);
    case 'fail':
      return closed(picture, 'failed', FAILURE);
    case 'return':
      return mayMove ? returned(picture, 'ref', 'stated') : picture;
    default:
      return refundInDoubt(picture, FAILURE);
  }
}

describe('whatever comes, in whatever order', () => {
  const walk = (
    from: RefundPicture,
    list: typeof steps extends fc.Arbitrary<infer S> ? S : never,
    check: (before: RefundPicture, after: RefundPicture, step: string) => void,
  ): RefundPicture => {
    let [picture, now] = [from, T0];
    for (const { step, afterMs } of list) {
      now += afterMs;
      const after = take(picture, step, now);
      check(picture, after, step);
      picture = after;
    }
    return picture;
  };
  const starts = fc.constantFrom(ASKED, INVITED, choosing);

  it('a refund moves only along the table of transitions, and what has ended stays as it is', () => {
    fc.assert(
      fc.property(starts, steps, (from, list) => {
        walk(from, list, (before, after) => {
          if (before.phase !== after.phase) expect(refundCanMove(before.phase, after.phase)).toBe(true);
          if (isFinalRefund(before.phase)) expect(after).toEqual({ ...before, providerRef: after.providerRef });
        });
      }),
    );
  });

  it('once its money may move it is neither canceled nor given another purchase', () => {
    fc.assert(
      fc.property(starts, steps, (from, list) => {
        let settled: RefundPicture | undefined;
        walk(from, list, (_before, after) => {
          if (settled !== undefined && settled.phase === 'processing') {
            expect(after.phase).not.toBe('canceled');
            expect(after.record.purchaseRef).toBe(settled.record.purchaseRef);
            expect(after.record.amountMinor).toBe(settled.record.amountMinor);
            expect(after.record.returnOperation).toBe(settled.record.returnOperation);
          }
          if (after.phase === 'processing') settled ??= after;
        });
      }),
    );
  });

  it('what waits for the buyer or the cashier has a time at which it ends, and nothing else has', () => {
    fc.assert(
      fc.property(starts, steps, (from, list) => {
        const end = walk(from, list, () => undefined);
        expect(end.lookAt !== null).toBe(end.phase === 'requires_customer');
        expect(end.record.nextAction !== null).toBe(end.phase === 'requires_customer');
      }),
    );
  });
});

describe('a buyer who is waited for', () => {
  const judge = (outcome: IdentifiedOutcome, askedAt: number) =>
    judgeIdentified(WAITING, outcome, askedAt, askedAt + 100, GRACE_MS);

  it.each<[string, IdentifiedOutcome]>([
    ['not yet', { is: 'pending' }],
    ['silence', { is: 'unreachable', reason: 'cut' }],
  ])('is asked about again while his time runs, and ends it after time and grace (%s)', (_name, outcome) => {
    const last = WAITING.until + GRACE_MS;
    expect(judge(outcome, T0)).toEqual({ do: 'ask_again', at: T0 + 5_100 });
    expect(judge(outcome, last - 1)).toMatchObject({ do: 'ask_again' });
    expect(judge(outcome, last)).toMatchObject({ do: 'end', phase: 'canceled', failure: { code: 'refund_expired' } });
  });

  it('who has shown himself is never too late', () => {
    expect(judge({ is: 'identified' }, WAITING.until + 3_600_000)).toEqual({ do: 'list' });
  });

  it('whose code the provider has ended fails with its words', () => {
    expect(judge({ is: 'over', failure: FAILURE }, T0)).toEqual({ do: 'end', phase: 'canceled', failure: FAILURE });
  });
});

describe('a buyer who has shown himself', () => {
  it('and has the purchase that is named goes on without a choice', () => {
    expect(identified(INVITED, [OTHER, PURCHASE], T0, CHOOSE_MS, 'return-1')).toMatchObject({
      phase: 'processing',
      lookAt: null,
      record: {
        nextAction: null,
        waiting: null,
        returnOperation: 'return-1',
        purchaseRef: PURCHASE.ref,
        amountMinor: 49_000,
      },
    });
  });

  it('goes on with the purchase that is named where its sum is unknown, which is shown to nobody else', () => {
    const unpriced = { ...PURCHASE, amount: null };
    expect(identified(INVITED, [OTHER, unpriced], T0, CHOOSE_MS, 'return-1')).toMatchObject({
      phase: 'processing',
      record: { purchaseRef: PURCHASE.ref },
    });
    const { purchaseRef: _named, ...unnamed } = INVITED.record;
    const nobodys = { ...INVITED, record: { ...unnamed, purchaseRef: null } };
    const offered = identified(nobodys, [OTHER, unpriced], T0, CHOOSE_MS, 'return-1').record.nextAction?.purchases;
    expect(offered).toEqual([OTHER]);
    expect(identified(nobodys, [unpriced], T0, CHOOSE_MS, 'return-1')).toMatchObject({
      phase: 'failed',
      record: { failure: { code: 'purchase_not_found' } },
    });
  });

  it('is shown at most fifty purchases', () => {
    const many = Array.from({ length: 80 }, (_, n) => ({ ...OTHER, ref: `other-${n}` }));
    expect(identified(INVITED, many, T0, CHOOSE_MS, 'return-1').record.nextAction?.purchases).toHaveLength(50);
  });

  it('may be kept waiting for the choice for so long and no longer', () => {
    expect(choosing.record.nextAction?.expires_at).toBe(new Date(T0 + CHOOSE_MS).toISOString());
    expect(abandoned(choosing, T0 + CHOOSE_MS - 1)).toBeNull();
    expect(abandoned(choosing, T0 + CHOOSE_MS)).toMatchObject({
      phase: 'canceled',
      record: { failure: { code: 'refund_abandoned' } },
    });
    expect(abandoned(INVITED, T0 + CHOOSE_MS)).toBeNull();
  });
});
