import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import type { Shop } from '../../payments/test/payment-house.ts';
import { RefundHouse, WITH_BUYER } from '../test/refund-house.ts';

describe('the sweeper of refunds', () => {
  let house: RefundHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await RefundHouse.open();
    shop = await house.house.shop({ scheme: WITH_BUYER });
    await house.house.pay(shop);
  });
  beforeEach(async () => {
    // What earlier cases left open would be asked about too.
    await house.house.rows(`UPDATE refund SET status = 'failed'`);
  });
  afterAll(() => house.close());

  const clock = { advance: (ms: number): void => void house.house.clock.advance(ms) };
  const sent = (refund: string, type: string) => house.commandsOf(refund, type);

  it('starts a refund again that is silent for five seconds, with the very same command', async () => {
    const paid = await house.paid(shop);
    const { body } = await house.refund(shop, { payment: paid.id });
    clock.advance(4_999);
    expect(await house.sweeper.sweepOnce()).toBe(0);
    clock.advance(1);
    expect(await house.sweeper.sweepOnce()).toBe(1);
    await waitFor('the repeated start', () => sent(body.id, 'refund.start').length === 2);
    const [first, second] = sent(body.id, 'refund.start');
    expect(second?.body).toEqual(first?.body);
    expect(second?.key).toBe(paid.id);
    expect(await house.sweeper.sweepOnce()).toBe(0);
  });

  it('asks about one that nothing was heard of past its deadline', async () => {
    const { body } = await house.refund(shop, { desk: 'desk-01' });
    clock.advance(61_000);
    expect(await house.sweeper.sweepOnce()).toBe(0);
    clock.advance(1_000);
    expect(await house.sweeper.sweepOnce()).toBe(1);
    const report = await waitFor('the report', () => sent(body.id, 'subject.report')[0]);
    expect(report.body).toMatchObject({ kind: 'refund', subject_id: body.id });
  });

  it('sends a silent choice again with the very same command, and asks about it past its deadline', async () => {
    const { body } = await house.refund(shop, { desk: 'desk-01' });
    await house.offer(body.id, 1, { ref: 'foreign', amount: 5 });
    await house.chosen(shop, body.id, { purchase: 'foreign' });
    clock.advance(5_000);
    expect(await house.sweeper.sweepOnce()).toBe(1);
    await waitFor('the repeated choice', () => sent(body.id, 'refund.choose').length === 2);
    const [first, second] = sent(body.id, 'refund.choose');
    expect(second?.body).toEqual(first?.body);
    clock.advance(57_000);
    expect(await house.sweeper.sweepOnce()).toBe(1);
    await waitFor('the report', () => sent(body.id, 'subject.report').length === 1);
  });

  it('asks about an open one after five minutes of silence, once per silence', async () => {
    const { body } = await house.refund(shop, { desk: 'desk-01' });
    await house.tell({ refund: body.id, seq: 1, phase: 'processing' });
    clock.advance(299_999);
    expect(await house.sweeper.sweepOnce()).toBe(0);
    clock.advance(1);
    expect(await house.sweeper.sweepOnce()).toBe(1);
    expect(await house.sweeper.sweepOnce()).toBe(0);
    clock.advance(300_000);
    expect(await house.sweeper.sweepOnce()).toBe(1);
  });

  it('writes nothing where it finds nothing, and looks at open refunds only', async () => {
    const { body } = await house.refund(shop, { desk: 'desk-01' });
    await house.tell({ refund: body.id, seq: 1, phase: 'processing' });
    const rows = house.house.admin;
    await rows.query(
      `INSERT INTO refund
       SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'idem_key', r.id || '-' || n, 'status', 'failed'))).*
         FROM refund r, generate_series(1, 5000) n WHERE r.status = 'processing'`,
    );
    await rows.query('ANALYZE refund');
    clock.advance(6_000);
    // The first look of a connection reads the catalog, and what was left of rows that have ended is tidied once.
    for (let turn = 0; turn < 3; turn += 1) await sweepSilently();
    const plan = await sweepSilently();
    expect(plan).toMatchObject({ 'Actual Rows': 0, 'WAL Records': 0 });
    // Five thousand refunds take hundreds of pages.
    expect(Number(plan['Shared Hit Blocks']) + Number(plan['Shared Read Blocks'])).toBeLessThan(50);
  });

  /** A turn of the sweeper on one connection, as the database saw it; it must not need a transaction id. */
  async function sweepSilently(): Promise<Record<string, unknown>> {
    const { admin, settings, clock: time } = house.house;
    const { startAgainAfterMs, startGraceMs, startReportEveryMs, reportAfterMs, sweepBatch } = settings;
    await admin.query('BEGIN');
    const { rows: explained } = await admin.query<{ 'QUERY PLAN': [{ Plan: Record<string, unknown> }] }>(
      `EXPLAIN (ANALYZE, WAL, BUFFERS, FORMAT JSON) SELECT * FROM sweep_refunds($1, $2, $3 * interval '1 ms', $4 * interval '1 ms',
                                                                             $5 * interval '1 ms', $6 * interval '1 ms')`,
      [new Date(time.now()), sweepBatch, startAgainAfterMs, startGraceMs, startReportEveryMs, reportAfterMs],
    );
    const { rows: written } = await admin.query('SELECT pg_current_xact_id_if_assigned() AS id');
    await admin.query('COMMIT');
    expect(written).toEqual([{ id: null }]);
    return explained[0]?.['QUERY PLAN'][0].Plan ?? {};
  }

  it('leaves alone what has ended', async () => {
    const { body } = await house.refund(shop, { desk: 'desk-01' });
    await house.tell({ refund: body.id, seq: 1, phase: 'canceled' });
    clock.advance(3_600_000);
    expect(await house.sweeper.sweepOnce()).toBe(0);
  });
});
