import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idFromUuid } from '@tolem/domain';
import { KaspiHouse } from './kaspi-house.ts';
import { BIN, OTHER_BIN, THIRD_BIN } from './running-bank.ts';
import { type Connection, deskOf } from './stand-in-gateway.ts';

/** None of them says what became of the call, and all of them come before the bank has acted. */
const TROUBLES = ['status_code:-999', 'http_400', 'http_401'] as const;
const PHONE = '77015550123';
/** Time passes this much faster where nothing is to be seen in between. */
const LEAP_MS = 2_000;

describe('a bank that answers one call with -999, 400 or 401', () => {
  let house: KaspiHouse;
  let shop: Connection;
  let withBuyer: Connection;
  let partner: string;
  /** Desks whose device is being registered ahead, and switched off: both are tried again only after seconds. */
  let registering: readonly string[];
  let deleting: readonly string[];

  beforeAll(async () => {
    house = await KaspiHouse.open();
    partner = await house.certificate(house.bank.credential());
    shop = await house.connect(BIN, partner);
    withBuyer = await house.connectUnder('r2');
    deleting = TROUBLES.map(desk);
    for (const one of deleting) house.registerDevice(shop, one);
    await house.until('the devices', () => deleting.every((one) => house.deviceState(one)?.status === 'registered'));
    await troubleEach('device/delete', BIN);
    for (const one of deleting) house.deleteDevice(shop, one);
    await troubleEach('device/register', BIN);
    registering = TROUBLES.map(desk);
    for (const one of registering) house.registerDevice(shop, one);
    await house.until('the trouble with devices', async () => (await house.bank.faultsLeft()).length === 0);
  }, 60_000);
  afterAll(() => house.close());

  const desk = (): string => idFromUuid('dsk', house.ids.uuid());
  /** Each of them once, one after another, whoever asks. */
  async function troubleEach(call: string, bin?: string): Promise<void> {
    for (const trouble of TROUBLES) await house.bank.fault(call, trouble, bin === undefined ? {} : { match: { bin } });
  }
  const callsOf = (ref: string, name: string): number =>
    house.bank.row(ref)?.calls.filter(({ call }) => call === name).length ?? 0;
  /** A payment that the buyer has paid and whose books have been compared. */
  async function compared() {
    const sold = await house.sold(shop);
    await house.until('the books to be compared', () => callsOf(sold.ref, 'payment/details') > 0);
    return sold;
  }

  it.each(TROUBLES)(
    'partner/tradepoints, %s: the connection is down, and up again without anybody asking',
    async (trouble) => {
      const connection = house.newConnection(THIRD_BIN);
      await house.bank.fault('partner/tradepoints', trouble, { match: { bin: THIRD_BIN } });
      house.put(connection, partner);
      house.verify(connection);
      const down = await house.until('an answer', () => house.connection(connection));
      expect(down).toMatchObject({
        health: 'down',
        trade_points: null,
        reason: { cashier_key: 'provider_unavailable' },
      });
      await house.until('the bank to be back', () => {
        house.clock.advance(LEAP_MS);
        return house.connection(connection)?.health === 'up';
      });
    },
  );

  it('device/register, at a sale: asked again, and the sale is paid', async () => {
    const other = await house.connect(OTHER_BIN, partner);
    await troubleEach('device/register', OTHER_BIN);
    const sold = await house.soldAll(
      other,
      TROUBLES.map(() => ({})),
    );
    for (const { id } of sold) expect(house.bank.purchasesOf(id)).toMatchObject([{ status: 'Processed' }]);
  });

  it('payment/details, after the money: the payment stays paid, and the books are compared later', async () => {
    await house.bank.autopilot(null);
    const shown = TROUBLES.map(() => house.pay(shop));
    const refs: string[] = [];
    for (const [index, payment] of shown.entries()) {
      const ref = (await house.reached(payment, 'requires_customer')).provider_ref ?? '';
      await house.bank.fault('payment/details', TROUBLES[index] ?? '', { match: { id: ref } });
      await house.bank.buyer(ref, 'scan');
      await house.bank.buyer(ref, 'confirm');
      refs.push(ref);
    }
    for (const payment of shown) await house.reached(payment, 'succeeded');
    await house.until('the books to be compared', () => {
      house.clock.advance(LEAP_MS);
      return refs.every((ref) => callsOf(ref, 'payment/details') === 2);
    });
    for (const payment of shown) expect(house.phases(payment)).toEqual(['requires_customer', 'succeeded']);
    await house.bank.autopilot({ scan_ms: 700, confirm_ms: 1_500 });
  });

  it('payment/details, before a return: nothing is sent until it is answered, then the money goes back once', async () => {
    const purchases = await Promise.all(TROUBLES.map(compared));
    const refunds: string[] = [];
    for (const [index, sold] of purchases.entries()) {
      await house.bank.fault('payment/details', TROUBLES[index] ?? '', { match: { id: sold.ref } });
      refunds.push(house.refund(shop, { payment: sold.id, amountMinor: 49_000 }));
    }
    for (const [index, refund] of refunds.entries()) {
      const { ref = '' } = purchases[index] ?? {};
      expect(await house.refundReached(refund, 'succeeded')).toMatchObject({ evidence: 'stated', failure: null });
      expect(house.refundPhases(refund)).toEqual(['succeeded']);
      expect(house.bank.returnsOf(ref)).toMatchObject([{ amount: 49_000 }]);
      expect(callsOf(ref, 'payment/return')).toBe(1);
    }
  });

  it('return/status and return/operations: the buyer is waited for, and his purchase is found', async () => {
    const sold = await house.sold(withBuyer);
    const refund = house.refund(withBuyer, { payment: sold.id, amountMinor: 49_000 });
    await house.refundReached(refund, 'requires_customer');
    const code = house.bank.refundCodesOf(refund).at(-1)?.id ?? '';
    for (const call of ['return/status', 'return/operations']) {
      for (const trouble of TROUBLES) await house.bank.fault(call, trouble, { match: { id: code } });
    }
    await house.bank.scanRefund(code);
    await house.refundReached(refund, 'succeeded');
    expect(house.refundPhases(refund)).toEqual(['requires_customer', 'processing', 'succeeded']);
    expect(house.bank.returnsOf(sold.ref)).toMatchObject([{ amount: 49_000 }]);
    expect(callsOf(code, 'return/operations')).toBe(4);
  });

  const invoice = async (amountMinor: number) => {
    const payment = await house.invoice(shop, PHONE, { amountMinor });
    return { payment, ref: (await house.reached(payment, 'requires_customer')).provider_ref ?? '' };
  };

  it('remote/cancel: asked for again at once; thrice in vain decides nothing, and a person may ask once more', async () => {
    const stubborn = await invoice(62_000);
    for (const trouble of TROUBLES) await house.bank.fault('remote/cancel', trouble, { match: { id: stubborn.ref } });
    house.cancel(shop, stubborn.payment);
    for (const [index, trouble] of TROUBLES.entries()) {
      const { payment, ref } = await invoice(61_000 + index * 100);
      await house.bank.fault('remote/cancel', trouble, { match: { id: ref } });
      house.cancel(shop, payment);
      expect(await house.reached(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' } });
      expect(callsOf(ref, 'remote/cancel')).toBe(2);
    }
    const { payment, ref } = stubborn;
    await house.until('the question after the cancel', async () => (await house.bank.questionsAbout(ref)) > 0);
    expect(house.state(payment)).toMatchObject({ phase: 'requires_customer', cancel: { result: 'pending' } });
    expect(house.bank.row(ref)?.status).toBe('RemotePaymentCreated');
    house.cancel(shop, payment, `${payment}:cancel:2`);
    expect(await house.reached(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' } });
  });

  it('remote/client-info: the cashier hears that the bank does not answer, and the next question is answered', async () => {
    const till = deskOf(house.ids.next('pay'));
    await troubleEach('remote/client-info');
    for (const trouble of TROUBLES) {
      expect([trouble, await house.payer(shop, PHONE, till)]).toMatchObject([
        trouble,
        { is: 'unreachable', failure: { cashier_key: 'provider_unavailable' } },
      ]);
    }
    expect(await house.payer(shop, PHONE, till)).toMatchObject({ is: 'answered' });
  });

  it('device/register, ahead of a sale, and device/delete: tried again until it is done', async () => {
    await house.until('the devices', () => registering.every((one) => house.deviceState(one)?.status === 'registered'));
    await house.until('their end', () => deleting.every((one) => house.deviceState(one)?.status === 'deleted'));
    const payment = house.pay(shop, { desk: registering[0] ?? '' });
    await house.reached(payment, 'succeeded');
  });

  it('every trouble has happened, nobody was woken, and the books are equal', async () => {
    expect(await house.bank.faultsLeft()).toEqual([]);
    expect(house.alarms()).toEqual([]);
    const { bankMinor, oursMinor, paidTwice } = house.books();
    expect([oursMinor, paidTwice]).toEqual([bankMinor, []]);
  });
});
