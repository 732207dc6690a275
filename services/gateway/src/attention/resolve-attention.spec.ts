import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { subjectClose } from '@tolem/contracts';
import { PaymentHouse, uuidOf } from '../payments/test/payment-house.ts';
import { AttentionHouse } from './test/attention-house.ts';

describe('a person’s decision', () => {
  let house: PaymentHouse;
  let room: AttentionHouse;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    room = new AttentionHouse(house, await house.shop());
  });
  afterAll(() => house.close());

  const unknown = async (reference?: string): Promise<string> => {
    const id = await room.pay(reference);
    await room.tell(id, { seq: 5, phase: 'unknown' });
    return id;
  };
  const isLocked = (reference: string): Promise<boolean> =>
    room.pay(reference).then(
      () => false,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'reference_locked' });
        return true;
      },
    );

  it('that it is paid makes the payment succeed, keeps its reference and lets the goods go', async () => {
    const id = await unknown('S-paid');
    expect((await house.get(room.shop, id)).till).toMatchObject({ screen: 'call_admin', hand_over_goods: false });
    const payment = await room.decide(id, 'succeeded');
    const [row] = await room.of(id);
    expect(payment).toMatchObject({
      status: 'succeeded',
      version: 3,
      late: false,
      failure: null,
      resolution: { attention: expect.stringMatching(/^att_/), outcome: 'succeeded', confirmed: false },
      till: { screen: 'paid', hand_over_goods: true, may_start_another: true },
    });
    expect(row).toMatchObject({
      outcome: 'succeeded',
      reason: 'The bank was asked',
      closed_by: expect.stringMatching(/^key_/),
    });
    expect(await room.events(id)).toEqual([
      'payment.created',
      'payment.unknown',
      'attention.opened',
      'payment.succeeded',
      'attention.closed',
    ]);
    expect(await isLocked('S-paid')).toBe(true);
  });

  it('tells the provider’s service, so that what waits behind it goes on', async () => {
    const id = await unknown();
    await room.decide(id, 'failed');
    const rows = await house.rows<{ key: string; body: unknown; headers: Record<string, string> }>(
      `SELECT key, body, headers FROM outbox WHERE headers ->> 'ce_type' = 'subject.close' AND key = $1`,
      [id],
    );
    expect(rows).toHaveLength(1);
    expect(subjectClose.produce.parse(rows[0]?.body)).toMatchObject({
      subject_id: id,
      op_id: `${id}.close`,
      lane: id,
      kind: 'payment',
      outcome: 'failed',
    });
    expect(rows[0]?.headers).toMatchObject({ ce_subject: id, mode: 'test', tenant: room.shop.caller.tenant });
  });

  it('that it is not paid makes the payment fail, frees its reference and lets another start', async () => {
    const id = await unknown('S-unpaid');
    expect(await isLocked('S-unpaid')).toBe(true);
    expect(await room.decide(id, 'failed')).toMatchObject({
      status: 'failed',
      failure: { code: 'resolved_by_person' },
      resolution: { outcome: 'failed', confirmed: false },
      till: { screen: 'not_paid', hand_over_goods: false, may_start_another: true },
    });
    expect(await isLocked('S-unpaid')).toBe(false);
  });

  it.each([
    ['succeeded', 'refused'],
    ['failed', 'done'],
  ] as const)('%s tells a cancel that waits: %s', async (outcome, result) => {
    const id = await unknown();
    await house.cancel.run(room.shop.caller, { id: uuidOf(id) }, undefined, undefined);
    expect((await house.get(room.shop, id)).cancel?.result).toBe('pending');
    expect((await room.decide(id, outcome)).cancel?.result).toBe(result);
  });

  it('about an unknown payment closes what did not fit along with it', async () => {
    const id = await room.pay();
    await room.tell(id, { seq: 1, phase: 'succeeded', more: { amount: 148_000 } });
    await room.decide(id, 'succeeded');
    expect(await room.open(id)).toEqual([]);
    expect((await room.of(id)).map(({ kind, outcome, reason }) => ({ kind, outcome, reason }))).toEqual(
      expect.arrayContaining([
        { kind: 'unknown', outcome: 'succeeded', reason: 'The bank was asked' },
        { kind: 'amount_mismatch', outcome: 'acknowledged', reason: 'The bank was asked' },
      ]),
    );
    // The bank repeats what the person has seen.
    expect(await room.tell(id, { seq: 2, phase: 'succeeded', more: { amount: 148_000 } })).toMatchObject({
      status: 'succeeded',
      resolution: { confirmed: false },
    });
    expect(await room.open(id)).toEqual([]);
  });

  it('to acknowledge closes that alone and leaves the payment as it is', async () => {
    const id = await room.pay();
    const before = await room.tell(id, { seq: 1, phase: 'succeeded', more: { amount: 148_000 } });
    await room.resolve((await room.one(id, 'amount_mismatch')).id, 'acknowledged');
    expect(await room.open(id)).toEqual(['unknown']);
    expect(await house.get(room.shop, id)).toEqual(before);
  });

  it('for an unknown payment must say whether it is paid', async () => {
    const row = await room.one(await unknown(), 'unknown');
    await expect(room.resolve(row.id, 'acknowledged')).rejects.toMatchObject({
      status: 422,
      code: 'outcome_not_possible',
      detail: expect.stringContaining('succeeded, failed'),
    });
  });

  it.each(['succeeded', 'failed'] as const)('cannot make late money %s', async (outcome) => {
    const id = await room.pay();
    await room.tell(id, { seq: 1, phase: 'expired' }, { seq: 2, phase: 'succeeded' });
    const row = await room.one(id, 'late');
    await expect(room.resolve(row.id, outcome)).rejects.toMatchObject({ status: 422, code: 'outcome_not_possible' });
    expect(await room.resolve(row.id, 'acknowledged')).toMatchObject({ outcome: 'acknowledged' });
    expect((await house.get(room.shop, id)).status).toBe('succeeded');
  });

  it('cannot declare paid what has no amount', async () => {
    const id = await unknown();
    await house.rows('UPDATE payment SET amount = NULL WHERE id = $1', [uuidOf(id)]);
    const row = await room.one(id, 'unknown');
    await expect(room.resolve(row.id, 'succeeded')).rejects.toMatchObject({ status: 422, code: 'amount_unknown' });
    expect(await room.resolve(row.id, 'failed')).toMatchObject({ outcome: 'failed' });
  });

  it('repeated is the same answer and changes nothing; another one is refused with what was decided', async () => {
    const id = await unknown();
    const row = await room.one(id, 'unknown');
    const first = await room.resolve(row.id, 'failed');
    const version = (await house.get(room.shop, id)).version;
    house.clock.advance(1_000);
    expect(await room.resolve(row.id, 'failed')).toEqual(first);
    await expect(room.resolve(row.id, 'succeeded')).rejects.toMatchObject({
      status: 409,
      code: 'attention_closed',
      options: { extra: { attention: { outcome: 'failed', status: 'closed' } } },
    });
    await expect(room.resolve(row.id, 'failed', 'Another reason')).rejects.toMatchObject({ code: 'attention_closed' });
    expect((await house.get(room.shop, id)).version).toBe(version);
    expect(await house.count(`audit_log WHERE action = 'attention.resolve' AND detail ->> 'payment' = '${id}'`)).toBe(
      1,
    );
  });

  it('that comes after the provider’s answer is refused with that answer', async () => {
    const id = await unknown();
    const row = await room.one(id, 'unknown');
    await room.tell(id, { seq: 6, phase: 'succeeded' });
    await expect(room.resolve(row.id, 'succeeded')).rejects.toMatchObject({
      code: 'attention_closed',
      options: { extra: { attention: { closed_by: 'system', outcome: 'succeeded' } } },
    });
  });

  it('of two people at once counts once', async () => {
    const id = await unknown();
    const row = await room.one(id, 'unknown');
    const answers = await Promise.allSettled([room.resolve(row.id, 'succeeded'), room.resolve(row.id, 'failed')]);
    expect(answers.map((answer) => answer.status).sort()).toEqual(['fulfilled', 'rejected']);
    const [closed] = await room.of(id);
    expect((await house.get(room.shop, id)).status).toBe(closed?.outcome);
  });

  it('wakes whoever waits for the payment', async () => {
    const id = await unknown();
    let woken = 0;
    const stop = house.wakeUps.listen(id, () => (woken += 1));
    await room.decide(id, 'failed');
    stop();
    expect(woken).toBe(1);
  });

  it('of a key that may not see the organization finds nothing', async () => {
    const row = await room.one(await unknown(), 'unknown');
    const limited = { ...room.shop.caller, organizations: [house.ids.uuid()] };
    const live = { ...room.shop.caller, mode: 'live' as const };
    const origin = { ip: '127.0.0.1', requestId: 'req_1', traceparent: undefined };
    for (const caller of [limited, live]) {
      const asked = room.resolver.run(caller, origin, row.id, { outcome: 'failed', reason: 'x' });
      await expect(asked).rejects.toMatchObject({ status: 404 });
      await expect(room.store.get(caller, row.id)).rejects.toMatchObject({ status: 404 });
      const all = {
        status: null,
        kind: null,
        organization: null,
        payment: null,
        refund: null,
        after: null,
        limit: 100,
      };
      expect(await room.store.list(caller, all)).toEqual([]);
    }
    expect((await room.store.get(room.shop.caller, row.id)).closed_at).toBeNull();
  });

  describe('and the provider’s word after it', () => {
    it('money after "not paid" is recorded as late and opens attention', async () => {
      const id = await unknown('S-after');
      await room.decide(id, 'failed');
      expect(await room.tell(id, { seq: 6, phase: 'succeeded', more: { amount: 149_000 } })).toMatchObject({
        status: 'succeeded',
        late: true,
        till: { screen: 'call_admin' },
      });
      expect(await room.open(id)).toEqual(['late']);
    });

    it('money that is older than the doubt counts as well', async () => {
      const id = await unknown();
      await room.decide(id, 'failed');
      expect((await room.tell(id, { seq: 4, phase: 'succeeded' })).status).toBe('succeeded');
    });

    it('money after "paid" confirms it, with the provider’s slip, whichever of its facts comes first', async () => {
      const id = await unknown();
      await room.decide(id, 'succeeded');
      const slip = { transaction: '42' };
      expect(
        await room.tell(id, { seq: 4, phase: 'succeeded', more: { provider_ref: `R ${id}`, slip } }),
      ).toMatchObject({
        status: 'succeeded',
        late: false,
        slip,
        provider: { id: `R ${id}` },
        resolution: { outcome: 'succeeded', confirmed: true },
      });
      await room.tell(id, { seq: 7, phase: 'expired' });
      expect(await room.open(id)).toEqual([]);
    });

    it.each(['declined', 'canceled', 'expired', 'failed'])(
      '%s after "paid" takes no money back: a person looks again, once',
      async (phase) => {
        const id = await unknown();
        await room.decide(id, 'succeeded');
        const payment = await room.tell(id, { seq: 6, phase }, { seq: 6, phase }, { seq: 7, phase });
        expect(payment).toMatchObject({ status: 'succeeded', resolution: { confirmed: false } });
        expect(await room.open(id)).toEqual(['contradicted']);
        expect((await room.one(id, 'contradicted')).details).toMatchObject({ provider_status: phase });
        await room.resolve((await room.one(id, 'contradicted')).id, 'acknowledged');
        await room.tell(id, { seq: 8, phase });
        expect(await room.open(id)).toEqual([]);
      },
    );

    it('that is older than the doubt contradicts nobody', async () => {
      const id = await unknown();
      await room.decide(id, 'succeeded');
      await room.tell(id, { seq: 4, phase: 'expired' });
      expect(await room.open(id)).toEqual([]);
    });

    it('money after a contradiction closes it', async () => {
      const id = await unknown();
      await room.decide(id, 'succeeded');
      await room.tell(id, { seq: 6, phase: 'expired' }, { seq: 7, phase: 'succeeded' });
      expect(await room.of(id)).toContainEqual(
        expect.objectContaining({ kind: 'contradicted', closed_by: 'system', outcome: 'succeeded' }),
      );
    });

    it('money of another amount after "paid" is no confirmation: a person looks again', async () => {
      const id = await unknown();
      await room.decide(id, 'succeeded');
      expect(await room.tell(id, { seq: 6, phase: 'succeeded', more: { amount: 1 } })).toMatchObject({
        status: 'succeeded',
        amount: 149_000,
        resolution: { confirmed: false },
      });
      expect(await room.open(id)).toEqual(['amount_mismatch']);
    });

    it('"not paid" after "not paid" confirms it', async () => {
      const id = await unknown();
      await room.decide(id, 'failed');
      expect(await room.tell(id, { seq: 6, phase: 'expired' })).toMatchObject({
        status: 'failed',
        resolution: { outcome: 'failed', confirmed: true },
      });
      expect(await room.open(id)).toEqual([]);
    });

    it('another doubt changes nothing', async () => {
      for (const outcome of ['succeeded', 'failed'] as const) {
        const id = await unknown();
        const decided = await room.decide(id, outcome);
        expect(await room.tell(id, { seq: 9, phase: 'unknown' })).toEqual(decided);
        expect(await room.open(id)).toEqual([]);
      }
    });
  });

  it('"paid" beside another paid one of the reference opens a duplicate', async () => {
    const first = await unknown('S-two');
    // The chain charged again under the same reference after it had decided the first as not paid.
    await room.decide(first, 'failed');
    const second = await room.pay('S-two');
    await room.tell(second, { seq: 1, phase: 'unknown' });
    await room.tell(first, { seq: 6, phase: 'succeeded' });
    await room.decide(second, 'succeeded');
    expect((await room.one(second, 'duplicate')).details).toMatchObject({ other_payment: first });
    expect(await room.events(second)).toContain('payment.duplicate');
  });
});
