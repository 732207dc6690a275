import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REFUND_TRANSITIONS, type RefundStatus } from '@tolem/domain';
import fc from 'fast-check';
import { type Shop, uuidOf } from '../../payments/test/payment-house.ts';
import { deliveries } from '../../payments/test/deliveries.ts';
import { RefundHouse } from '../test/refund-house.ts';

interface Told {
  readonly seq: number;
  readonly phase: string;
}

/** A walk along the table of transitions, with repeats and values that this release does not know. */
const histories: fc.Arbitrary<readonly Told[]> = fc
  .array(fc.record({ choice: fc.nat(), stays: fc.boolean(), strange: fc.boolean() }), { minLength: 1, maxLength: 6 })
  .map((steps) => {
    const phases: string[] = [];
    let status: RefundStatus = 'pending';
    for (const { choice, stays, strange } of steps) {
      if (strange) phases.push('status_of_tomorrow');
      const next: readonly RefundStatus[] = REFUND_TRANSITIONS[status];
      if (!stays && next.length > 0) status = next[choice % next.length] ?? status;
      phases.push(status);
    }
    return phases.map((phase, index) => ({ seq: index + 1, phase }));
  });

describe('facts about a refund in any order', () => {
  let house: RefundHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await RefundHouse.open();
    shop = await house.house.shop();
  });
  afterAll(() => house.close());

  /** What a refund and its payment look like, apart from what belongs to them alone and from how often and when they changed. */
  const endOf = async (batches: readonly (readonly Told[])[]): Promise<Record<string, unknown>> => {
    const paid = await house.paid(shop);
    const { body } = await house.refund(shop, { payment: paid.id, amount: 4_000 });
    for (const batch of batches) {
      await house.tell(
        ...batch.map(({ seq, phase }) => ({
          refund: body.id,
          seq,
          phase,
          more: { provider_ref: `R${seq}`, next_action: { type: 'show_qr' as const, qr: `qr ${seq}` } },
        })),
      );
    }
    const { status, provider, next_action, evidence } = await house.get(shop, body.id);
    const [row] = await house.house.rows('SELECT provider_seq, alarms FROM refund WHERE id = $1', [uuidOf(body.id)]);
    const account = await house.account(shop, paid.id);
    return { status, ref: provider.id, qr: next_action?.qr, evidence, ...row, ...account };
  };

  it('each one to five times, in any batches, end where they end in order, with the account of the payment in balance', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories.chain((history) => fc.tuple(fc.constant(history), deliveries(history))),
        async ([history, batches]) => {
          const inOrder = await endOf(history.map((fact) => [fact]));
          expect(await endOf(batches)).toEqual(inOrder);
          const last = history.findLast((fact) => fact.phase in REFUND_TRANSITIONS)?.phase ?? 'pending';
          expect(inOrder['status']).toBe(last);
          const refunded = last === 'succeeded' ? 4_000 : 0;
          const refundable = last === 'failed' || last === 'canceled' ? 10_000 : 6_000;
          expect(inOrder).toMatchObject({ refunded, refundable });
        },
      ),
      { numRuns: 100 },
    );
  }, 240_000);

  it('of several refunds of one payment at once leave refunded what succeeded and reserved what is open', async () => {
    const ends = fc.constantFrom('processing', 'succeeded', 'failed', 'canceled', 'unknown');
    await fc.assert(
      fc.asyncProperty(fc.array(ends, { minLength: 2, maxLength: 5 }), async (phases) => {
        const paid = await house.paid(shop);
        const refunds = await Promise.all(
          phases.map(() => house.refund(shop, { payment: paid.id, amount: 1_000 }).then(({ body }) => body.id)),
        );
        await Promise.all(
          refunds.map((refund, index) => house.tell({ refund, seq: 1, phase: phases[index] ?? 'processing' })),
        );
        const count = (...of: string[]): number => phases.filter((phase) => of.includes(phase)).length;
        expect(await house.account(shop, paid.id)).toEqual({
          refunded: 1_000 * count('succeeded'),
          refundable: 10_000 - 1_000 * count('succeeded', 'processing', 'unknown'),
        });
      }),
      { numRuns: 25 },
    );
  }, 240_000);
});
