import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { KaspiHouse } from './kaspi-house.ts';
import type { Connection } from './stand-in-gateway.ts';

/** Texts that speak of a payment ("offer another way to pay") say the wrong thing at the end of a refund. */
const OF_A_REFUND = expect.stringMatching(/^(refund_\w+|desk_setup)$/);

describe('a refund with the buyer that the bank cannot be reached for', () => {
  let house: KaspiHouse;
  let shop: Connection;

  beforeAll(async () => {
    house = await KaspiHouse.open();
    shop = await house.connectUnder('r2');
  }, 60_000);
  afterEach(() => house.bank.clearFaults());
  afterAll(() => house.close());

  it.each([
    ['return/create', 'http_503'],
    ['return/create', 'status_code:-999'],
    ['device/register', 'http_503'],
    ['device/register', 'status_code:-999'],
  ])('%s under %s: the cashier reads words of a refund', async (call, fault) => {
    const sold = await house.sold(shop);
    await house.bank.fault(call, fault, { times: null });
    const desk = `dsk_${house.ids.next('ref').slice(4)}`;
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 10_000, desk });
    const state = await house.refundReached(refund, 'failed');
    expect(state.failure?.cashier_key).toEqual(OF_A_REFUND);
  });

  it('a buyer whose purchases cannot be listed: the cashier reads words of a refund', async () => {
    const sold = await house.sold(shop);
    await house.bank.fault('return/operations', 'http_503', { times: null });
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 10_000 });
    await house.refundReached(refund, 'requires_customer');
    await house.bank.scanRefund(house.bank.refundCodesOf(refund).at(-1)?.id ?? '');
    const state = await house.until('its end', () => {
      house.clock.advance(2_000);
      const now = house.refundNow(refund);
      return now?.phase === 'failed' ? now : undefined;
    });
    expect(state.failure?.cashier_key).toEqual(OF_A_REFUND);
  });
});
