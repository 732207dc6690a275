import { expect } from '@jest/globals';
import { z } from 'zod';
import { type KaspiCase, refused } from './kaspi-case.ts';
import type { KaspiShop } from './kaspi-shop.ts';
import { type Payment, paymentView } from './views.ts';

const PHONE = '77015550123';
const NOBODY = '77015550000';
const R3 = ['r3'] as const;

async function sent(shop: KaspiShop, desk: string): Promise<{ payment: Payment; purchase: string }> {
  const payment = await shop.pay(desk, { type: 'kaspi_invoice', phone: PHONE, comment: 'Order 17' });
  expect(payment).toMatchObject({ next_action: { type: 'wait_invoice' }, method: { phone: '*********23' } });
  const purchase = payment.provider.id ?? '';
  const row = await shop.bank.row(purchase);
  expect(row).toMatchObject({ kind: 'invoice', amount: payment.amount, comment: `Order 17 ${payment.code}` });
  return { payment, purchase };
}

/** A person asks how it stands. */
const refreshed = (shop: KaspiShop, id: string): Promise<Payment> =>
  shop.api.ask(paymentView, 'POST', `/v1/payments/${id}/refresh?wait=20`, {});

export const invoiceCases: readonly KaspiCase[] = [
  {
    says: 'an invoice that is paid is seen as paid when a person asks, by one question',
    schemes: R3,
    async run(shop, desk) {
      const { payment, purchase } = await sent(shop, desk);
      await shop.bank.answerInvoice(purchase, 'pay');
      expect((await shop.bank.invoice(purchase)).questions).toEqual([]);
      await refreshed(shop, payment.id);
      expect(await shop.ended(payment.id)).toMatchObject({ status: 'succeeded', till: { screen: 'paid' } });
      const { questions, by_timer: byTimer } = await shop.bank.invoice(purchase);
      expect([questions.length, byTimer]).toEqual([1, false]);
    },
  },
  {
    says: 'an invoice that its payer rejects is declined when a person asks',
    schemes: R3,
    async run(shop, desk) {
      const { payment, purchase } = await sent(shop, desk);
      await shop.bank.answerInvoice(purchase, 'reject');
      await refreshed(shop, payment.id);
      expect(await shop.ended(payment.id)).toMatchObject({ status: 'declined' });
    },
  },
  {
    says: 'an invoice that is canceled is taken back from the phone',
    schemes: R3,
    async run(shop, desk) {
      const { payment, purchase } = await sent(shop, desk);
      await shop.api.ask(paymentView, 'POST', `/v1/payments/${payment.id}/cancel`);
      expect(await shop.ended(payment.id)).toMatchObject({ status: 'canceled', cancel: { result: 'done' } });
      expect((await shop.bank.invoice(purchase)).status).toBe('RemotePaymentCanceled');
    },
  },
  {
    says: 'the payer’s name is told for his phone, and that a phone is nobody’s',
    schemes: R3,
    async run(shop) {
      const named = z.looseObject({ name: z.string().regex(/\S+ \S+/) });
      await shop.api.ask(named, 'POST', '/v1/payers/lookup', { desk: 'first', phone: PHONE });
      const nobody = { desk: 'first', phone: NOBODY };
      await refused(shop, '/v1/payers/lookup', nobody, { status: 404, code: 'payer_not_found' });
    },
  },
  {
    says: 'there are no invoices and no payers to look up, and it is said so',
    schemes: ['r1', 'r2'],
    async run(shop, desk) {
      const { organization, tradePoint } = shop;
      const place = { organization, desk, trade_point: tradePoint };
      const body = { ...place, amount: 1_000, currency: 'KZT', method: { type: 'kaspi_invoice', phone: PHONE } };
      await refused(shop, '/v1/payments', body, { status: 422, code: 'method_not_available' });
      const payer = { desk: 'first', phone: PHONE };
      await refused(shop, '/v1/payers/lookup', payer, { status: 422, code: 'question_not_available' });
    },
  },
];
