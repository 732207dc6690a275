import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refundCancel, refundChoose, refundStart, subjectReport } from '@tolem/contracts';
import { isFinalRefund, REFUND_STATUSES, refundCanMove } from '@tolem/domain';
import { type Shop, uuidOf } from '../payments/test/payment-house.ts';
import { RefundHouse, WITH_BUYER } from './test/refund-house.ts';

describe('the SQL of refunds says what the program says', () => {
  let house: RefundHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await RefundHouse.open();
    shop = await house.house.shop({ scheme: WITH_BUYER });
  });
  afterAll(() => house.close());

  it('moves a status exactly where the table of transitions lets it', async () => {
    for (const from of REFUND_STATUSES) {
      for (const to of REFUND_STATUSES) {
        const [row] = await house.house.rows('SELECT refund_can_move($1, $2) AS moves, refund_is_final($1) AS final', [
          from,
          to,
        ]);
        expect({ from, to, ...row }).toEqual({ from, to, moves: refundCanMove(from, to), final: isFinalRefund(from) });
      }
    }
  });

  it('knows every status and no other', async () => {
    const [row] = await house.house.rows<{ definition: string }>(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = 'refund_status_check'`,
    );
    const known = [...(row?.definition ?? '').matchAll(/'([a-z_]+)'/g)].map((match) => match[1]);
    expect(known.sort()).toEqual([...REFUND_STATUSES].sort());
  });

  it('writes commands that keep their contracts', async () => {
    const paid = await house.paid(shop);
    const { body: refund } = await house.refund(shop, { payment: paid.id, amount: 700 });
    await house.offer(refund.id, 1, { ref: paid.provider?.id ?? '', amount: 10_000 });
    await house.chosen(shop, refund.id, { purchase: paid.provider?.id ?? '' });
    const [row] = await house.house.rows<{ start: unknown; choose: unknown; cancel: unknown; report: unknown }>(
      `SELECT refund_start_body(r) AS start, refund_choose_body(r) AS choose, refund_cancel_body(r) AS cancel,
              refund_report_body(r, now()) AS report
         FROM refund r WHERE id = $1`,
      [uuidOf(refund.id)],
    );
    const all = { subject_id: refund.id, lane: paid.id, connection_version: 4 };
    const asked = { payment_id: paid.id, purchase_ref: paid.provider?.id, amount: 700 };
    expect(refundStart.produce.parse(row?.start)).toMatchObject({ ...all, ...asked, op_id: `${refund.id}.start` });
    expect(refundChoose.produce.parse(row?.choose)).toMatchObject({ ...all, ...asked, op_id: `${refund.id}.choose` });
    expect(refundCancel.produce.parse(row?.cancel)).toMatchObject({ ...all, op_id: `${refund.id}.cancel` });
    expect(subjectReport.produce.parse(row?.report)).toMatchObject({ ...all, kind: 'refund' });
  });

  it.each(['refund', 'digest_key'])(
    'shows no row of %s without a tenant, and one tenant its own only',
    async (table) => {
      const other = await house.house.shop({ scheme: WITH_BUYER });
      for (const one of [shop, other]) {
        await house.refund(one, { payment: (await house.paid(one)).id });
        await house.house.rows(`INSERT INTO digest_key (tenant_id, sealed) VALUES ($1, '') ON CONFLICT DO NOTHING`, [
          one.caller.tenantId,
        ]);
      }
      expect(await house.house.app.query(`SELECT FROM ${table}`)).toHaveLength(0);
      const seen: { tenant_id: string }[] = await house.house.app.asTenant(shop.caller.tenantId, (manager) =>
        manager.query(`SELECT tenant_id FROM ${table}`),
      );
      expect(new Set(seen.map((row) => row.tenant_id))).toEqual(new Set([shop.caller.tenantId]));
    },
  );

  it('lets nobody delete a refund or move it to another tenant', async () => {
    for (const db of [house.house.app, house.house.worker])
      await expect(db.query('DELETE FROM refund')).rejects.toThrow('permission denied');
    const other = await house.house.shop();
    const move = house.house.app.asTenant(shop.caller.tenantId, (manager) =>
      manager.query(`UPDATE refund SET tenant_id = '${other.caller.tenantId}'`),
    );
    await expect(move).rejects.toThrow('row-level security');
  });
});
