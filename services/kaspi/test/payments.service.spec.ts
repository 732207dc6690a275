import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { idFromUuid } from '@tolem/domain';
import { Egress } from '@tolem/egress';
import { KaspiClient } from '../src/client/kaspi.client.ts';
import { KaspiHouse } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';
import type { Connection } from './stand-in-gateway.ts';

describe('QR payments', () => {
  let house: KaspiHouse;
  let shop: Connection;

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: { TOLEM_KASPI_STATUS_VERSION: 'v02' } });
    shop = await house.connect(BIN);
  });
  afterEach(() => house.bank.clearFaults());
  afterAll(() => house.close());

  const desk = (): string => idFromUuid('dsk', house.ids.uuid());

  it('is shown as a QR, scanned, paid, and told in two snapshots and one light message', async () => {
    // A buyer who takes longer than the bank's interval, so that his scan is seen.
    await house.bank.autopilot({ scan_ms: 100, confirm_ms: 3_000 });
    const payment = house.pay(shop, { amountMinor: 149_050 });
    await house.ended(payment);
    await house.bank.autopilot({ scan_ms: 500, confirm_ms: 1_500 });
    const [shown, paid] = house.states(payment);
    const [purchase] = house.bank.purchasesOf(payment);
    expect(shown).toMatchObject({
      seq: 1,
      phase: 'requires_customer',
      provider_ref: purchase?.id,
      amount: 149_050,
      next_action: { type: 'show_qr', qr: expect.stringMatching(/^\d{41}$/), expires_at: expect.stringMatching(/Z$/) },
      payment_methods: expect.arrayContaining(['Gold', 'Red', 'Loan']),
      evidence: 'stated',
    });
    expect(paid).toMatchObject({
      seq: 2,
      phase: 'succeeded',
      amount: 149_050,
      next_action: null,
      failure: null,
      slip: { transaction_id: expect.stringMatching(/^\d+$/) },
      evidence: 'stated',
    });
    expect(house.states(payment)).toHaveLength(2);
    expect(house.progress(payment)).toHaveLength(1);
    expect(purchase).toMatchObject({ amount: 149_050, tax_id: BIN, status: 'Processed' });
  });

  it('a start that comes three times makes one purchase and is answered each time', async () => {
    const payment = house.ids.next('pay');
    for (let time = 0; time < 3; time += 1) house.startAgain(shop, payment);
    await house.ended(payment);
    house.startAgain(shop, payment);
    const told = house.events.length;
    await house.until('the news once more', () => house.events.slice(told).some((event) => event.subject === payment));
    expect(house.bank.purchasesOf(payment)).toHaveLength(1);
    expect(house.phases(payment)).toEqual(['requires_customer', 'succeeded']);
  });

  it('is declined when the buyer’s bank says so, with the bank’s word', async () => {
    await house.bank.autopilot(null);
    const payment = house.pay(shop);
    const { provider_ref: ref } = await house.reached(payment, 'requires_customer');
    await house.bank.buyer(ref ?? '', 'scan');
    await house.bank.buyer(ref ?? '', 'confirmerror');
    await house.bank.autopilot({ scan_ms: 500, confirm_ms: 1_500 });
    await house.ended(payment);
    expect(house.state(payment)).toMatchObject({
      phase: 'declined',
      failure: { code: 'declined', provider_code: 'Error' },
    });
  });

  it('is not sent to the bank after its deadline', async () => {
    const payment = house.pay(shop, { startBy: house.clock.now() });
    await house.ended(payment);
    expect(house.state(payment)).toMatchObject({ phase: 'failed', failure: { code: 'not_started' } });
    expect(house.bank.purchasesOf(payment)).toEqual([]);
  });

  it('a cancel that overtakes its start keeps it from the bank', async () => {
    const payment = house.ids.next('pay');
    house.cancel(shop, payment);
    await house.reached(payment, 'canceled');
    house.startAgain(shop, payment);
    const other = house.pay(shop);
    await house.ended(other);
    expect(house.phases(payment)).toEqual(['canceled']);
    expect(house.bank.purchasesOf(payment)).toEqual([]);
  });

  it('a code that is shown cannot be cancelled: the cancel waits, and money that comes refuses it', async () => {
    await house.bank.autopilot(null);
    const payment = house.pay(shop);
    const { provider_ref: ref } = await house.reached(payment, 'requires_customer');
    house.cancel(shop, payment);
    await house.until('the cancel to be noted', () => house.state(payment)?.cancel?.result === 'pending');
    await house.bank.buyer(ref ?? '', 'scan');
    await house.bank.buyer(ref ?? '', 'confirm');
    await house.bank.autopilot({ scan_ms: 500, confirm_ms: 1_500 });
    await house.ended(payment);
    expect(house.state(payment)).toMatchObject({ phase: 'succeeded', cancel: { result: 'refused' } });
  });

  it.each(['-1501', '-1502'])('%s: the device is registered again once and the payment goes on', async (code) => {
    await house.bank.fault('qr/create', `status_code:${code}`);
    const payment = house.pay(shop);
    await house.ended(payment);
    expect(house.phases(payment)).toEqual(['requires_customer', 'succeeded']);
    expect(house.bank.purchasesOf(payment)).toHaveLength(1);
  });

  it.each([
    ['-1501', 'device_not_found'],
    ['-1502', 'device_inactive'],
  ])('%s again after that ends the payment, never in a circle', async (code, failure) => {
    // A third try would find the bank willing again.
    await house.bank.fault('qr/create', `status_code:${code}`, { times: 2 });
    const payment = house.pay(shop);
    await house.ended(payment);
    expect(house.state(payment)).toMatchObject({
      phase: 'failed',
      failure: { code: failure, provider_code: code, cashier_key: 'desk_setup' },
    });
    expect(house.bank.purchasesOf(payment)).toEqual([]);
  });

  it('a device that somebody switched off at the bank is made anew by the next payment', async () => {
    const till = desk();
    const first = house.pay(shop, { desk: till });
    await house.ended(first);
    const egress = new Egress();
    const client = new KaspiClient({ egress, requestId: () => 'spec' });
    const at = { scheme: 'r3', baseUrl: house.bank.url, credential: house.bank.credential() };
    const ref = house.tradePointRef(shop);
    const same = await client.registerDevice(at, { bin: BIN, deviceId: `${till}-${ref}`, tradePointId: ref });
    const token = same.is === 'ok' ? same.data.deviceToken : '';
    expect(await client.deleteDevice(at, { bin: BIN, deviceToken: token })).toMatchObject({ is: 'ok' });
    await egress.close();
    const second = house.pay(shop, { desk: till });
    await house.ended(second);
    expect(house.state(second)?.phase).toBe('succeeded');
    expect(token).not.toBe('');
    const written = [...house.log, JSON.stringify(house.events)].join('\n');
    expect(written.includes(token) || written.includes('PRIVATE KEY')).toBe(false);
  });

  it('one desk that moves between trade points pays in each', async () => {
    const till = desk();
    for (const tradePoint of [0, 1, 0, 2]) {
      const payment = house.pay(shop, { desk: till, tradePoint });
      await house.ended(payment);
      expect(house.state(payment)?.phase).toBe('succeeded');
    }
  });

  it('a trade point that the bank does not have fails with the bank’s code', async () => {
    const payment = house.pay(shop, { tradePointRef: '1' });
    await house.ended(payment);
    expect(house.state(payment)).toMatchObject({
      phase: 'failed',
      failure: { code: 'trade_point_not_found', provider_code: '-99000002' },
    });
  });

  it('a service that stops while a buyer confirms finds the payment again when it starts', async () => {
    await house.bank.autopilot(null);
    const payment = house.pay(shop);
    const { provider_ref: ref } = await house.reached(payment, 'requires_customer');
    await house.stop();
    await house.bank.buyer(ref ?? '', 'scan');
    await house.bank.buyer(ref ?? '', 'confirm');
    await house.bank.autopilot({ scan_ms: 500, confirm_ms: 1_500 });
    await house.start();
    await house.ended(payment);
    expect(house.phases(payment)).toEqual(['requires_customer', 'succeeded']);
  });

  it('a service that stops while the bank makes a code waits for the answer and asks on after it starts', async () => {
    await house.bank.fault('qr/create', 'delay:700', { match: { amount: 4_711 } });
    const payment = house.pay(shop, { amountMinor: 4_711_00 });
    await house.until('the bank to hear of it', () => house.bank.purchasesOf(payment).length > 0);
    await house.stop();
    await house.start();
    await house.ended(payment);
    expect(house.state(payment)?.phase).toBe('succeeded');
    expect(house.bank.purchasesOf(payment).filter((row) => row.status === 'Processed')).toHaveLength(1);
  });

  it('the bank is never asked before its interval is over, and nothing alarms anybody', async () => {
    expect(await house.bank.questionsTooEarly()).toBe(0);
    expect(house.alarms()).toEqual([]);
  });

  it('the bank’s books equal ours', () => {
    const { bankMinor, oursMinor, paidTwice } = house.books();
    expect(bankMinor).toBeGreaterThan(0);
    expect(oursMinor).toBe(bankMinor);
    expect(paidTwice).toEqual([]);
  });
});
