import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { paymentStart } from '@tolem/contracts';
import { uuidFromId } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import type { ApiProblem } from '../../http/api-problem.ts';
import { METHOD, PaymentHouse, PROVIDER, type Shop, uuidOf } from '../test/payment-house.ts';

describe('creating a payment', () => {
  let house: PaymentHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    shop = await house.shop();
  });
  afterAll(() => house.close());

  const refusal = async (promise: Promise<unknown>): Promise<ApiProblem> => {
    try {
      await promise;
    } catch (error) {
      return error as ApiProblem;
    }
    throw new Error('was not refused');
  };

  it('writes payment, event and start command in one round trip and sends the command at once', async () => {
    const sent: string[] = [];
    const stop = house.app.onRoundTrip((sql) => sent.push(sql));
    const { status, body, headers } = await house.pay(shop, house.body(shop, { metadata: { shift: '7' } }));
    stop();
    expect(sent).toHaveLength(1);
    expect(status).toBe(201);
    expect(headers).toEqual({ 'retry-after': '1' });
    expect(body).toMatchObject({
      object: 'payment',
      status: 'created',
      amount: 149_000,
      currency: PROVIDER.currency,
      organization: shop.organization,
      desk: 'desk-01',
      method: { type: METHOD.type, payment_methods: [] },
      next_action: null,
      till: { screen: 'wait', hand_over_goods: false, may_start_another: false },
      provider: { name: PROVIDER.name, id: null },
      cancel: null,
      failure: null,
      metadata: { shift: '7' },
      version: 1,
    });
    expect(Date.parse(body.start_by ?? '') - Date.parse(body.created_at)).toBe(METHOD.startWithinMs);
    const command = await waitFor('the start command', () => house.commands.find((one) => one.subject === body.id));
    expect(command).toMatchObject({ type: 'payment.start', key: body.id, tenant: shop.caller.tenant, mode: 'test' });
    expect(paymentStart.produce.parse(command.body)).toMatchObject({ amount: 149_000, lane: body.id });
    const events = await house.rows('SELECT type, version, snapshot FROM event WHERE subject = $1', [uuidOf(body.id)]);
    expect(events).toMatchObject([
      { type: 'payment.created', version: 1, snapshot: { amount: 149_000, status: 'created' } },
    ]);
  });

  it('loses no start to a crash between commit and publish: the relay sends the row that was committed', async () => {
    const { body } = await house.whileNobodyConsumes(() => house.pay(shop));
    const rows = await house.rows('SELECT topic, consumer, key, body FROM outbox WHERE key = $1', [body.id]);
    expect(rows).toMatchObject([{ topic: `commands.${PROVIDER.name}`, consumer: PROVIDER.name, key: body.id }]);
    expect(paymentStart.produce.parse(rows[0]?.['body'])).toMatchObject({ op_id: `${body.id}.start`, amount: 149_000 });
    expect(house.commands.filter((command) => command.subject === body.id)).toEqual([]);
    await house.rows(`UPDATE outbox SET created_at = created_at - interval '2 s'`);
    await house.outbox.relayOnce();
    const [command] = await waitFor('the start', () => {
      const found = house.commands.filter((one) => one.subject === body.id);
      return found.length > 0 ? found : undefined;
    });
    expect(command).toMatchObject({ type: 'payment.start', tenant: shop.caller.tenant, body: rows[0]?.['body'] });
  });

  it('makes one payment and one start command of twenty identical requests at once', async () => {
    const request = house.body(shop, { desk: 'desk-of-many', reference: 'S-many' });
    const replies = await Promise.all(Array.from({ length: 20 }, () => house.pay(shop, request, 'many')));
    const [first] = replies;
    expect(new Set(replies.map((reply) => reply.body.id))).toEqual(new Set([first?.body.id]));
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1);
    expect(replies.filter((reply) => reply.headers['idempotent-replayed'] === 'true')).toHaveLength(19);
    expect(await house.count(`payment WHERE idem_key = 'many'`)).toBe(1);
    expect(await house.count(`event WHERE subject = $1`, [uuidOf(first?.body.id ?? '')])).toBe(1);
    await waitFor('an empty outbox', async () => (await house.count('outbox')) === 0);
    expect(house.commands.filter((command) => command.subject === first?.body.id)).toHaveLength(1);
  });

  it('lets one of twenty payments at once have a reference and tells the others which one it is', async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        house.pay(shop, house.body(shop, { reference: 'S-race', desk: `desk-${n}` })),
      ),
    );
    const won = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value.body.id] : []));
    const problems = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason as ApiProblem] : []));
    expect(won).toHaveLength(1);
    expect(problems).toHaveLength(19);
    for (const problem of problems) {
      expect(problem).toMatchObject({
        status: 409,
        code: 'reference_locked',
        options: { extra: { payment: { id: won[0], status: 'created' } } },
      });
    }
  });

  it('gives the first payment back to a repeat in its state of now, even with everything else gone wrong since', async () => {
    const own = await house.shop();
    const request = house.body(own);
    const { body } = await house.pay(own, request, 'again');
    await house.tell({ payment: body.id, seq: 1, phase: 'processing' });
    await house.rows(`UPDATE connection SET health = 'down' WHERE id = $1`, [own.connectionId]);
    await house.rows(`UPDATE organization SET archived_at = now() WHERE id = $1`, [own.organizationId]);
    const repeat = await house.pay(own, request, 'again');
    expect(repeat).toMatchObject({
      status: 200,
      headers: { 'idempotent-replayed': 'true' },
      body: { id: body.id, status: 'processing' },
    });
  });

  it('refuses the same key with another body', async () => {
    await house.pay(shop, house.body(shop), 'reused');
    const problem = await refusal(house.pay(shop, house.body(shop, { amount: 149_001 }), 'reused'));
    expect(problem).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    expect(await house.count(`payment WHERE idem_key = 'reused'`)).toBe(1);
  });

  it('keeps the keys of two tenants apart', async () => {
    const other = await house.shop();
    const [mine, theirs] = [
      await house.pay(shop, house.body(shop), 'shared'),
      await house.pay(other, house.body(other), 'shared'),
    ];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(mine.body.id).not.toBe(theirs.body.id);
  });

  it('answers 404 for an organization of another tenant and writes nothing', async () => {
    const other = await house.shop();
    const problem = await refusal(house.pay(shop, house.body(other)));
    expect(problem).toMatchObject({ status: 404, code: 'not_found' });
    expect(await house.count('payment WHERE organization_id = $1', [other.organizationId])).toBe(0);
  });

  it('answers 404 for an organization that the key is not for', async () => {
    const limited: Shop = { ...shop, caller: { ...shop.caller, organizations: [house.ids.uuid()] } };
    expect(await refusal(house.pay(limited))).toMatchObject({ status: 404, code: 'not_found' });
  });

  it.each([
    ['archived_at = now()', 'organization', 422, 'organization_archived'],
    ['enabled = false', 'connection', 422, 'connection_required'],
    [`health = 'unknown'`, 'connection', 422, 'connection_not_ready'],
    [`health = 'refused'`, 'connection', 422, 'connection_not_ready'],
    [`health = 'down'`, 'connection', 503, 'provider_unavailable'],
  ])('refuses while %s of its %s', async (change, table, status, code) => {
    const own = await house.shop();
    await house.rows(`UPDATE ${table} SET ${change} WHERE id = $1`, [
      table === 'connection' ? own.connectionId : own.organizationId,
    ]);
    expect(await refusal(house.pay(own))).toMatchObject({ status, code });
    expect(await house.count('payment WHERE organization_id = $1', [own.organizationId])).toBe(0);
  });

  it('names what refused the connection, in the words of the provider', async () => {
    const own = await house.shop({ health: 'refused' });
    const reason = {
      code: 'bin_not_registered',
      provider_code: '-14000001',
      provider_message: 'no such BIN',
      cashier_key: 'desk_setup',
    };
    await house.rows('UPDATE connection SET reason = $2 WHERE id = $1', [own.connectionId, JSON.stringify(reason)]);
    expect((await refusal(house.pay(own))).options).toMatchObject({
      retryable: false,
      provider: { name: PROVIDER.name, code: '-14000001', message: 'no such BIN' },
      extra: { reason: 'bin_not_registered' },
    });
  });

  it('takes an amount up to the limit of the organization and not one unit more', async () => {
    const own = await house.shop({ maxAmount: 5_000 });
    expect((await house.pay(own, house.body(own, { amount: 5_000 }))).status).toBe(201);
    const problem = await refusal(house.pay(own, house.body(own, { amount: 5_001 })));
    expect(problem).toMatchObject({ status: 422, code: 'amount_too_large', options: { extra: { max_amount: 5_000 } } });
  });

  it('takes an amount up to the limit of the method and not one unit more', async () => {
    const own = await house.shop({ maxAmount: METHOD.maxAmountMinor * 2 });
    const problem = await refusal(house.pay(own, house.body(own, { amount: METHOD.maxAmountMinor + 1 })));
    expect(problem).toMatchObject({
      code: 'amount_too_large',
      options: { extra: { max_amount: METHOD.maxAmountMinor } },
    });
  });

  it('refuses another currency and names the right one', async () => {
    const problem = await refusal(house.pay(shop, house.body(shop, { currency: 'EUR' })));
    expect(problem).toMatchObject({
      status: 422,
      code: 'currency_not_supported',
      options: { extra: { allowed: [PROVIDER.currency] } },
    });
  });

  it('refuses lines that break the rules of a sale, with pointers', async () => {
    const items = [{ name: 'Milk', quantity: '0', unit: 'piece', price: 500, total: 500 }];
    const problem = await refusal(house.pay(shop, house.body(shop, { items })));
    expect(problem).toMatchObject({
      status: 422,
      code: 'items_invalid',
      options: { errors: [{ pointer: '/items/0/quantity' }] },
    });
  });

  it('creates an unknown desk once, however many payments ask for it at once', async () => {
    const own = await house.shop();
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => house.pay(own, house.body(own, { desk: 'brand-new' }))),
    );
    expect(replies.map((reply) => reply.status)).toEqual(Array.from({ length: 10 }, () => 201));
    expect(await house.count(`desk WHERE organization_id = $1`, [own.organizationId])).toBe(1);
    expect(
      await house.rows('SELECT DISTINCT desk_id FROM payment WHERE organization_id = $1', [own.organizationId]),
    ).toHaveLength(1);
  });

  it('uses a desk that somebody else makes at the same moment', async () => {
    const own = await house.shop();
    await house.rows('BEGIN');
    await house.rows(
      `INSERT INTO desk (id, tenant_id, mode, organization_id, trade_point_id, external_id) VALUES ($1, $2, 'test', $3, $4, 'at-once')`,
      [house.ids.uuid(), own.caller.tenantId, own.organizationId, uuidFromId('tp', own.tradePoints[0] ?? '')],
    );
    const reply = house.pay(own, house.body(own, { desk: 'at-once' }));
    await waitFor(
      'the create to wait for the desk',
      async () => (await house.worker.query('SELECT FROM pg_locks WHERE NOT granted')).length > 0,
    );
    await house.rows('COMMIT');
    expect((await reply).status).toBe(201);
    expect(await house.count(`desk WHERE external_id = 'at-once'`)).toBe(1);
  });

  it('needs no trade point where there is exactly one, and none for a known desk', async () => {
    const { trade_point: _, ...own } = house.body(await house.shop({ tradePoints: 1 }));
    const single = await house.shop({ tradePoints: 1 });
    expect((await house.pay(single, { ...own, organization: single.organization })).status).toBe(201);
    await house.pay(shop, house.body(shop, { desk: 'known' }));
    const { trade_point: __, ...rest } = house.body(shop, { desk: 'known' });
    expect((await house.pay(shop, rest)).status).toBe(201);
  });

  it('asks for the trade point of an unknown desk where there are several', async () => {
    const { trade_point: _, ...body } = house.body(shop, { desk: 'nowhere' });
    expect(await refusal(house.pay(shop, body))).toMatchObject({ status: 422, code: 'trade_point_required' });
    expect(await house.count(`desk WHERE external_id = 'nowhere'`)).toBe(0);
  });

  it("refuses a trade point of somebody else, a vanished one, and another one than the desk's", async () => {
    const other = await house.shop();
    const [foreign = ''] = other.tradePoints;
    const [, second = '', third = ''] = shop.tradePoints;
    expect(await refusal(house.pay(shop, house.body(shop, { desk: 'x', trade_point: foreign })))).toMatchObject({
      code: 'trade_point_unknown',
    });
    await house.pay(shop, house.body(shop, { desk: 'standing' }));
    expect(await refusal(house.pay(shop, house.body(shop, { desk: 'standing', trade_point: second })))).toMatchObject({
      status: 422,
      code: 'desk_in_other_trade_point',
      options: { extra: { trade_point: shop.tradePoints[0] } },
    });
    await house.rows('UPDATE trade_point SET active = false WHERE id = $1', [uuidFromId('tp', third)]);
    expect(await refusal(house.pay(shop, house.body(shop, { desk: 'y', trade_point: third })))).toMatchObject({
      code: 'trade_point_unknown',
    });
  });

  it('puts a desk that was registered without a trade point where its first payment says', async () => {
    const own = await house.shop();
    const [point = ''] = own.tradePoints;
    await house.rows(
      `INSERT INTO desk (id, tenant_id, mode, organization_id, external_id) VALUES ($1, $2, 'test', $3, 'placeless')`,
      [house.ids.uuid(), own.caller.tenantId, own.organizationId],
    );
    await house.pay(own, house.body(own, { desk: 'placeless' }));
    const { trade_point: _, ...rest } = house.body(own, { desk: 'placeless' });
    expect((await house.pay(own, rest)).status).toBe(201);
    expect(await house.rows(`SELECT trade_point_id FROM desk WHERE external_id = 'placeless'`)).toEqual([
      { trade_point_id: uuidFromId('tp', point) },
    ]);
  });

  it('keeps a known desk open while its trade point is missing from the list of the provider', async () => {
    const own = await house.shop();
    await house.pay(own);
    await house.rows('UPDATE trade_point SET active = false WHERE organization_id = $1', [own.organizationId]);
    expect((await house.pay(own)).status).toBe(201);
  });

  it('refuses a desk of another organization of the same tenant', async () => {
    const second = await house.shop({ tenantId: shop.caller.tenantId });
    await house.pay(shop, house.body(shop, { desk: 'of-the-first' }));
    expect(await refusal(house.pay(second, house.body(second, { desk: 'of-the-first' })))).toMatchObject({
      status: 422,
      code: 'desk_of_other_organization',
    });
  });
});

describe('while messages cannot leave', () => {
  it('takes no payment after three seconds, yet answers repeats', async () => {
    const house = await PaymentHouse.open();
    try {
      const shop = await house.shop();
      const request = house.body(shop);
      const { body } = await house.pay(shop, request, 'before');
      await waitFor('an empty outbox', async () => (await house.count('outbox')) === 0);
      await house.rows(
        `INSERT INTO outbox (id, topic, key, headers, body, created_at) VALUES ($1, 't', 'k', '{}', '{}', clock_timestamp() - interval '4 s')`,
        [house.ids.uuid()],
      );
      await house.pressure.measure();
      await expect(house.pay(shop)).rejects.toMatchObject({
        status: 503,
        code: 'service_overloaded',
        options: { retryable: true, retryAfterS: 2 },
      });
      expect((await house.pay(shop, request, 'before')).body.id).toBe(body.id);
      expect(await house.count('payment')).toBe(1);
      await house.rows('DELETE FROM outbox');
      await house.pressure.measure();
      expect((await house.pay(shop)).status).toBe(201);
    } finally {
      await house.close();
    }
  });
});
