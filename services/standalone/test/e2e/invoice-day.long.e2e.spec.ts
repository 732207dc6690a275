import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { type Chain, onboard, type PaymentView } from './chain.ts';
import { ClockedHouse } from './clocked-house.ts';

const HOUR_MS = 3_600_000;
const LIFE_MS = 24 * HOUR_MS;
const PHONE = '77015550123';

describe('the 24 hours of an invoice to a phone, through gateway, kaspi and bank', () => {
  let house: ClockedHouse;
  let chain: Chain;
  let startMs: number;
  const sent: Record<string, { readonly id: string; readonly purchase: string }> = {};

  beforeAll(async () => {
    house = await ClockedHouse.open({ invoiceLifeMs: LIFE_MS });
    chain = await onboard(house.gateway, house.bank.tls);
    startMs = house.now();
    for (const [no, name] of ['untouched', 'paid'].entries()) {
      const { id } = await chain.post<PaymentView>('/v1/payments?wait=20', {
        ...{ organization: chain.organization, desk: `desk-${no}`, trade_point: chain.tradePoint },
        ...{ amount: 100_000 + no * 100, currency: 'KZT', method: { type: 'kaspi_invoice', phone: PHONE } },
      });
      const { provider } = await until(id, 'requires_customer');
      sent[name] = { id, purchase: provider.id ?? '' };
    }
  }, 120_000);
  afterAll(() => house?.close(), 60_000);

  const until = (id: string, status: string): Promise<PaymentView> =>
    waitFor(`${id} to be ${status}`, async () => {
      const payment = await chain.payment(id, 1);
      return payment.status === status ? payment : undefined;
    });
  const of = (name: string): { readonly id: string; readonly purchase: string } => {
    const one = sent[name];
    if (one === undefined) throw new Error(`the invoice ${name} has not been sent`);
    return one;
  };
  /** What the bank was asked to do about an invoice after it was made, in this order. */
  const asked = (name: string): string[] =>
    (house.bank.ledger().find(({ id }) => id === of(name).purchase)?.calls ?? [])
      .map(({ call }) => call)
      .filter((call) => call !== 'remote/create');
  /** So long after the invoices were sent everything starts anew, and a sale shows that it works. */
  const after = async (ms: number): Promise<void> => {
    await house.comeBackOn(startMs + ms);
    chain.gateway = house.gateway;
    const sale = await chain.pay(50_000, `sale-${ms}`, 20, 'desk-0');
    await until(sale.body.id, 'succeeded');
  };

  it('nobody asks the bank about it while they last', async () => {
    for (const hours of [4, 12, 20]) {
      await after(hours * HOUR_MS);
      expect([hours, asked('untouched'), asked('paid')]).toEqual([hours, [], []]);
      expect((await chain.payment(of('untouched').id)).status).toBe('requires_customer');
    }
  }, 240_000);

  it('a person who asks learns of the money by one question', async () => {
    const { id, purchase } = of('paid');
    await fetch(`${house.bank.controlUrl}/kaspi/invoices/${purchase}/pay`, { method: 'POST', body: '{}' });
    await chain.call('POST', `/v1/payments/${id}/refresh?wait=5`, {});
    expect(await until(id, 'succeeded')).toMatchObject({ till: { hand_over_goods: true } });
    expect(asked('paid').filter((call) => call === 'payment/status')).toHaveLength(1);
  }, 60_000);

  it('when they are over it is taken back once and asked about once, and never again', async () => {
    const { id } = of('untouched');
    await after(LIFE_MS - HOUR_MS);
    expect(asked('untouched')).toEqual([]);
    await after(LIFE_MS + 60_000);
    expect(await until(id, 'expired')).toMatchObject({ till: { hand_over_goods: false, may_start_another: true } });
    expect(asked('untouched')).toEqual(['remote/cancel', 'payment/status']);
    for (const ms of [LIFE_MS + HOUR_MS, 2 * LIFE_MS]) {
      await after(ms);
      expect(asked('untouched')).toEqual(['remote/cancel', 'payment/status']);
    }
    expect(asked('paid')).not.toContain('remote/cancel');
  }, 240_000);
});
