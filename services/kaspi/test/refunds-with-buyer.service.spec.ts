import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { KaspiHouse, type Sold } from './kaspi-house.ts';
import type { Connection } from './stand-in-gateway.ts';

/** A lost answer is settled within seconds of the clock on the wall: the database's time cannot be moved. */
const SOON = {
  TOLEM_KASPI_WRITE_TIMEOUT_MS: '800',
  TOLEM_KASPI_RESOLVE_AFTER_MS: '1000',
  TOLEM_KASPI_UNCHANGED_OVER_MS: '1000',
};
const MINUTE_MS = 60_000;
const PROOF_MS = 60_000;

describe('refunds with the buyer (scheme 2)', () => {
  let house: KaspiHouse;
  let shop: Connection;

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: SOON });
    shop = await house.connectUnder('r2');
  }, 240_000);
  afterEach(() => house.bank.clearFaults());
  afterAll(() => house.close());

  const returned = (sold: Sold): number[] => house.bank.returnsOf(sold.ref).map(({ amount }) => amount);
  /** The bank's id of the code that the buyer is shown. */
  const shown = async (refund: string): Promise<string> => {
    const state = await house.refundReached(refund, 'requires_customer');
    expect(state.next_action).toMatchObject({ type: 'show_qr', qr: expect.stringMatching(/^\d{30,}$/) });
    return house.bank.refundCodesOf(refund).at(-1)?.id ?? '';
  };
  const choice = (refund: string) =>
    house.until('a choice to be offered', () => {
      const action = house.refundNow(refund)?.next_action;
      return action?.type === 'choose_purchase' ? action : undefined;
    });

  it('the buyer scans a code, his purchase is found by itself, and the money goes back', async () => {
    const sold = await house.sold(shop);
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 49_000 });
    await house.bank.scanRefund(await shown(refund));
    const state = await house.refundReached(refund, 'succeeded');
    expect(state).toMatchObject({ amount: 49_000, purchase_ref: sold.ref, evidence: 'stated', next_action: null });
    expect(house.bank.returnsOf(sold.ref)).toMatchObject([{ id: state.provider_ref, amount: 49_000, by: 'api' }]);
    expect(house.refundPhases(refund)).toEqual(['requires_customer', 'processing', 'succeeded']);
  });

  it('without a payment the buyer’s purchases are offered; what the cashier chooses goes back, once', async () => {
    const sold = await house.soldAll(shop, [{ amountMinor: 120_000 }, { amountMinor: 130_000 }]);
    const [first, second] = sold;
    const refund = house.refund(shop, { payment: null, amountMinor: null });
    await house.bank.scanRefund(await shown(refund));
    const { purchases, expires_at: until } = await choice(refund);
    expect(purchases).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ref: first?.ref, amount: 120_000 }),
        expect.objectContaining({ ref: second?.ref, amount: 130_000 }),
      ]),
    );
    expect(Date.parse(until ?? '')).toBeGreaterThan(house.clock.now());
    const told = house.refundStates(refund).length;
    house.choose(shop, refund, { ref: second?.ref ?? '', amountMinor: 30_000 });
    house.choose(shop, refund, { ref: second?.ref ?? '', amountMinor: 30_000 });
    await house.refundReached(refund, 'succeeded');
    expect(house.refundPhases(refund).slice(told)).toEqual(['processing', 'succeeded']);
    expect(sold.map(returned)).toEqual([[], [30_000]]);
  });

  it('a choice that was not offered returns nothing, and the offer stands', async () => {
    const sold = await house.sold(shop);
    const refund = house.refund(shop, { payment: null, amountMinor: null });
    await house.bank.scanRefund(await shown(refund));
    await choice(refund);
    const told = house.events.length;
    house.choose(shop, refund, { ref: '17000000001', amountMinor: 1_000 });
    await house.until('an answer to it', () => house.events.slice(told).some(({ subject }) => subject === refund));
    expect(house.refundNow(refund)?.next_action?.type).toBe('choose_purchase');
    house.cancelRefund(shop, refund);
    await house.refundReached(refund, 'canceled');
    expect(returned(sold)).toEqual([]);
  });

  it('another buyer than the one who paid has nothing to refund', async () => {
    const sold = await house.sold(shop);
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 10_000 });
    await house.bank.scanRefund(await shown(refund), 'stranger');
    expect((await house.refundReached(refund, 'failed')).failure).toMatchObject({
      code: 'purchase_not_found',
      cashier_key: 'refund_not_possible',
    });
    expect(returned(sold)).toEqual([]);
  });

  it('a code that nobody scans ends the refund by itself', async () => {
    const sold = await house.sold(shop);
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 10_000 });
    await shown(refund);
    house.clock.advance(MINUTE_MS);
    await house.until('its end', () => ['failed', 'canceled'].includes(house.refundNow(refund)?.phase ?? ''));
    expect(house.refundNow(refund)).toMatchObject({
      next_action: null,
      failure: { code: 'refund_expired', cashier_key: 'refund_expired' },
    });
    expect(returned(sold)).toEqual([]);
  });

  it('an offer that nobody answers ends the refund by itself', async () => {
    await house.sold(shop);
    const refund = house.refund(shop, { payment: null, amountMinor: null });
    await house.bank.scanRefund(await shown(refund));
    await choice(refund);
    house.clock.advance(6 * MINUTE_MS);
    expect(await house.refundReached(refund, 'canceled')).toMatchObject({ failure: { code: 'refund_abandoned' } });
  });

  it('one that is given up before the scan stays so, whatever the buyer does with the code', async () => {
    const sold = await house.sold(shop);
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 10_000 });
    const code = await shown(refund);
    house.cancelRefund(shop, refund);
    await house.refundReached(refund, 'canceled');
    await house.bank.scanRefund(code);
    const other = house.refund(shop, { payment: sold.id, amountMinor: 20_000 });
    await house.bank.scanRefund(await shown(other));
    await house.refundReached(other, 'succeeded');
    expect(house.refundPhases(refund)).toEqual(['requires_customer', 'canceled']);
    expect(returned(sold)).toEqual([20_000]);
  });

  it.each(['lost_before', 'lost_after', 'status_code:-999'])(
    'a refund code whose making got %s is made once more, and the new one is shown',
    async (fault) => {
      const sold = await house.sold(shop);
      await house.bank.fault('return/create', fault);
      const refund = house.refund(shop, { payment: sold.id, amountMinor: 10_000 });
      await house.bank.scanRefund(await shown(refund));
      await house.refundReached(refund, 'succeeded');
      expect(returned(sold)).toEqual([10_000]);
    },
  );

  it('questions about the scan that are not answered, and purchases that cannot be read at once, end nothing', async () => {
    const sold = await house.sold(shop);
    await house.bank.fault('return/status', 'http_503', { times: 2 });
    await house.bank.fault('return/status', 'unknown_status');
    await house.bank.fault('return/operations', 'lost_after');
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 10_000 });
    await house.bank.scanRefund(await shown(refund));
    await house.refundReached(refund, 'succeeded');
    expect(await house.bank.faultsLeft()).toEqual([]);
    expect(returned(sold)).toEqual([10_000]);
  });

  it('a service that stops while the buyer looks for his phone goes on when it starts', async () => {
    const sold = await house.sold(shop);
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 10_000 });
    const code = await shown(refund);
    await house.stop();
    await house.bank.scanRefund(code);
    await house.start();
    await house.refundReached(refund, 'succeeded');
    expect(returned(sold)).toEqual([10_000]);
  });

  it(
    'a return whose answer is lost is found in the books, or proven to be nothing and failed: never sent again',
    async () => {
      const faults = ['lost_after', 'lost_before', 'status_code:-99000006'];
      const sold = await house.soldAll(
        shop,
        faults.map(() => ({})),
      );
      const refunds: string[] = [];
      for (const [index, fault] of faults.entries()) {
        const amountMinor = 70_000 + index * 100;
        await house.bank.fault('payment/return', fault, { match: { amount: amountMinor / 100 } });
        const refund = house.refund(shop, { payment: sold[index]?.id ?? '', amountMinor });
        await house.bank.scanRefund(await shown(refund));
        refunds.push(refund);
      }
      const [acted, lost, over] = refunds;
      await house.refundReached(acted ?? '', 'succeeded', PROOF_MS);
      for (const refund of [lost, over]) {
        const { failure } = await house.refundReached(refund ?? '', 'failed', PROOF_MS);
        expect(failure).toMatchObject({ cashier_key: 'refund_failed' });
      }
      expect(house.refundNow(acted ?? '')).toMatchObject({ evidence: 'inferred', provider_ref: null });
      expect(sold.map(returned)).toEqual([[70_000], [], []]);
    },
    2 * PROOF_MS,
  );

  it('nobody was woken, and no question about a code came before its interval', async () => {
    expect(house.alarms()).toEqual([]);
    expect(await house.bank.questionsTooEarly()).toBe(0);
  });
});
