import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isFinal, PAYMENT_TRANSITIONS, type PaymentStatus } from '@tolem/domain';
import fc from 'fast-check';
import { deliveries } from '../test/deliveries.ts';
import { type Fact, PaymentHouse, type Shop, uuidOf } from '../test/payment-house.ts';

type Told = Omit<Fact, 'payment'> & { readonly seq: number };

/** A walk along the table of transitions, with repeats, values that this release does not know, and what a liar adds after the money. */
const histories: fc.Arbitrary<readonly Told[]> = fc
  .record({
    steps: fc.array(fc.record({ choice: fc.nat(), stays: fc.boolean(), strange: fc.boolean() }), {
      minLength: 1,
      maxLength: 7,
    }),
    liesAfterMoney: fc.array(fc.constantFrom('expired', 'declined', 'processing'), { maxLength: 2 }),
    refFrom: fc.nat(3),
  })
  .map(({ steps, liesAfterMoney, refFrom }) => {
    const phases: string[] = [];
    let status: PaymentStatus = 'created';
    for (const { choice, stays, strange } of steps) {
      if (strange) phases.push('status_of_tomorrow');
      const next: readonly PaymentStatus[] = PAYMENT_TRANSITIONS[status];
      if (!(stays && status !== 'created') && next.length > 0) status = next[choice % next.length] ?? status;
      phases.push(status);
    }
    if (status === 'succeeded') phases.push(...liesAfterMoney);
    // Who tells of money names the payment, so that a liar cannot be the first to name it.
    const paidAt = phases.indexOf('succeeded');
    const namedFrom = paidAt === -1 ? refFrom : Math.min(refFrom, paidAt);
    return phases.map((phase, index) => ({
      seq: index + 1,
      phase,
      more: {
        provider_ref: index >= namedFrom ? 'REF' : null,
        payment_methods: [`as of ${index + 1}`],
        slip: index % 2 === 0 ? null : { seq: String(index + 1) },
        next_action:
          phase === 'requires_customer'
            ? { type: 'show_qr', qr: `qr ${index + 1}`, expires_at: '2026-11-22T12:03:00.000Z' }
            : null,
      },
    }));
  });

describe('facts in any order', () => {
  let house: PaymentHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    shop = await house.shop();
  });
  afterAll(() => house.close());

  /** What a payment looks like, apart from what belongs to it alone and from how often and when it changed. */
  const endOf = async (batches: readonly (readonly Told[])[]): Promise<Record<string, unknown>> => {
    const { body } = await house.pay(shop);
    for (const batch of batches) {
      const own = batch.map(({ more, ...fact }) => ({
        ...fact,
        payment: body.id,
        // An id of the provider belongs to one payment only.
        more: { ...more, provider_ref: more?.['provider_ref'] === null ? null : `REF ${body.id}` },
      }));
      await house.tell(...own);
    }
    const {
      id: _id,
      code: _code,
      created_at: _c,
      updated_at: _u,
      version: _v,
      late: _l,
      till: _t,
      provider,
      next_action,
      ...rest
    } = await house.get(shop, body.id);
    const [row] = await house.rows('SELECT provider_seq, reference_lock FROM payment WHERE id = $1', [uuidOf(body.id)]);
    return { ...rest, known: provider?.id !== null, qr: next_action?.qr, ...row };
  };

  it('each one to five times, in any batches, end where they end in order, and money outranks all', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories.chain((history) => fc.tuple(fc.constant(history), deliveries(history))),
        async ([history, batches]) => {
          const inOrder = await endOf(history.map((fact) => [fact]));
          const inAnyOrder = await endOf(batches);
          expect(inAnyOrder).toEqual(inOrder);
          const known = history.filter((fact) => fact.phase in PAYMENT_TRANSITIONS);
          const isPaid = known.some((fact) => fact.phase === 'succeeded');
          expect(inOrder['status']).toBe(isPaid ? 'succeeded' : known.at(-1)?.phase);
        },
      ),
      { numRuns: 120 },
    );
  }, 240_000);

  it('with progress anywhere between them end where the last snapshot says', async () => {
    const ended = histories.filter((history) => isFinal((history.at(-1)?.phase ?? 'created') as PaymentStatus));
    await fc.assert(
      fc.asyncProperty(
        ended.chain((history) =>
          fc.tuple(fc.constant(history), deliveries(history), fc.array(fc.nat(20), { maxLength: 5 })),
        ),
        async ([history, batches, places]) => {
          const { body } = await house.pay(shop);
          const mixed = batches.map((batch, index) => [
            ...batch.map((fact): Fact => ({ payment: body.id, seq: fact.seq, phase: fact.phase })),
            ...places.filter((place) => place === index).map((): Fact => ({ payment: body.id, phase: 'processing' })),
          ]);
          for (const batch of mixed) await house.tell(...batch);
          const isPaid = history.some((fact) => fact.phase === 'succeeded');
          expect((await house.get(shop, body.id)).status).toBe(isPaid ? 'succeeded' : history.at(-1)?.phase);
        },
      ),
      { numRuns: 60 },
    );
  }, 240_000);
});
