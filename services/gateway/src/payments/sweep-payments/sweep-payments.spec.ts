import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Envelope, paymentStart, subjectReport } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import { METHOD, PaymentHouse, type Shop, uuidOf } from '../test/payment-house.ts';

describe('the sweeper', () => {
  let house: PaymentHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    shop = await house.shop();
  });
  beforeEach(async () => {
    // What earlier cases left open would be asked about too.
    await house.rows(`UPDATE payment SET status = 'expired' WHERE idem_hash IS NOT NULL`);
  });
  afterAll(() => house.close());

  const made = async (reference?: string): Promise<string> =>
    (await house.pay(shop, house.body(shop, reference === undefined ? {} : { reference }))).body.id;
  const sent = (id: string, type: string): Envelope[] =>
    house.commands.filter((one) => one.subject === id && one.type === type);

  it('starts a payment again that is silent for five seconds, with the very same command', async () => {
    const id = await made('S-77');
    house.clock.advance(4_999);
    expect(await house.sweeper.sweepOnce()).toBe(0);
    house.clock.advance(1);
    expect(await house.sweeper.sweepOnce()).toBe(1);
    await waitFor('the repeated start', () => sent(id, 'payment.start').length === 2);
    const [first, second] = sent(id, 'payment.start');
    expect(second?.body).toEqual(first?.body);
    expect(second).toMatchObject({ key: id, tenant: shop.caller.tenant, mode: 'test' });
    expect(second?.id).not.toBe(first?.id);
    paymentStart.produce.parse(second?.body);
    expect(await house.sweeper.sweepOnce()).toBe(0);
  });

  it('says the same in a repeated start though desk, connection and trade point have changed since', async () => {
    const own = await house.shop();
    const { id } = (await house.pay(own)).body;
    await house.rows('UPDATE connection SET version = version + 1 WHERE id = $1', [own.connectionId]);
    await house.rows(`UPDATE trade_point SET provider_ref = 'moved-' || provider_ref WHERE organization_id = $1`, [
      own.organizationId,
    ]);
    house.clock.advance(5_000);
    await house.sweeper.sweepOnce();
    await waitFor('the repeated start', () => sent(id, 'payment.start').length === 2);
    const [first, second] = sent(id, 'payment.start');
    expect(second?.body).toEqual(first?.body);
  });

  it('starts nothing past start_by and asks what became of it two seconds later', async () => {
    const id = await made();
    house.clock.advance(METHOD.startWithinMs);
    expect(await house.sweeper.sweepOnce()).toBe(0);
    house.clock.advance(1_999);
    expect(await house.sweeper.sweepOnce()).toBe(0);
    house.clock.advance(1);
    expect(await house.sweeper.sweepOnce()).toBe(1);
    const report = await waitFor('the question', () => sent(id, 'subject.report')[0]);
    expect(subjectReport.produce.parse(report.body)).toMatchObject({ subject_id: id, kind: 'payment' });
    expect(sent(id, 'payment.start')).toHaveLength(1);
    expect(await house.sweeper.sweepOnce()).toBe(0);
  });

  it('asks two seconds past start_by though it sent the start again a moment ago', async () => {
    const id = await made();
    house.clock.advance(METHOD.startWithinMs - 1);
    expect(await house.sweeper.sweepOnce()).toBe(1);
    house.clock.advance(2_001);
    expect(await house.sweeper.sweepOnce()).toBe(1);
    await waitFor('the question', () => sent(id, 'subject.report').length === 1);
  });

  it('asks again about a payment that was never started, each time as another operation', async () => {
    const id = await made();
    house.clock.advance(METHOD.startWithinMs + 2_000);
    await house.sweeper.sweepOnce();
    house.clock.advance(house.settings.startReportEveryMs);
    await house.sweeper.sweepOnce();
    await waitFor('two questions', () => sent(id, 'subject.report').length === 2);
    const operations = sent(id, 'subject.report').map((one) => subjectReport.consume.parse(one.body).op_id);
    expect(new Set(operations).size).toBe(2);
  });

  it.each(['requires_customer', 'processing', 'unknown'])(
    'asks about a payment that is %s and silent for five minutes, once per five minutes',
    async (phase) => {
      const id = await made();
      await house.tell({ payment: id, seq: 1, phase });
      house.clock.advance(299_999);
      expect(await house.sweeper.sweepOnce()).toBe(0);
      house.clock.advance(1);
      expect(await house.sweeper.sweepOnce()).toBe(1);
      house.clock.advance(299_999);
      expect(await house.sweeper.sweepOnce()).toBe(0);
      house.clock.advance(1);
      expect(await house.sweeper.sweepOnce()).toBe(1);
      await waitFor('two questions', () => sent(id, 'subject.report').length === 2);
      expect((await house.get(shop, id)).version).toBe(2);
    },
  );

  it('leaves ended payments and tombstones alone', async () => {
    const id = await made();
    await house.tell({ payment: id, seq: 1, phase: 'succeeded' });
    await house.cancel.run(shop.caller, { key: house.key() }, undefined, undefined);
    house.clock.advance(3_600_000);
    expect(await house.sweeper.sweepOnce()).toBe(0);
  });

  it('shares the work between replicas: what many ask about at once is asked once', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, (_, n) => made(`S-shared-${n}`)));
    house.clock.advance(5_000);
    const counts = await Promise.all(Array.from({ length: 5 }, () => house.sweeper.sweepOnce()));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10);
    await waitFor('every start', () => ids.every((id) => sent(id, 'payment.start').length === 2));
  });

  it('passes over a payment that somebody else has in hand, without waiting', async () => {
    const ids = [await made(), await made(), await made()];
    house.clock.advance(5_000);
    await house.rows('BEGIN');
    try {
      await house.rows('SELECT FROM payment WHERE id = $1 FOR UPDATE', [uuidOf(ids[1] ?? '')]);
      expect(await house.sweeper.sweepOnce()).toBe(2);
    } finally {
      await house.rows('COMMIT');
    }
    expect(await house.sweeper.sweepOnce()).toBe(1);
  });

  it('takes no more than its batch at a time and gets to all of them', async () => {
    const small = await PaymentHouse.open({ sweepBatch: 3 });
    try {
      const own = await small.shop();
      for (let n = 0; n < 7; n += 1) await small.pay(own);
      small.clock.advance(5_000);
      const counts = [];
      for (let turn = 0; turn < 4; turn += 1) counts.push(await small.sweeper.sweepOnce());
      expect(counts).toEqual([3, 3, 1, 0]);
    } finally {
      await small.close();
    }
  });

  it('finds its work by the index of open payments', async () => {
    await house.rows('SET enable_seqscan = off');
    const plan = await house.rows<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT id FROM payment WHERE status IN ('created', 'requires_customer', 'requires_amount', 'processing', 'unknown') AND updated_at <= now() ORDER BY updated_at LIMIT 10`,
    );
    await house.rows('RESET enable_seqscan');
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('payment_open');
  });
});
