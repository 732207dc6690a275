import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RefundStatus } from '@tolem/domain';
import { KaspiHouse } from './kaspi-house.ts';
import type { BankScheme, Connection } from './stand-in-gateway.ts';

const BY_HAND = { code: 'refund_not_supported', cashier_key: 'refund_by_hand' };

interface Able {
  readonly scheme: BankScheme;
  /** How often the bank's books are compared with ours after a payment. */
  readonly details: number;
  readonly invoices: boolean;
  /** What is told first of a refund. */
  readonly refunds: { readonly phase: RefundStatus; readonly failure: object | null };
}

/** What a scheme cannot do it must say so of, before anything is sent. */
const SCHEMES: readonly Able[] = [
  { scheme: 'r1', details: 0, invoices: false, refunds: { phase: 'failed', failure: BY_HAND } },
  { scheme: 'r2', details: 1, invoices: false, refunds: { phase: 'requires_customer', failure: null } },
  { scheme: 'r3', details: 1, invoices: true, refunds: { phase: 'succeeded', failure: null } },
];

describe.each(SCHEMES)('scheme $scheme', ({ scheme, details, invoices, refunds }) => {
  let house: KaspiHouse;
  let shop: Connection;

  beforeAll(async () => {
    house = await KaspiHouse.open();
    shop = await house.connectUnder(scheme);
  }, 240_000);
  afterAll(() => house.close());

  const asked = (ref: string): number =>
    house.bank.row(ref)?.calls.filter(({ call }) => call === 'payment/details').length ?? 0;

  it.each([
    ['kaspi_qr', { type: 'show_qr', qr: expect.stringMatching(/^\d{41}$/) }],
    ['kaspi_link', { type: 'open_link', link: expect.stringMatching(/^https:\/\//) }],
  ])(
    'takes a payment by %s, and compares the bank’s books with ours once where it shows them',
    async (method, action) => {
      const payment = house.pay(shop, { method, amountMinor: 77_000 });
      const { next_action: shown } = await house.reached(payment, 'requires_customer');
      expect(shown).toMatchObject(action);
      const state = await house.reached(payment, 'succeeded');
      expect(house.bank.purchasesOf(payment)).toMatchObject([{ id: state.provider_ref, status: 'Processed' }]);
      const ref = state.provider_ref ?? '';
      await house.until('the books to be compared', () => asked(ref) >= details);
      house.clock.advance(3_600_000);
      await house.sold(shop);
      expect(asked(ref)).toBe(details);
      expect(house.state(payment)).toMatchObject({ phase: 'succeeded', amount: 77_000 });
    },
  );

  it(`${invoices ? 'sends' : 'has no'} invoices to a phone`, async () => {
    const payment = await house.invoice(shop, '77015550123', { amountMinor: 66_600 });
    await house.until('an end or an invoice', () => house.state(payment));
    expect(house.state(payment)?.phase).toBe(invoices ? 'requires_customer' : 'failed');
    expect(house.bank.invoicesOver(66_600)).toHaveLength(invoices ? 1 : 0);
  });

  it('gives money back, or says that a person must do it by hand', async () => {
    const sold = await house.sold(shop);
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 1_000 });
    const state = await house.until('what becomes of it', () => house.refundNow(refund));
    const { phase, failure } = refunds;
    expect(state).toMatchObject({ phase, failure });
    expect(house.bank.returnsOf(sold.ref)).toHaveLength(phase === 'succeeded' ? 1 : 0);
  });

  it('alarms nobody, and the books are equal', () => {
    const { bankMinor, oursMinor, paidTwice } = house.books();
    expect(house.alarms()).toEqual([]);
    expect([oursMinor, paidTwice]).toEqual([bankMinor, []]);
  });
});
