import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { paymentStart, PROVIDERS } from '@tolem/contracts';
import { cashierText } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { PaymentHouse, PROVIDER, type Shop, uuidOf } from '../test/payment-house.ts';

const method = PROVIDERS.flatMap((provider) => provider.methods).find((one) => one.oneInDoubt !== undefined);
if (method === undefined) throw new Error('no method names a buyer');
const PHONE = '77011234567';
const COMMENT = 'Order for Aigerim';

describe('a payment whose method has personal fields', () => {
  let house: PaymentHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await PaymentHouse.open();
  });
  beforeEach(async () => {
    shop = await house.shop();
  });
  afterAll(() => house.close());

  const invoice = (changes: Readonly<Record<string, unknown>> = {}, of = shop) => {
    const fields: Readonly<Record<string, unknown>> = { phone: PHONE, comment: COMMENT, ...changes };
    return house.body(of, { method: { type: method.type, ...fields } });
  };

  it('keeps them sealed, sends them sealed, and shows their last two characters', async () => {
    const { body } = await house.pay(shop, invoice());
    expect(body.method).toEqual({
      type: method.type,
      phone: '*********67',
      comment: '***************im',
      payment_methods: [],
    });
    const command = await waitFor('the start', () => house.commands.find((one) => one.subject === body.id));
    const { sealed } = paymentStart.produce.parse(command.body);
    const plain = await house.sealer.open(Buffer.from(sealed ?? '', 'base64'), `payment.start:${body.id}`);
    expect(JSON.parse(plain.toString('utf8'))).toEqual({ phone: PHONE, comment: COMMENT });
  });

  it('leaves neither of them in any table, and no digest that could be guessed', async () => {
    await house.pay(shop, invoice());
    const tables = await house.rows<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'gateway'::regnamespace AND relkind = 'r'`,
    );
    expect(tables.length).toBeGreaterThan(10);
    for (const { name } of tables) {
      const rows = await house.rows<{ text: string }>(`SELECT to_jsonb(t)::text AS text FROM "${name}" t`);
      const leaks = rows.filter(({ text }) => text.includes(PHONE) || text.includes('Aigerim'));
      expect({ name, leaks: leaks.length }).toEqual({ name, leaks: 0 });
    }
  });

  it('says the same, sealed fields included, when its start is sent again', async () => {
    const { body } = await house.pay(shop, invoice());
    const starts = () => house.commands.filter((one) => one.subject === body.id && one.type === 'payment.start');
    await waitFor('the start', () => starts().length === 1);
    house.clock.advance(5_000);
    await house.sweeper.sweepOnce();
    await waitFor('the repeated start', () => starts().length === 2);
    expect(starts()[1]?.body).toEqual(starts()[0]?.body);
  });

  it('attaches a repeat of the request, and refuses the key with another phone', async () => {
    const { body } = await house.pay(shop, invoice(), 'invoice');
    expect(await house.pay(shop, invoice(), 'invoice')).toMatchObject({ status: 200, body: { id: body.id } });
    await expect(house.pay(shop, invoice({ phone: '77011234568' }), 'invoice')).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  it('is refused while one to the same buyer, desk and amount is unknown, until a person has closed it', async () => {
    const own = await house.shop();
    const { body } = await house.pay(own, invoice({}, own), 'first');
    await house.tell({ payment: body.id, seq: 1, phase: 'unknown' });
    await expect(house.pay(own, invoice({ comment: 'another' }, own))).rejects.toMatchObject({
      status: 409,
      code: 'invoice_in_doubt',
      options: {
        extra: { payment: { id: body.id, status: 'unknown' } },
        cashierMessage: cashierText('invoice_unknown'),
      },
    });
    // The same request again is no other payment.
    expect((await house.pay(own, invoice({}, own), 'first')).body.id).toBe(body.id);
    for (const other of [
      invoice({ phone: '77011234568' }, own),
      { ...invoice({}, own), amount: 149_001 },
      { ...invoice({}, own), desk: 'desk-02' },
    ])
      expect((await house.pay(own, other)).status).toBe(201);
    await house.tell({ payment: body.id, seq: 2, phase: 'failed' });
    expect((await house.pay(own, invoice({}, own))).status).toBe(201);
  });

  it('is refused while one to the same buyer, desk and amount is just being made, until the provider has answered', async () => {
    const { body } = await house.pay(shop, invoice());
    await expect(house.pay(shop, invoice({ comment: 'another' }))).rejects.toMatchObject({
      status: 409,
      code: 'invoice_in_doubt',
      detail: expect.stringContaining('on its way'),
      options: { extra: { payment: { id: body.id, status: 'created' } }, cashierMessage: cashierText('wait') },
    });
    for (const other of [invoice({ phone: '77011234568' }), { ...invoice(), amount: 149_001 }])
      expect((await house.pay(shop, other)).status).toBe(201);
    await house.tell({ payment: body.id, seq: 1, phase: 'requires_customer' });
    expect((await house.pay(shop, invoice())).status).toBe(201);
  });

  it('is made once of many requests at the same moment, each under a key of its own', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const amount = 1_000 + turn;
      const replies = await Promise.allSettled(
        Array.from({ length: 5 }, () => house.pay(shop, { ...invoice(), amount })),
      );
      const made = replies.flatMap((reply) => (reply.status === 'fulfilled' ? [reply.value.body.id] : []));
      expect(made).toHaveLength(1);
      for (const reply of replies) {
        if (reply.status === 'rejected')
          expect(reply.reason).toMatchObject({
            code: 'invoice_in_doubt',
            options: { extra: { payment: { id: made[0] } } },
          });
      }
    }
  });

  it('is one payment of many requests at the same moment under one key', async () => {
    const replies = await Promise.all(Array.from({ length: 5 }, () => house.pay(shop, invoice(), 'one')));
    expect(new Set(replies.map((reply) => reply.body.id)).size).toBe(1);
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1);
  });

  it('looks for the other one by the index of invoices under way and in doubt', async () => {
    await house.rows('SET enable_seqscan = off');
    const plan = await house.rows<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT id FROM payment WHERE doubt_digest = '\\x00' AND status IN ('created', 'unknown') ORDER BY id DESC LIMIT 1`,
    );
    await house.rows('RESET enable_seqscan');
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('payment_in_doubt');
  });

  it('compares buyers of one tenant only', async () => {
    const [one, other] = [await house.shop(), await house.shop()];
    const digests = await Promise.all(
      [one, other].map(async (of) => {
        const { body } = await house.pay(of, invoice({}, of));
        const [row] = await house.rows<{ digest: string }>(
          `SELECT encode(doubt_digest, 'hex') AS digest FROM payment WHERE id = $1`,
          [uuidOf(body.id)],
        );
        return row?.digest;
      }),
    );
    expect(new Set(digests).size).toBe(2);
  });

  it('is refused under a scheme that does not have the method, which names those that it has', async () => {
    const scheme = PROVIDER.schemes.find(({ methods }) => !methods.includes(method.type));
    const own = await house.shop({ scheme: scheme?.name ?? '' });
    await expect(house.pay(own, invoice({}, own))).rejects.toMatchObject({
      status: 422,
      code: 'method_not_available',
      options: { extra: { scheme: scheme?.name, available: scheme?.methods } },
    });
  });

  it('is not asked about soon where news comes only when somebody asks', async () => {
    const { body } = await house.pay(shop, invoice({ phone: '77019999999' }));
    await house.tell({ payment: body.id, seq: 1, phase: 'requires_customer', more: { provider_ref: 'I1' } });
    expect(await house.read.now(shop.caller, { id: uuidOf(body.id) })).toMatchObject({
      headers: { 'retry-after': '10' },
    });
  });
});
