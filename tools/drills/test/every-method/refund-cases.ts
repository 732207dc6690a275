import { expect } from '@jest/globals';
import { type KaspiCase, refused } from './kaspi-case.ts';
import { type KaspiShop, SCHEMES } from './kaspi-shop.ts';
import { refundView } from './views.ts';

const PART_MINOR = 40_000;
const R3 = ['r3'] as const;
const R2 = ['r2'] as const;
const R1 = ['r1'] as const;
const REFUNDED = { status: 'succeeded', till: { screen: 'refunded' } };

const refundedOf = async (shop: KaspiShop, payment: string): Promise<number> =>
  (await shop.payment(payment, 'its refunds', () => true)).amount_refunded;

/** What a cashier records after he returned the money by hand, in the bank's own app. */
async function recorded(shop: KaspiShop, payment: string): Promise<void> {
  const byHand = { payment, amount: PART_MINOR, source: 'external', reason: 'returned in the app' };
  const refund = await shop.startRefund(byHand);
  expect(await shop.refundEnded(refund.id)).toMatchObject({ ...REFUNDED, source: 'external', amount: PART_MINOR });
  expect(await refundedOf(shop, payment)).toBe(PART_MINOR);
}

export const refundCases: readonly KaspiCase[] = [
  {
    says: 'a part goes back at once, then the rest, and nothing more',
    schemes: R3,
    async run(shop, desk) {
      const { payment, purchase } = await shop.sold(desk, `buyer-${desk}`);
      const part = await shop.startRefund({ payment: payment.id, amount: PART_MINOR });
      expect(await shop.refundEnded(part.id)).toMatchObject({ ...REFUNDED, amount: PART_MINOR, evidence: 'stated' });
      const tooMuch = { payment: payment.id, amount: payment.amount };
      await refused(shop, '/v1/refunds', tooMuch, { status: 422, code: 'refund_too_much' });
      const rest = await shop.startRefund({ payment: payment.id });
      expect(await shop.refundEnded(rest.id)).toMatchObject({ ...REFUNDED, amount: payment.amount - PART_MINOR });
      expect(await shop.returned(purchase)).toEqual([PART_MINOR, payment.amount - PART_MINOR]);
      expect(await refundedOf(shop, payment.id)).toBe(payment.amount);
    },
  },
  {
    says: 'a refund without a payment is refused: no buyer picks the purchase',
    schemes: R3,
    async run(shop) {
      await refused(shop, '/v1/refunds', { desk: 'first' }, { status: 422, code: 'payment_required' });
    },
  },
  {
    says: 'a refund with the buyer finds the purchase by itself when he has scanned the code',
    schemes: R2,
    async run(shop, desk) {
      const { payment, purchase } = await shop.sold(desk, `buyer-${desk}`);
      const refund = await shop.startRefund({ payment: payment.id, amount: PART_MINOR });
      await shop.bank.scanRefundCode(await shop.refundCode(refund.id), `buyer-${desk}`);
      expect(await shop.refundEnded(refund.id)).toMatchObject({ ...REFUNDED, provider: { purchase } });
      expect(await shop.returned(purchase)).toEqual([PART_MINOR]);
      expect(await refundedOf(shop, payment.id)).toBe(PART_MINOR);
    },
  },
  {
    says: 'a refund without a payment offers the buyer’s purchases, and the chosen one goes back whole',
    schemes: R2,
    async run(shop, desk) {
      const first = await shop.sold(desk, `buyer-${desk}`);
      const second = await shop.sold(desk, `buyer-${desk}`);
      const refund = await shop.startRefund({ desk });
      await shop.bank.scanRefundCode(await shop.refundCode(refund.id), `buyer-${desk}`);
      const isChoice = (shown: typeof refund): boolean => shown.next_action?.type === 'choose_purchase';
      const { next_action: next, till } = await shop.refund(refund.id, 'a choice', isChoice);
      expect(till.screen).toBe('choose_purchase');
      expect(next?.purchases?.map(({ ref }) => ref).toSorted()).toEqual([first.purchase, second.purchase].toSorted());
      const choice = { purchase: second.purchase, amount: second.payment.amount };
      await shop.api.ask(refundView, 'POST', `/v1/refunds/${refund.id}/choose`, choice);
      expect(await shop.refundEnded(refund.id)).toMatchObject(REFUNDED);
      expect(await shop.returned(first.purchase)).toEqual([]);
      expect(await shop.returned(second.purchase)).toEqual([second.payment.amount]);
      expect(await refundedOf(shop, second.payment.id)).toBe(second.payment.amount);
    },
  },
  {
    says: 'a refund whose code nobody scans ends by itself, and the payment can be refunded again',
    schemes: R2,
    async run(shop, desk) {
      const { payment, purchase } = await shop.sold(desk, `buyer-${desk}`);
      const refund = await shop.startRefund({ payment: payment.id });
      await shop.refundCode(refund.id);
      const ended = await shop.refundEnded(refund.id);
      expect(ended).toMatchObject({ failure: { code: 'refund_expired' }, till: { screen: 'not_refunded' } });
      expect(await shop.returned(purchase)).toEqual([]);
      const free = await shop.payment(payment.id, 'its sum to be free', (one) => one.amount_refundable === one.amount);
      expect(free.amount_refunded).toBe(0);
    },
  },
  {
    says: 'a refund that is given up before the scan returns nothing',
    schemes: R2,
    async run(shop, desk) {
      const { payment, purchase } = await shop.sold(desk, `buyer-${desk}`);
      const refund = await shop.startRefund({ payment: payment.id });
      await shop.refundCode(refund.id);
      await shop.api.ask(refundView, 'POST', `/v1/refunds/${refund.id}/cancel`);
      expect(await shop.refundEnded(refund.id)).toMatchObject({ status: 'canceled' });
      expect(await shop.returned(purchase)).toEqual([]);
    },
  },
  {
    says: 'a refund is refused with the steps for the cashier, and recorded when he has taken them',
    schemes: R1,
    async run(shop, desk) {
      const { payment, purchase } = await shop.sold(desk, `buyer-${desk}`);
      const body = { payment: payment.id, amount: PART_MINOR };
      await refused(shop, '/v1/refunds', body, { status: 422, code: 'refund_not_supported' });
      await recorded(shop, payment.id);
      expect(await shop.returned(purchase)).toEqual([]);
    },
  },
  {
    says: 'a sale made before is imported once, and refunded as the scheme refunds',
    schemes: SCHEMES,
    async run(shop, desk, before) {
      const { payment: old, purchase } = await before.sold(desk, `buyer-${desk}`);
      const payment = await shop.importSale(purchase, old.amount);
      expect(payment).toMatchObject({ status: 'succeeded', imported: true, amount_refundable: old.amount });
      if (shop.scheme === 'r1') return recorded(shop, payment.id);
      const refund = await shop.startRefund({ payment: payment.id, amount: PART_MINOR });
      if (shop.scheme === 'r2') {
        await shop.bank.scanRefundCode(await shop.refundCode(refund.id), `buyer-${desk}`);
      }
      expect(await shop.refundEnded(refund.id)).toMatchObject({ ...REFUNDED, amount: PART_MINOR });
      expect(await shop.returned(purchase)).toEqual([PART_MINOR]);
      expect(await refundedOf(shop, payment.id)).toBe(PART_MINOR);
    },
  },
];
