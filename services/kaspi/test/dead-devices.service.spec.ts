import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { idFromUuid } from '@tolem/domain';
import { Egress } from '@tolem/egress';
import { KaspiClient } from '../src/client/kaspi.client.ts';
import { KaspiHouse, type Sold } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';
import type { BankScheme, Connection } from './stand-in-gateway.ts';

/** A lost answer is settled within seconds of the clock on the wall: the database's time cannot be moved. */
const ENVIRONMENT = {
  TOLEM_KASPI_WRITE_TIMEOUT_MS: '800',
  TOLEM_KASPI_RESOLVE_AFTER_MS: '1000',
  TOLEM_KASPI_UNCHANGED_OVER_MS: '1000',
};
const LIFE_MS = 24 * 3_600_000;

/** The device that somebody switches off at the bank: its token is worth nothing until it is registered again. */
describe('a device that is switched off at the bank in the middle of something', () => {
  const egress = new Egress();
  const client = new KaspiClient({ egress, requestId: () => 'spec' });
  let house: KaspiHouse;
  let shops: Record<'r2' | 'r3', Connection>;
  let desk: string;

  beforeAll(async () => {
    house = await KaspiHouse.open({ bank: { invoiceLifeMs: LIFE_MS }, environment: ENVIRONMENT });
    shops = { r2: await house.connectUnder('r2'), r3: await house.connect(BIN) };
  }, 240_000);
  // A desk of its own, so that nothing else registers its device.
  beforeEach(() => {
    desk = idFromUuid('dsk', house.ids.uuid());
  });
  afterEach(() => house.bank.clearFaults());
  afterAll(async () => {
    await egress.close();
    await house.close();
  });

  const switchOff = async (scheme: Exclude<BankScheme, 'r1'>): Promise<void> => {
    const at = {
      scheme,
      baseUrl: house.bank.urlOf(scheme),
      credential: house.bank.credential(scheme === 'r2' ? 'organization' : 'partner'),
    };
    const tradePointId = house.tradePointRef(shops[scheme]);
    const device = { bin: BIN, deviceId: `${desk}-${tradePointId}`, tradePointId };
    const same = await client.registerDevice(at, device);
    if (same.is !== 'ok') throw new Error(`the device is not at the bank: ${same.is}`);
    expect(await client.deleteDevice(at, { bin: BIN, deviceToken: same.data.deviceToken })).toMatchObject({ is: 'ok' });
  };
  const calls = (ref: string, call: string): number =>
    house.bank.row(ref)?.calls.filter((one) => one.call === call).length ?? 0;
  const returned = (sold: Sold): number[] => house.bank.returnsOf(sold.ref).map(({ amount }) => amount);
  /** Sold at this desk, and compared, so that nothing more is asked about it. */
  const sold = async (scheme: 'r2' | 'r3'): Promise<Sold> => {
    const one = await house.sold(shops[scheme], { desk });
    await house.until('the books to be compared', () => calls(one.ref, 'payment/details') === 1);
    return one;
  };
  const invoice = async (amountMinor: number): Promise<{ payment: string; ref: string }> => {
    const payment = await house.invoice(shops.r3, '77015550123', { amountMinor, desk });
    const { provider_ref: ref } = await house.reached(payment, 'requires_customer');
    return { payment, ref: ref ?? '' };
  };

  it('does not keep an invoice from being taken back', async () => {
    const { payment, ref } = await invoice(31_000);
    await switchOff('r3');
    house.cancel(shops.r3, payment);
    expect(await house.reached(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' } });
    expect(house.bank.row(ref)?.status).toBe('RemotePaymentCanceled');
  });

  it('does not keep an invoice whose time is over from being taken back', async () => {
    const { payment, ref } = await invoice(32_000);
    await switchOff('r3');
    await house.stop();
    // Its last minute: the bank has not ended it by itself.
    house.clock.advance(LIFE_MS - 1);
    await house.start();
    await house.until('its end', () => ['canceled', 'expired', 'unknown'].includes(house.state(payment)?.phase ?? ''));
    expect(calls(ref, 'remote/cancel')).toBe(1);
    expect(['canceled', 'expired']).toContain(house.state(payment)?.phase);
  });

  it('does not keep what was paid from being compared with the bank’s books', async () => {
    await house.bank.autopilot(null);
    const payment = house.pay(shops.r3, { desk });
    const { provider_ref: ref } = await house.reached(payment, 'requires_customer');
    await switchOff('r3');
    await house.bank.buyer(ref ?? '', 'scan');
    await house.bank.buyer(ref ?? '', 'confirm');
    await house.reached(payment, 'succeeded');
    await house.bank.autopilot({ scan_ms: 500, confirm_ms: 1_500 });
    await house.until('the books to be read', () => calls(ref ?? '', 'payment/details') === 2);
    // An hour later nobody has had to try again.
    house.clock.advance(3_600_000);
    await house.sold(shops.r3);
    expect(calls(ref ?? '', 'payment/details')).toBe(2);
  });

  it('does not keep a refund from being made', async () => {
    const one = await sold('r3');
    await switchOff('r3');
    const refund = house.refund(shops.r3, { payment: one.id, amountMinor: 10_000, desk });
    await house.refundReached(refund, 'succeeded');
    expect(returned(one)).toEqual([10_000]);
  });

  it('does not leave money that went back unknown', async () => {
    const one = await sold('r3');
    // The books are read before the return, and not after it until the device is gone.
    await house.bank.fault('payment/details', 'delay:1', { match: { id: one.ref } });
    await house.bank.fault('payment/details', 'http_503', { times: null, match: { id: one.ref } });
    await house.bank.fault('payment/return', 'lost_after', { match: { amount: 110 } });
    const refund = house.refund(shops.r3, { payment: one.id, amountMinor: 11_000, desk });
    await house.until('the bank to act', () => returned(one).length > 0);
    await switchOff('r3');
    await house.bank.clearFaults();
    expect(await house.refundReached(refund, 'succeeded')).toMatchObject({ evidence: 'inferred' });
    expect(returned(one)).toEqual([11_000]);
  });

  it('does not end the refund of a buyer who has just scanned', async () => {
    const one = await sold('r2');
    const refund = house.refund(shops.r2, { payment: one.id, amountMinor: 12_000, desk });
    await house.refundReached(refund, 'requires_customer');
    await switchOff('r2');
    await house.bank.scanRefund(house.bank.refundCodesOf(refund).at(-1)?.id ?? '');
    await house.refundReached(refund, 'succeeded');
    expect(returned(one)).toEqual([12_000]);
  });
});
