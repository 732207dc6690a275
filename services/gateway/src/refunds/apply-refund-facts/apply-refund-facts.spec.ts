import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Audit } from '../../audit-log/audit.ts';
import { AttentionStore } from '../../attention/attention-store.ts';
import { attentionView, type AttentionView } from '../../attention/attention.ts';
import { ResolveAttention } from '../../attention/resolve-attention.ts';
import { type Shop, uuidOf } from '../../payments/test/payment-house.ts';
import { Transactions } from '../../transactions.ts';
import { RefundHouse } from '../test/refund-house.ts';

const FAILURE = {
  code: 'refund_not_possible',
  provider_code: '-99000005',
  provider_message: 'no',
  cashier_key: 'refund_not_possible',
};

let house: RefundHouse;
let shop: Shop;
beforeAll(async () => {
  house = await RefundHouse.open();
  shop = await house.house.shop();
});
afterAll(() => house.close());

const asked = async (amount = 4_000): Promise<{ payment: string; purchase: string; refund: string }> => {
  const paid = await house.paid(shop);
  const { body } = await house.refund(shop, { payment: paid.id, amount });
  return { payment: paid.id, purchase: paid.provider?.id ?? '', refund: body.id };
};
const attentionOf = async (refund: string): Promise<AttentionView[]> => {
  const any = { status: null, kind: null, organization: null, payment: null, after: null, limit: 100 };
  const store = new AttentionStore(new Transactions(house.house.app, house.house.worker));
  return (await store.list(shop.caller, { ...any, refund: uuidOf(refund) })).map(attentionView);
};
const resolve = async (refund: string, outcome: 'succeeded' | 'failed' | 'acknowledged', kind = 'unknown') => {
  const { app, worker, ids, outboxRows, wakeUps, clock } = house.house;
  const resolver = new ResolveAttention(new Transactions(app, worker), new Audit(ids), outboxRows, wakeUps, clock, ids);
  const [row] = await house.house.rows<{ id: string }>(
    'SELECT id FROM attention WHERE subject = $1 AND kind = $2 AND closed_at IS NULL',
    [uuidOf(refund), kind],
  );
  const origin = { ip: '127.0.0.1', requestId: 'req_1', traceparent: undefined };
  return resolver.run(shop.caller, origin, row?.id ?? '', { outcome, reason: 'The bank was asked' });
};

