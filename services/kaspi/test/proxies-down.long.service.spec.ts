import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KaspiHouse, type Sold } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';
import { RunningProxy, STATIC_ADDRESS } from './running-proxy.ts';
import { type Connection, deskOf } from './stand-in-gateway.ts';

const PART_MINOR = 49_000;
/** Longer than a proxy that failed is left alone. */
const PAUSE_MS = 60_000;

describe('the service whose proxies are all down, at a bank that knows their address only', () => {
  let house: KaspiHouse;
  let proxies: readonly [RunningProxy, RunningProxy];
  let shop: Connection;
  let sold: Sold;
  let shown: string;
  let refunded: string;
  let refused: string;
  const stopping: RunningProxy[] = [];

  beforeAll(async () => {
    proxies = [await RunningProxy.start(), await RunningProxy.start()];
    stopping.push(...proxies);
    house = await KaspiHouse.open({
      bank: { r3AllowedAddresses: [STATIC_ADDRESS] },
      environment: { TOLEM_KASPI_EGRESS_PROXIES: proxies.map(({ url }) => url).join(',') },
    });
    shop = await house.connect(BIN);
    sold = await house.sold(shop);
    await house.bank.autopilot(null);
    shown = house.pay(shop);
    const { provider_ref: ref } = await house.reached(shown, 'requires_customer');
    for (const proxy of proxies) await proxy.stop();
    await house.bank.buyer(ref ?? '', 'scan');
    await house.bank.buyer(ref ?? '', 'confirm');
    refunded = house.refund(shop, { payment: sold.id, amountMinor: PART_MINOR });
    refused = house.pay(shop, { desk: deskOf(shown) });
    await house.reached(refused, 'failed');
  }, 120_000);
  afterAll(async () => {
    await house.close();
    for (const proxy of stopping) await proxy.stop();
  });

  it('sells nothing: the payment fails with that reason, and the bank has no purchase', () => {
    expect(house.state(refused)).toMatchObject({
      provider_ref: null,
      failure: { code: 'egress_proxy_unavailable', cashier_key: 'provider_unavailable' },
    });
    expect(house.bank.purchasesOf(refused)).toEqual([]);
  });

  it('tells that the connection is down, and what the administrator has to look at', async () => {
    const down = await house.until('the connection to be down', () => {
      const state = house.connection(shop);
      return state?.health === 'down' ? state : undefined;
    });
    expect(down.reason).toMatchObject({
      code: 'egress_proxy_unavailable',
      admin_text: { en: expect.stringContaining('TOLEM_KASPI_EGRESS_PROXIES') },
    });
  });

  it('shows 0 for each proxy, and wakes people once for each, not once for each request', async () => {
    expect(await house.metric('tolem_egress_proxy_up')).toEqual(
      proxies.map(({ name }) => `{proxy="${name}"} 0`).sort(),
    );
    const alarms = house.alarms();
    expect(alarms).toHaveLength(proxies.length);
    for (const { name } of proxies) {
      expect(alarms.filter((line) => line.includes(name) && line.includes('gives no tunnels'))).toHaveLength(1);
    }
  });

  it('goes around them with nothing: the code that was paid and the refund wait', async () => {
    expect(['requires_customer', 'unknown']).toContain(house.phases(shown).at(-1));
    expect(house.refundNow(refunded)?.phase ?? 'pending').toBe('pending');
    expect(house.bank.returnsOf(sold.ref)).toEqual([]);
    expect(await house.bank.strangersTurnedAway()).toBe(0);
  });

  it('goes on where it was when one of them is back: the payment is told, the money goes back once', async () => {
    const back = await proxies[1].again();
    stopping.push(back);
    house.clock.advance(PAUSE_MS);
    await house.reached(shown, 'succeeded');
    await house.refundReached(refunded, 'succeeded');
    await house.until('the connection to be up', () => house.connection(shop)?.health === 'up');
    expect(house.bank.returnsOf(sold.ref)).toMatchObject([{ amount: PART_MINOR, by: 'api' }]);
    expect(await house.metric('tolem_egress_proxy_up')).toContain(`{proxy="${back.name}"} 1`);
    expect(await house.bank.strangersTurnedAway()).toBe(0);
    const { bankMinor, oursMinor, paidTwice } = house.books();
    expect([oursMinor, paidTwice]).toEqual([bankMinor, []]);
  });
});
