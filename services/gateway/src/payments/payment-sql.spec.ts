import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { paymentCancel, paymentStart, subjectReport } from '@tolem/contracts';
import { canMove, idFromUuid, isClosedUnpaid, PAYMENT_STATUSES } from '@tolem/domain';
import { PaymentHouse, uuidOf } from './test/payment-house.ts';

describe('the SQL of payments says what the program says', () => {
  let house: PaymentHouse;
  beforeAll(async () => {
    house = await PaymentHouse.open();
  });
  afterAll(() => house.close());

  it('turns UUIDs into the same public ids', async () => {
    const uuids = [
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      ...Array.from({ length: 200 }, () => crypto.randomUUID()),
    ];
    const rows = await house.rows<{ id: string }>(
      'SELECT public_id($1, u) AS id FROM unnest($2::uuid[]) WITH ORDINALITY AS x (u, n) ORDER BY n',
      ['pay', uuids],
    );
    expect(rows.map((row) => row.id)).toEqual(uuids.map((uuid) => idFromUuid('pay', uuid)));
  });

  it('moves a status exactly where the table of transitions lets it', async () => {
    for (const from of PAYMENT_STATUSES) {
      for (const to of PAYMENT_STATUSES) {
        const [row] = await house.rows<{ moves: boolean; closed: boolean }>(
          'SELECT payment_can_move($1, $2) AS moves, payment_is_closed_unpaid($1) AS closed',
          [from, to],
        );
        expect({ from, to, ...row }).toEqual({ from, to, moves: canMove(from, to), closed: isClosedUnpaid(from) });
      }
    }
  });

  it('knows every status and no other', async () => {
    const [row] = await house.rows<{ definition: string }>(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = 'payment_status_check'`,
    );
    const known = [...(row?.definition ?? '').matchAll(/'([a-z_]+)'/g)].map((match) => match[1]);
    expect(known.sort()).toEqual([...PAYMENT_STATUSES].sort());
  });

  it('writes commands that keep their contracts', async () => {
    const shop = await house.shop();
    const { body: payment } = await house.pay(shop, house.body(shop, { reference: 'S-1' }));
    const asked = house.clock.now();
    await house.cancel.run(shop.caller, { id: uuidOf(payment.id) }, undefined, undefined);
    const [row] = await house.rows<{ start: unknown; cancel: unknown; report: unknown }>(
      'SELECT payment_start_body(p) AS start, payment_cancel_body(p) AS cancel, payment_report_body(p, now()) AS report FROM payment p WHERE id = $1',
      [uuidOf(payment.id)],
    );
    expect(paymentStart.produce.parse(row?.start)).toMatchObject({
      op_id: `${payment.id}.start`,
      subject_id: payment.id,
      lane: payment.id,
      connection_id: idFromUuid('con', shop.connectionId),
      connection_version: 4,
      amount: 149_000,
      reference: 'S-1',
      trade_point_ref: '1',
      start_by: payment.start_by,
    });
    expect(paymentCancel.produce.parse(row?.cancel)).toMatchObject({
      op_id: `${payment.id}.cancel.${asked}`,
      reason: null,
    });
    expect(subjectReport.produce.parse(row?.report)).toMatchObject({ kind: 'payment', start_by: payment.start_by });
  });
});
