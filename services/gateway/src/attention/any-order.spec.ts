import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isClosedUnpaid, type PaymentStatus } from '@tolem/domain';
import fc from 'fast-check';
import { PaymentHouse, uuidOf } from '../payments/test/payment-house.ts';
import { AttentionHouse } from './test/attention-house.ts';

type Step =
  | { readonly does: 'tell'; readonly seq: number; readonly phase: PaymentStatus; readonly amount: number | null }
  | { readonly does: 'resolve'; readonly nth: number; readonly outcome: 'succeeded' | 'failed' | 'acknowledged' };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      does: fc.constant('tell' as const),
      seq: fc.integer({ min: 1, max: 8 }),
      phase: fc.constantFrom<PaymentStatus>(
        'requires_customer',
        'processing',
        'unknown',
        'unknown',
        'expired',
        'declined',
        'failed',
        'succeeded',
      ),
      amount: fc.constantFrom(null, null, null, 149_000, 148_000),
    }),
    fc.record({
      does: fc.constant('resolve' as const),
      nth: fc.nat(5),
      outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'acknowledged' as const),
    }),
  ),
  { minLength: 2, maxLength: 9 },
);

describe('facts of the provider and decisions of people', () => {
  let house: PaymentHouse;
  let room: AttentionHouse;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    room = new AttentionHouse(house, await house.shop());
  });
  afterAll(() => house.close());

  /** Refusals are answers here: whatever is asked, the books must stay right. */
  const take = async (payment: string, step: Step): Promise<void> => {
    if (step.does === 'tell') {
      await house.tell({ payment, seq: step.seq, phase: step.phase, more: { amount: step.amount } });
      return;
    }
    const rows = await room.of(payment);
    const row = rows[step.nth % Math.max(rows.length, 1)];
    if (row === undefined) return;
    await room.resolve(row.id, step.outcome).catch((error: unknown) => {
      expect(error).toMatchObject({ status: expect.any(Number) });
    });
  };

  const isMoney = (step: Step): boolean =>
    step.does === 'tell' && step.phase === 'succeeded' && step.amount !== 148_000;

  const checkBooks = async (payment: string, taken: readonly Step[], before: PaymentStatus): Promise<PaymentStatus> => {
    const now = await house.get(room.shop, payment);
    const rows = await room.of(payment);
    const open = rows.filter((row) => row.closed_at === null).map((row) => row.kind);
    // Money that was ever told is never lost, by nobody's word.
    if (taken.some(isMoney)) expect(now.status).toBe('succeeded');
    if (before === 'succeeded') expect(now.status).toBe('succeeded');
    if (isClosedUnpaid(before)) expect([before, 'succeeded']).toContain(now.status);
    // Paid without the provider's word: a person has said so, and it is written down.
    if (now.status === 'succeeded' && !taken.some(isMoney)) {
      expect(now.resolution).toMatchObject({ outcome: 'succeeded', confirmed: false });
      expect(rows).toContainEqual(
        expect.objectContaining({ kind: 'unknown', outcome: 'succeeded', reason: 'The bank was asked' }),
      );
    }
    // Money that does not fit is always on a person's list, or was.
    const misfit = taken.some((step) => step.does === 'tell' && step.amount === 148_000 && step.phase === 'succeeded');
    if (misfit && !taken.some(isMoney)) expect(rows.map((row) => row.kind)).toContain('amount_mismatch');
    expect(new Set(open).size).toBe(open.length);
    expect(open.includes('unknown')).toBe(now.status === 'unknown');
    const [lock] = await house.rows<{ locked: boolean }>('SELECT reference_lock AS locked FROM payment WHERE id = $1', [
      uuidOf(payment),
    ]);
    expect(lock?.locked).toBe(!isClosedUnpaid(now.status));
    return now.status;
  };

  it('in any order never lose money, keep one open attention per kind, and hold the reference as long as it may be paid', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const payment = await room.pay(house.key());
        let status: PaymentStatus = 'created';
        for (const [index, step] of all.entries()) {
          await take(payment, step);
          status = await checkBooks(payment, all.slice(0, index + 1), status);
        }
      }),
      { numRuns: 120 },
    );
  }, 240_000);

  it('at the same moment end in books that are right, too', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const payment = await room.pay(house.key());
        await room.tell(payment, { seq: 3, phase: 'unknown' });
        await Promise.all(all.map((step) => take(payment, step)));
        await checkBooks(payment, all, 'created');
      }),
      { numRuns: 40 },
    );
  }, 240_000);
});