describe('facts about refunds', () => {
  it('are applied a batch at a time in one round trip, the account of the payment included', async () => {
    const [one, other] = [await asked(), await asked(1_000)];
    const sent: string[] = [];
    const stop = house.house.worker.onRoundTrip((sql) => {
      if (!sql.includes('outbox')) sent.push(sql);
    });
    await house.tell(
      {
        refund: one.refund,
        seq: 1,
        phase: 'succeeded',
        more: { provider_ref: 'R1', amount: 4_000, purchase_ref: one.purchase },
      },
      { refund: other.refund, seq: 1, phase: 'failed', more: { failure: FAILURE } },
    );
    stop();
    expect(sent).toHaveLength(1);
    expect(await house.get(shop, one.refund)).toMatchObject({
      status: 'succeeded',
      provider: { id: 'R1', purchase: one.purchase },
      evidence: 'stated',
      till: { screen: 'refunded', may_start_another: true },
      version: 2,
    });
    expect(await house.account(shop, one.payment)).toEqual({ refunded: 4_000, refundable: 6_000 });
    expect(await house.get(shop, other.refund)).toMatchObject({
      status: 'failed',
      failure: { code: 'refund_not_possible', provider_code: '-99000005' },
      till: { screen: 'not_refunded' },
    });
    expect(await house.account(shop, other.payment)).toEqual({ refunded: 0, refundable: 10_000 });
    expect(await house.events(one.refund)).toEqual(['refund.pending', 'refund.succeeded']);
    expect((await house.events(one.payment)).slice(-2)).toEqual(['payment.updated', 'payment.updated']);
  });

  it('say nothing twice: a repeat wakes nobody and writes no event', async () => {
    const { refund, payment } = await asked();
    const fact = { refund, seq: 1, phase: 'succeeded', more: { provider_ref: 'R' } };
    await house.tell(fact);
    const before = [await house.events(refund), await house.events(payment)];
    await house.tell(fact, fact);
    await house.tell({ ...fact, seq: 2 });
    expect([await house.events(refund), await house.events(payment)]).toEqual(before);
    expect(await house.account(shop, payment)).toEqual({ refunded: 4_000, refundable: 6_000 });
  });

  it('of a phase that this release does not know leave the refund as it is', async () => {
    const { refund } = await asked();
    await house.tell({ refund, seq: 1, phase: 'phase_of_tomorrow' });
    expect(await house.get(shop, refund)).toMatchObject({ status: 'pending', version: 1 });
  });

  it('about nothing that is here change nothing', async () => {
    await house.tell({ refund: house.house.ids.next('ref'), seq: 1, phase: 'succeeded' });
  });

  it('show the buyer what to do, and take it away when it is over', async () => {
    const { refund } = await asked();
    const expires_at = new Date(house.house.clock.now() + 180_000).toISOString();
    await house.tell({
      refund,
      seq: 1,
      phase: 'requires_customer',
      more: { next_action: { type: 'show_qr', qr: 'QR', expires_at } },
    });
    expect(await house.get(shop, refund)).toMatchObject({
      next_action: { type: 'show_qr', qr: 'QR', qr_svg: `/v1/refunds/${refund}/qr.svg`, expires_at },
      till: { screen: 'show_qr', hide_qr: false, seconds_left: 180 },
    });
    await house.tell({ refund, seq: 2, phase: 'processing' });
    expect(await house.get(shop, refund)).toMatchObject({ next_action: null, till: { screen: 'wait', hide_qr: true } });
  });

  it('keep the reservation of a refund that nobody knows the end of, for a person', async () => {
    const { refund, payment } = await asked();
    await house.tell({ refund, seq: 1, phase: 'unknown', more: { failure: FAILURE } });
    expect(await house.account(shop, payment)).toEqual({ refunded: 0, refundable: 6_000 });
    expect(await house.get(shop, refund)).toMatchObject({ status: 'unknown', till: { screen: 'call_admin' } });
    expect(await attentionOf(refund)).toMatchObject([
      { kind: 'unknown', status: 'open', payment, refund, details: { amount: 4_000, status_before: 'pending' } },
    ]);
    await house.tell({ refund, seq: 2, phase: 'succeeded', more: { evidence: 'inferred' } });
    expect(await attentionOf(refund)).toMatchObject([{ status: 'closed', closed_by: 'system', outcome: 'succeeded' }]);
    expect(await house.get(shop, refund)).toMatchObject({ status: 'succeeded', evidence: 'inferred' });
    expect(await house.account(shop, payment)).toEqual({ refunded: 4_000, refundable: 6_000 });
  });

  it.each([
    ['another amount', { amount: 3_999 }, 'amount_mismatch'],
    ['another purchase', { purchase_ref: 'somebody else’s' }, 'provider_ref_mismatch'],
  ])('that tell of %s never settle it silently', async (_, more, kind) => {
    const { refund, payment } = await asked();
    await house.tell({ refund, seq: 1, phase: 'succeeded', more });
    expect(await house.get(shop, refund)).toMatchObject({ status: 'unknown', failure: { code: kind } });
    expect(await house.attention(refund)).toEqual([kind, 'unknown'].sort());
    expect(await house.account(shop, payment)).toEqual({ refunded: 0, refundable: 6_000 });
    await resolve(refund, 'succeeded');
    expect(await house.get(shop, refund)).toMatchObject({ status: 'succeeded', evidence: 'person' });
    expect(await house.attention(refund)).toEqual([]);
    expect(await house.account(shop, payment)).toEqual({ refunded: 4_000, refundable: 6_000 });
  });

  it('that take back an end are for a person, and move no money', async () => {
    const { refund, payment } = await asked();
    await house.tell({ refund, seq: 1, phase: 'failed', more: { failure: FAILURE } });
    await house.tell({ refund, seq: 2, phase: 'succeeded' });
    expect(await house.get(shop, refund)).toMatchObject({ status: 'failed' });
    expect(await house.attention(refund)).toEqual(['contradicted']);
    expect(await house.account(shop, payment)).toEqual({ refunded: 0, refundable: 10_000 });
    await resolve(refund, 'acknowledged', 'contradicted');
    expect(await house.attention(refund)).toEqual([]);
  });
});

describe('a person’s decision about an unknown refund', () => {
  it('gives the reservation back where the money has not left', async () => {
    const { refund, payment } = await asked();
    await house.tell({ refund, seq: 1, phase: 'unknown' });
    await resolve(refund, 'failed');
    expect(await house.get(shop, refund)).toMatchObject({
      status: 'failed',
      failure: { code: 'resolved_by_person' },
      resolution: { outcome: 'failed', confirmed: false },
    });
    expect(await house.account(shop, payment)).toEqual({ refunded: 0, refundable: 10_000 });
    expect((await house.events(refund)).at(-1)).toBe('refund.failed');
    await house.tell({ refund, seq: 2, phase: 'failed', more: { failure: FAILURE } });
    expect(await house.get(shop, refund)).toMatchObject({ status: 'failed', resolution: { confirmed: true } });
  });

  it('is compared with the provider’s later word', async () => {
    const { refund, payment } = await asked();
    await house.tell({ refund, seq: 1, phase: 'unknown' });
    await resolve(refund, 'succeeded');
    await house.tell({ refund, seq: 2, phase: 'failed' });
    expect(await house.attention(refund)).toEqual(['contradicted']);
    expect(await house.account(shop, payment)).toEqual({ refunded: 4_000, refundable: 6_000 });
  });
});
