import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PaymentView } from '../payment.view.ts';
import { type Fact, PaymentHouse, type Shop, uuidOf } from '../test/payment-house.ts';

const QR = { type: 'show_qr', qr: '1000-QR', expires_at: '2026-11-22T12:03:00.000Z' };
const FAILURE = { code: 'no_money', provider_code: '-7', provider_message: 'Not enough', cashier_key: 'declined' };

describe('facts of the provider', () => {
  let house: PaymentHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    shop = await house.shop();
  });
  afterAll(() => house.close());

  const made = async (reference?: string): Promise<string> =>
    (await house.pay(shop, house.body(shop, reference === undefined ? {} : { reference }))).body.id;
  const eventsOf = async (id: string): Promise<string[]> =>
    (
      await house.rows<{ type: string }>('SELECT type FROM event WHERE subject = $1 ORDER BY txid, seq', [uuidOf(id)])
    ).map((row) => row.type);
  const told = async (id: string, ...facts: readonly Omit<Fact, 'payment'>[]): Promise<PaymentView> => {
    for (const fact of facts) await house.tell({ payment: id, ...fact });
    return house.get(shop, id);
  };

  it('show the QR, the scan and the money at the till, each once', async () => {
    const id = await made();
    const shown = await told(id, {
      seq: 1,
      phase: 'requires_customer',
      more: { next_action: QR, provider_ref: '16600000017', payment_methods: ['Gold', 'Red'] },
    });
    expect(shown).toMatchObject({
      status: 'requires_customer',
      version: 2,
      next_action: { type: 'show_qr', qr: '1000-QR', qr_svg: `/v1/payments/${id}/qr.svg`, expires_at: QR.expires_at },
      till: { screen: 'show_qr', hide_qr: false, seconds_left: 180 },
      method: { payment_methods: ['Gold', 'Red'] },
      provider: { id: '16600000017' },
    });
    const scanned = await told(id, { phase: 'processing', more: { expires_at: '2026-11-22T12:01:05.000Z' } });
    expect(scanned).toMatchObject({
      status: 'processing',
      version: 3,
      next_action: null,
      till: { screen: 'confirm_in_app', seconds_left: 65 },
    });
    const paid = await told(id, { seq: 2, phase: 'succeeded', more: { amount: 149_000, slip: { transaction: '42' } } });
    expect(paid).toMatchObject({
      status: 'succeeded',
      version: 4,
      late: false,
      slip: { transaction: '42' },
      till: { screen: 'paid', hand_over_goods: true, may_start_another: true, seconds_left: null },
    });
    expect(await eventsOf(id)).toEqual([
      'payment.created',
      'payment.requires_customer',
      'payment.processing',
      'payment.succeeded',
    ]);
  });

  it('of a whole batch are one round trip and wake whom they concern', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => made()));
    const woken: string[] = [];
    const stops = ids.map((id) => house.wakeUps.listen(id, () => woken.push(id)));
    const sent: string[] = [];
    // The outbox removes what has left when its time comes, whoever is measured meanwhile.
    const stop = house.worker.onRoundTrip((sql) => sql.startsWith('DELETE FROM outbox') || sent.push(sql));
    await house.tell(...ids.map((payment) => ({ payment, seq: 1, phase: 'processing' })));
    stop();
    for (const each of stops) each();
    expect(sent).toHaveLength(1);
    expect(woken.sort()).toEqual([...ids].sort());
  });

  it('said twice are said once: no new version, no event, nobody woken', async () => {
    const id = await made();
    const fact = { payment: id, seq: 1, phase: 'requires_customer', more: { next_action: QR } };
    await house.tell(fact);
    let woken = 0;
    const stop = house.wakeUps.listen(id, () => (woken += 1));
    await house.tell(fact);
    await house.tell({ ...fact, seq: 2 });
    stop();
    expect(woken).toBe(0);
    expect((await house.get(shop, id)).version).toBe(2);
    expect(await eventsOf(id)).toEqual(['payment.created', 'payment.requires_customer']);
  });

  it('that this release does not know change nothing and block nothing', async () => {
    const id = await made();
    expect(await told(id, { seq: 7, phase: 'half_paid' })).toMatchObject({ status: 'created', version: 1 });
    expect(await told(id, { seq: 6, phase: 'processing' })).toMatchObject({ status: 'processing', version: 2 });
  });

  it('of progress move only a payment that waits for its buyer', async () => {
    const id = await made();
    expect((await told(id, { phase: 'processing' })).status).toBe('created');
    expect((await told(id, { seq: 1, phase: 'requires_customer' }, { phase: 'succeeded' })).status).toBe(
      'requires_customer',
    );
    expect((await told(id, { phase: 'processing' })).status).toBe('processing');
    expect((await told(id, { seq: 2, phase: 'expired' }, { phase: 'processing' })).status).toBe('expired');
  });

  it('never bring a payment back: after the scan the QR is not shown again', async () => {
    const id = await made();
    const payment = await told(
      id,
      { seq: 1, phase: 'requires_customer', more: { next_action: QR } },
      { phase: 'processing' },
      { seq: 2, phase: 'requires_customer', more: { next_action: QR } },
    );
    expect(payment).toMatchObject({ status: 'processing', next_action: null });
  });

  it('name the reason of a decline for the client and for the cashier', async () => {
    const payment = await told(await made(), { seq: 1, phase: 'declined', more: { failure: FAILURE } });
    expect(payment).toMatchObject({
      status: 'declined',
      failure: {
        code: 'no_money',
        provider_code: '-7',
        provider_message: 'Not enough',
        cashier_message: { en: expect.stringContaining('declined') },
      },
      till: { screen: 'not_paid', may_start_another: true },
    });
  });

  it('of money outrank an end without money that came first, and say that it is late', async () => {
    const id = await made();
    const payment = await told(id, { seq: 5, phase: 'expired' }, { seq: 4, phase: 'succeeded' });
    expect(payment).toMatchObject({
      status: 'succeeded',
      late: true,
      till: { screen: 'call_admin', hand_over_goods: false },
    });
    expect(await eventsOf(id)).toEqual(['payment.created', 'payment.expired', 'payment.succeeded', 'payment.late']);
    expect((await told(id, { seq: 6, phase: 'expired' })).status).toBe('succeeded');
  });

  it('of money in one batch with an end without money are money', async () => {
    const id = await made();
    await house.tell({ payment: id, seq: 1, phase: 'succeeded' }, { payment: id, seq: 2, phase: 'expired' });
    expect((await house.get(shop, id)).status).toBe('succeeded');
  });

  describe('about another amount', () => {
    it('never say that it is paid: the payment is unknown and a person is called, once', async () => {
      const id = await made('S-short');
      const short = { seq: 1, phase: 'succeeded', more: { amount: 148_000 } };
      expect(await told(id, short, short, { ...short, seq: 2 })).toMatchObject({
        status: 'unknown',
        failure: { code: 'amount_mismatch' },
        till: { screen: 'call_admin', hand_over_goods: false, may_start_another: false },
      });
      expect(await eventsOf(id)).toEqual(['payment.created', 'payment.unknown']);
      await expect(house.pay(shop, house.body(shop, { reference: 'S-short' }))).rejects.toMatchObject({
        code: 'reference_locked',
      });
    });

    it('show no QR for it', async () => {
      const payment = await told(await made(), {
        seq: 1,
        phase: 'requires_customer',
        more: { amount: 14_900_000, next_action: QR },
      });
      expect(payment).toMatchObject({ status: 'unknown', next_action: null, till: { screen: 'call_admin' } });
    });

    it('leave a payment that ended unpaid as it is, and call a person', async () => {
      const id = await made();
      expect(
        await told(id, { seq: 1, phase: 'expired' }, { seq: 2, phase: 'succeeded', more: { amount: 1 } }),
      ).toMatchObject({ status: 'expired', late: false });
      expect(await eventsOf(id)).toEqual(['payment.created', 'payment.expired', 'payment.updated']);
    });

    it('give way to the right one', async () => {
      const payment = await told(
        await made(),
        { seq: 1, phase: 'succeeded', more: { amount: 1 } },
        { seq: 2, phase: 'succeeded', more: { amount: 149_000 } },
      );
      expect(payment).toMatchObject({ status: 'succeeded', failure: null });
    });
  });

  it('about an id of the provider that belongs to another payment never say that this one is paid', async () => {
    const [first, second, third] = [await made(), await made(), await made()];
    await told(first, { seq: 1, phase: 'requires_customer', more: { provider_ref: 'R-1' } });
    const mixed = await told(second, { seq: 1, phase: 'succeeded', more: { provider_ref: 'R-1' } });
    expect(mixed).toMatchObject({
      status: 'unknown',
      failure: { code: 'provider_ref_mismatch' },
      provider: { id: null },
    });
    expect((await told(first, { seq: 2, phase: 'succeeded', more: { provider_ref: 'R-2' } })).status).toBe('unknown');
    await house.tell({ payment: third, seq: 1, phase: 'succeeded', more: { provider_ref: 'R-3' } });
    expect((await house.get(shop, third)).status).toBe('succeeded');
  });

  it.each(['declined', 'canceled', 'expired', 'failed'])('free the reference when a payment ends %s', async (phase) => {
    const reference = `S-free-${phase}`;
    await told(await made(reference), { seq: 1, phase });
    expect((await house.pay(shop, house.body(shop, { reference }))).status).toBe(201);
  });

  it.each(['requires_customer', 'processing', 'unknown', 'succeeded'])(
    'keep the reference while a payment is %s',
    async (phase) => {
      const reference = `S-kept-${phase}`;
      const id = await made(reference);
      await told(id, { seq: 1, phase });
      await expect(house.pay(shop, house.body(shop, { reference }))).rejects.toMatchObject({
        code: 'reference_locked',
        options: { extra: { payment: { id, status: phase } } },
      });
    },
  );

  it('of late money take the reference again where it is free', async () => {
    const id = await made('S-late');
    await told(id, { seq: 1, phase: 'expired' }, { seq: 2, phase: 'succeeded' });
    await expect(house.pay(shop, house.body(shop, { reference: 'S-late' }))).rejects.toMatchObject({
      code: 'reference_locked',
    });
  });

  it('of two payments of one reference that both got money tell of a duplicate', async () => {
    const first = await made('S-twice');
    await told(first, { seq: 1, phase: 'expired' });
    const second = await made('S-twice');
    await told(second, { seq: 1, phase: 'succeeded' });
    expect(await told(first, { seq: 2, phase: 'succeeded' })).toMatchObject({ status: 'succeeded', late: true });
    expect(await eventsOf(first)).toEqual([
      'payment.created',
      'payment.expired',
      'payment.succeeded',
      'payment.late',
      'payment.duplicate',
    ]);
    expect(await eventsOf(second)).toEqual(['payment.created', 'payment.succeeded']);
  });

  it('about a payment that is not here disturb no other of their batch', async () => {
    const id = await made();
    await house.tell(
      { payment: house.ids.next('pay'), seq: 1, phase: 'succeeded' },
      { payment: id, seq: 1, phase: 'processing' },
    );
    expect((await house.get(shop, id)).status).toBe('processing');
  });

  it('that break their schema are refused as unreadable', async () => {
    const event = house.event({ payment: await made(), seq: 1, phase: 'succeeded', more: { amount: 'much' } });
    await expect(house.apply.run([event])).rejects.toThrow('breaks its schema');
  });

  it('write four times from create to paid, the create included', async () => {
    const writes: string[] = [];
    const stops = [house.app, house.worker].map((db) =>
      db.onRoundTrip((sql) => (sql.includes('FROM outbox') ? 0 : writes.push(sql))),
    );
    const id = await made();
    await house.tell({ payment: id, seq: 1, phase: 'requires_customer', more: { next_action: QR } });
    await house.tell({ payment: id, phase: 'processing' });
    await house.tell({ payment: id, seq: 2, phase: 'succeeded' });
    for (const stop of stops) stop();
    expect(writes.map((sql) => /(\w+_payment(?:_facts)?)\(/.exec(sql)?.[1])).toEqual([
      'create_payment',
      'apply_payment_facts',
      'apply_payment_facts',
      'apply_payment_facts',
    ]);
    expect((await house.get(shop, id)).status).toBe('succeeded');
  });
});
