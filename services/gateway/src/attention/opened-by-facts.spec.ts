import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idFromUuid } from '@tolem/domain';
import { PaymentHouse, uuidOf } from '../payments/test/payment-house.ts';
import { ATTENTION_KINDS, attentionView, attentionViewSchema, type AttentionRow } from './attention.ts';
import { AttentionHouse } from './test/attention-house.ts';

const FAILURE = {
  code: 'no_answer',
  provider_code: '-999',
  provider_message: 'Busy',
  cashier_key: 'unknown_ask_admin',
};

describe('attention that facts of the provider open', () => {
  let house: PaymentHouse;
  let room: AttentionHouse;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    room = new AttentionHouse(house, await house.shop());
  });
  afterAll(() => house.close());

  it('is one while a payment is unknown, with what was known, and in the same round trip as the fact', async () => {
    const id = await room.pay('S-1');
    const sent: string[] = [];
    const stop = house.worker.onRoundTrip((sql) => sent.push(sql));
    await house.tell({ payment: id, seq: 1, phase: 'unknown', more: { failure: FAILURE } });
    stop();
    expect(sent).toHaveLength(1);
    const [row, ...more] = await room.of(id);
    expect(more).toEqual([]);
    expect(attentionViewSchema.strict().parse(attentionView(row as AttentionRow))).toMatchObject({
      status: 'open',
      kind: 'unknown',
      payment: id,
      organization: room.shop.organization,
      tenant: room.shop.caller.tenant,
      mode: 'test',
      details: {
        amount: 149_000,
        currency: 'KZT',
        reference: 'S-1',
        desk: 'desk-01',
        status_before: 'created',
        code: 'no_answer',
        provider_code: '-999',
        provider_message: 'Busy',
      },
      closed_at: null,
      closed_by: null,
      outcome: null,
      reason: null,
    });
    await house.tell({ payment: id, seq: 2, phase: 'unknown' }, { payment: id, seq: 3, phase: 'unknown' });
    expect(await room.open(id)).toEqual(['unknown']);
    expect(await room.events(id)).toEqual([
      'payment.created',
      'payment.unknown',
      'attention.opened',
      'payment.updated',
    ]);
  });

  it('says to an administrator what the provider’s service has said to him, and to the cashier what is a cashier’s', async () => {
    const admin_text = { ru: 'Включите точку', kk: 'Нүктені қосыңыз', en: 'Switch the trade point on' };
    const id = await room.pay();
    const failure = { ...FAILURE, admin_text };
    const payment = await room.tell(id, { seq: 1, phase: 'unknown', more: { failure } });
    const [row] = await room.of(id);
    const shown = attentionViewSchema.strict().parse(attentionView(row as AttentionRow));
    expect(shown.text).toEqual(admin_text);
    expect(shown.details).not.toHaveProperty('admin_text');
    expect(JSON.stringify(payment)).not.toContain(admin_text.en);
  });

  it('says what we know ourselves of a code of ours, and nothing of one that nobody has explained', async () => {
    const texts = [];
    for (const code of ['provider_unavailable', 'no_answer']) {
      const id = await room.pay();
      await room.tell(id, { seq: 1, phase: 'unknown', more: { failure: { ...FAILURE, code } } });
      texts.push(attentionView((await room.of(id))[0] as AttentionRow).text);
    }
    expect(texts).toEqual([{ ru: expect.any(String), kk: expect.any(String), en: expect.any(String) }, null]);
  });

  it.each(['succeeded', 'declined', 'canceled', 'expired', 'failed'])(
    'is closed by the system when the provider answers %s',
    async (phase) => {
      const id = await room.pay();
      await room.tell(id, { seq: 1, phase: 'unknown' }, { seq: 2, phase });
      expect(await room.of(id)).toMatchObject([
        { kind: 'unknown', closed_by: 'system', outcome: phase, reason: null, evidence: null },
      ]);
      expect(await room.events(id)).toEqual([
        'payment.created',
        'payment.unknown',
        'attention.opened',
        `payment.${phase}`,
        'attention.closed',
      ]);
    },
  );

  it('comes in events as GET shows it', async () => {
    const id = await room.pay();
    await room.tell(id, { seq: 1, phase: 'unknown' }, { seq: 2, phase: 'succeeded' });
    const [row] = await room.of(id);
    const events = await house.rows<{
      type: string;
      version: number;
      snapshot: AttentionRow;
      mode: string;
      id: string;
    }>('SELECT * FROM event WHERE subject = $1 ORDER BY txid, seq', [row?.id]);
    expect(events.map(({ type, version, mode }) => ({ type, version, mode }))).toEqual([
      { type: 'attention.opened', version: 1, mode: 'test' },
      { type: 'attention.closed', version: 2, mode: 'test' },
    ]);
    expect(events.map(({ snapshot }) => attentionView(snapshot))).toEqual([
      expect.objectContaining({ status: 'open', payment: id }),
      attentionView(row as AttentionRow),
    ]);
    const closedWith = await house.rows<{ id: string }>(
      `SELECT id FROM event WHERE type = 'payment.succeeded' AND subject = $1`,
      [uuidOf(id)],
    );
    // Ids of the rest are of the same moment as that of the first, so that they sort by time.
    expect(events[1]?.id.slice(0, 18)).toBe(closedWith[0]?.id.slice(0, 18));
    expect(idFromUuid('evt', events[1]?.id ?? '')).not.toBe(idFromUuid('evt', closedWith[0]?.id ?? ''));
  });

  it('is opened for late money, and stays until a person has looked', async () => {
    const id = await room.pay();
    await room.tell(id, { seq: 1, phase: 'expired' }, { seq: 2, phase: 'succeeded' }, { seq: 3, phase: 'succeeded' });
    expect(await room.of(id)).toMatchObject([{ kind: 'late', closed_at: null, details: { status_before: 'expired' } }]);
  });

  it('is not opened for late money that the tenant keeps; the event tells of it', async () => {
    const keeper = new AttentionHouse(house, await house.shop());
    await house.rows(`UPDATE tenant SET late_policy = 'keep' WHERE id = $1`, [keeper.shop.caller.tenantId]);
    const id = await keeper.pay();
    const payment = await keeper.tell(id, { seq: 1, phase: 'expired' }, { seq: 2, phase: 'succeeded' });
    expect(payment).toMatchObject({ status: 'succeeded', late: true });
    expect(await keeper.of(id)).toEqual([]);
    expect(await keeper.events(id)).toEqual([
      'payment.created',
      'payment.expired',
      'payment.succeeded',
      'payment.late',
    ]);
  });

  it('is opened for the second of two payments of one reference that got money, and names the first', async () => {
    const first = await room.pay('S-twice');
    await room.tell(first, { seq: 1, phase: 'expired' });
    const second = await room.pay('S-twice');
    await room.tell(second, { seq: 1, phase: 'succeeded' });
    await room.tell(first, { seq: 2, phase: 'succeeded' });
    expect(await room.of(second)).toEqual([]);
    expect((await room.open(first)).sort()).toEqual(['duplicate', 'late']);
    expect((await room.one(first, 'duplicate')).details).toMatchObject({ other_payment: second });
  });

  it('is opened for a duplicate even when both get money at the same moment', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const reference = `S-race-${turn}`;
      const first = await room.pay(reference);
      await room.tell(first, { seq: 1, phase: 'expired' });
      const second = await room.pay(reference);
      await Promise.all([
        house.tell({ payment: first, seq: 2, phase: 'succeeded' }),
        house.tell({ payment: second, seq: 1, phase: 'succeeded' }),
      ]);
      const kinds = [...(await room.open(first)), ...(await room.open(second))];
      expect(kinds.filter((kind) => kind === 'duplicate')).toHaveLength(1);
    }
  });

  it('is opened for an amount that does not fit, beside the unknown that it causes', async () => {
    const id = await room.pay();
    await room.tell(id, { seq: 1, phase: 'succeeded', more: { amount: 148_000 } });
    expect((await room.open(id)).sort()).toEqual(['amount_mismatch', 'unknown']);
    expect((await room.one(id, 'amount_mismatch')).details).toMatchObject({
      amount: 149_000,
      provider_amount: 148_000,
      provider_status: 'succeeded',
    });
  });

  it('is opened for an amount that the provider tells otherwise once it was asked again, while the payment stays paid', async () => {
    const id = await room.pay();
    const paid = await room.tell(
      id,
      { seq: 1, phase: 'succeeded', more: { amount: 149_000, provider_ref: 'V-1' } },
      { seq: 2, phase: 'succeeded', more: { amount: 148_000, provider_ref: 'V-1' } },
    );
    expect(paid).toMatchObject({ status: 'succeeded', amount: 149_000, till: { screen: 'paid' } });
    expect(await room.open(id)).toEqual(['amount_mismatch']);
  });

  it('of a wrong amount outlives the right one: a bank that told wrong once is looked at', async () => {
    const id = await room.pay();
    const wrong = { seq: 1, phase: 'succeeded', more: { amount: 1 } };
    await room.tell(id, wrong, { seq: 2, phase: 'succeeded', more: { amount: 149_000 } });
    expect(await room.open(id)).toEqual(['amount_mismatch']);
    await room.resolve((await room.one(id, 'amount_mismatch')).id, 'acknowledged');
    await room.tell(id, wrong, { seq: 3, phase: 'succeeded', more: { amount: 1 } });
    expect(await room.open(id)).toEqual([]);
  });

  it('is opened for an id that the provider gave to two payments', async () => {
    const [first, second] = [await room.pay(), await room.pay()];
    await room.tell(first, { seq: 1, phase: 'requires_customer', more: { provider_ref: 'R-1' } });
    await room.tell(second, { seq: 1, phase: 'requires_customer', more: { provider_ref: 'R-1' } });
    expect(await room.open(first)).toEqual([]);
    expect((await room.open(second)).sort()).toEqual(['provider_ref_mismatch', 'unknown']);
    expect((await room.one(second, 'provider_ref_mismatch')).details).toMatchObject({ provider_id_told: 'R-1' });
  });

  it('leaves a payment unpaid that ended so, where the money does not fit', async () => {
    const id = await room.pay();
    await room.tell(id, { seq: 1, phase: 'expired' }, { seq: 2, phase: 'succeeded', more: { amount: 1 } });
    expect(await room.open(id)).toEqual(['amount_mismatch']);
  });

  it('can be open only once of a kind, whatever writes', async () => {
    const id = await room.pay();
    await room.tell(id, { seq: 1, phase: 'unknown' });
    await expect(
      house.rows(
        `INSERT INTO attention (id, tenant_id, mode, organization_id, subject, kind, opened_at)
         SELECT gen_random_uuid(), tenant_id, mode, organization_id, subject, kind, opened_at FROM attention WHERE subject = $1`,
        [uuidOf(id)],
      ),
    ).rejects.toThrow('attention_open');
  });

  it.each([
    ['attention_kind_check', ATTENTION_KINDS],
    ['attention_outcome_check', attentionViewSchema.shape.outcome.unwrap().options],
  ])('is of the same sorts in the database: %s', async (name, sorts) => {
    const [row] = await house.rows<{ definition: string }>(
      'SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = $1',
      [name],
    );
    const known = [...(row?.definition ?? '').matchAll(/'([a-z_]+)'/g)].map((match) => match[1]);
    expect(known.sort()).toEqual([...sorts].sort());
  });

  it('is opened by facts in the form of the release before', async () => {
    const id = await room.pay();
    const fact = { kind: 'state', payment: uuidOf(id), seq: 1, phase: 'unknown', payment_methods: [] };
    const ids = Array.from({ length: 4 }, () => house.ids.uuid());
    await house.worker.query('SELECT * FROM apply_payment_facts($1::jsonb, $2)', [
      JSON.stringify([{ ...fact, event_ids: ids }]),
      new Date(house.clock.now()),
    ]);
    expect(await room.open(id)).toEqual(['unknown']);
  });

  describe('as operators count it', () => {
    it('is one number and one age per kind, over all tenants; open payments likewise', async () => {
      await house.rows(
        `UPDATE attention SET closed_at = now(), closed_by = 'operator', outcome = 'acknowledged', reason = 'x' WHERE closed_at IS NULL`,
      );
      await house.rows(`UPDATE payment SET status = 'failed' WHERE status <> 'succeeded'`);
      const other = new AttentionHouse(house, await house.shop());
      await room.tell(await room.pay(), { seq: 1, phase: 'unknown' });
      house.clock.advance(60_000);
      await other.tell(await other.pay(), { seq: 1, phase: 'unknown' });
      await other.tell(await other.pay(), { seq: 1, phase: 'expired' }, { seq: 2, phase: 'succeeded' });
      await other.pay();
      house.clock.advance(1_500);
      const counts = await room.openWork.attentionCounts();
      expect(counts.map(({ kind }) => kind)).toEqual([...ATTENTION_KINDS]);
      expect(counts.filter(({ open }) => open > 0)).toEqual([
        { kind: 'unknown', open: 2, oldest_age_s: 61.5 },
        { kind: 'late', open: 1, oldest_age_s: 1.5 },
      ]);
      expect(counts).toContainEqual({ kind: 'duplicate', open: 0, oldest_age_s: 0 });
      expect((await room.openWork.openRefunds()).map(({ status, count }) => ({ status, count }))).toEqual(
        ['pending', 'requires_customer', 'processing', 'unknown'].map((status) => ({ status, count: 0 })),
      );
      const open = await room.openWork.openPayments();
      expect(open.map(({ status }) => status).sort()).toEqual(
        ['created', 'processing', 'requires_amount', 'requires_customer', 'unknown'].sort(),
      );
      expect(open.filter(({ count }) => count > 0)).toEqual([
        { status: 'created', count: 1, oldest_age_s: 1.5 },
        { status: 'unknown', count: 2, oldest_age_s: 61.5 },
      ]);
    });
  });
});
