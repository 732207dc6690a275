import { expect } from '@jest/globals';
import type { KaspiCase } from './kaspi-case.ts';
import { type KaspiShop, SCHEMES } from './kaspi-shop.ts';
import { attentionView, listOf, type Payment, refundView } from './views.ts';

/** A sum whose buyer pays when both timers of the bank have run out (tools/sandbox/README.md). */
const LATE_MINOR = 100_000_400;

/** Sold, told to the till as expired, and paid after all. */
async function paidLate(shop: KaspiShop, desk: string): Promise<Payment> {
  const { id } = await shop.pay(desk, { type: 'kaspi_qr' }, LATE_MINOR);
  const over = await shop.ended(id);
  expect(over).toMatchObject({ status: 'expired', late: false, till: { screen: 'not_paid' } });
  return shop.payment(id, 'its late money', ({ status }) => status === 'succeeded');
}

const openAttention = async (shop: KaspiShop, payment: Payment): Promise<string[]> => {
  const path = `/v1/attention?status=open&payment=${payment.id}`;
  return (await shop.api.ask(listOf(attentionView), 'GET', path)).data.map(({ kind }) => kind);
};

/** Every tenant here wants late money sent back by itself. */
export const lateCases: readonly KaspiCase[] = [
  {
    says: 'money that comes after "expired" is told as late and goes back by itself, once and whole',
    schemes: ['r3'],
    async run(shop, desk) {
      const payment = await paidLate(shop, desk);
      expect(payment).toMatchObject({ late: true, amount: LATE_MINOR });
      const isBack = (one: Payment): boolean => one.amount_refunded === LATE_MINOR;
      await shop.payment(payment.id, 'its money to be back', isBack);
      const { data } = await shop.api.ask(listOf(refundView), 'GET', `/v1/refunds?payment=${payment.id}`);
      expect(data).toMatchObject([{ status: 'succeeded', source: 'late', amount: LATE_MINOR }]);
      expect(await shop.returned(payment.provider.id ?? '')).toEqual([LATE_MINOR]);
      expect(await openAttention(shop, payment)).toEqual([]);
    },
  },
  {
    says: 'money that comes after "expired" is told as late and left to a person, where no refund goes without the buyer',
    schemes: SCHEMES.filter((scheme) => scheme !== 'r3'),
    async run(shop, desk) {
      const payment = await paidLate(shop, desk);
      expect(payment).toMatchObject({ late: true, amount_refunded: 0 });
      expect(await openAttention(shop, payment)).toEqual(['late']);
      expect(await shop.returned(payment.provider.id ?? '')).toEqual([]);
    },
  },
];
