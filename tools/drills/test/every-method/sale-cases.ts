import { expect } from '@jest/globals';
import { type KaspiCase, refused } from './kaspi-case.ts';
import { type KaspiShop, SCHEMES } from './kaspi-shop.ts';

const NOT_PAID = { screen: 'not_paid', hand_over_goods: false };

/** Played by the bank's emulator, step by step. */
async function played(shop: KaspiShop, desk: string, method: string, steps: readonly ('scan' | 'scan_error')[]) {
  const { id } = await shop.pay(desk, { type: method });
  for (const step of steps) await shop.emulate(id, step);
  return id;
}

const paid = (method: 'kaspi_qr' | 'kaspi_link', shown: object): KaspiCase => ({
  says: `a ${method} that is scanned and confirmed is paid`,
  schemes: SCHEMES,
  async run(shop, desk) {
    const { id, next_action: next, till } = await shop.pay(desk, { type: method });
    expect(next).toMatchObject(shown);
    expect(till).toMatchObject({ screen: method === 'kaspi_qr' ? 'show_qr' : 'show_link', hand_over_goods: false });
    const { status, body } = await shop.api.send('GET', `/v1/payments/${id}/qr.svg`);
    expect([status, String(body)]).toEqual([200, expect.stringContaining('<svg')]);
    await shop.emulate(id, 'scan');
    await shop.payment(id, 'the scan', (payment) => payment.status === 'processing');
    await shop.emulate(id, 'confirm');
    const payment = await shop.ended(id);
    expect(payment).toMatchObject({ status: 'succeeded', till: { screen: 'paid', hand_over_goods: true } });
    const row = await shop.bank.row(payment.provider.id ?? '');
    expect(row).toMatchObject({ external_id: id, amount: payment.amount, status: 'Processed', tax_id: shop.taxId });
  },
});

export const saleCases: readonly KaspiCase[] = [
  paid('kaspi_qr', { type: 'show_qr', qr: expect.stringMatching(/^\d{41}$/) }),
  paid('kaspi_link', { type: 'open_link', link: expect.stringMatching(/^https:\/\//) }),
  ...(['kaspi_qr', 'kaspi_link'] as const).map((method) => ({
    says: `a ${method} that nobody scans expires`,
    schemes: SCHEMES,
    async run(shop: KaspiShop, desk: string) {
      const payment = await shop.ended(await played(shop, desk, method, []));
      expect(payment).toMatchObject({ status: 'expired', till: NOT_PAID, next_action: null });
    },
  })),
  {
    says: 'a QR that is scanned and never confirmed expires',
    schemes: SCHEMES,
    async run(shop, desk) {
      const payment = await shop.ended(await played(shop, desk, 'kaspi_qr', ['scan']));
      expect(payment).toMatchObject({ status: 'expired', till: NOT_PAID });
    },
  },
  {
    says: 'a QR whose scan fails is declined',
    schemes: SCHEMES,
    async run(shop, desk) {
      const payment = await shop.ended(await played(shop, desk, 'kaspi_qr', ['scan_error']));
      expect(payment).toMatchObject({ status: 'declined', till: NOT_PAID });
    },
  },
  {
    says: 'a link whose buyer does not confirm is declined',
    schemes: SCHEMES,
    async run(shop, desk) {
      const id = await played(shop, desk, 'kaspi_link', ['scan']);
      await shop.emulate(id, 'confirm_error');
      expect(await shop.ended(id)).toMatchObject({ status: 'declined', till: NOT_PAID });
    },
  },
  {
    says: 'a cancel of a QR that is shown waits for its end, and the buyer who pays meanwhile has paid',
    schemes: SCHEMES,
    async run(shop, desk) {
      const { id } = await shop.pay(desk);
      expect((await shop.api.send('POST', `/v1/payments/${id}/cancel`)).body).toMatchObject({
        cancel: { result: 'pending' },
      });
      await shop.emulate(id, 'scan');
      await shop.emulate(id, 'confirm');
      expect(await shop.ended(id)).toMatchObject({ status: 'succeeded', cancel: { result: 'refused' } });
    },
  },
  {
    says: 'a step of the buyer that does not fit is refused',
    schemes: SCHEMES,
    async run(shop, desk) {
      const { id } = await shop.pay(desk);
      await refused(shop, `/v1/test/payments/${id}/confirm`, {}, { status: 409, code: 'step_refused' });
      await shop.emulate(id, 'scan_error');
      await shop.ended(id);
    },
  },
];
