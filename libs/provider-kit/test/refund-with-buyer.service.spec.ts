import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { Gate } from './gate.ts';
import type { RefundScript } from './dummy-refunds.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { PURCHASE, type Refund, RefundDesk } from './refund-desk.ts';

let house: KitHouse;
let replica: Replica;
let desk: RefundDesk;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
  desk = new RefundDesk(house, await house.openShop(replica, 'with_buyer'));
});
afterAll(() => house.close());

const isUpkeep = (sql: string): boolean =>
  sql.startsWith('DELETE FROM outbox') || sql.includes('FOR UPDATE') || sql.includes('UPDATE outbox SET claimed_until');

const SCANNED: RefundScript = { identifieds: ['pending', 'identified'], lists: [[PURCHASE]] };

/** A refund whose cashier is to choose. */
async function choosing(script: RefundScript = SCANNED, more: Partial<Refund> = {}): Promise<Refund> {
  const refund = await desk.begin(replica, script, { purchaseRef: null, ...more });
  await desk.until(refund, 'requires_customer', 'choose_purchase');
  return refund;
}

describe('a refund with the buyer', () => {
  it('shows him a code with the time at which it dies, and asks at the provider’s interval', async () => {
    const before = house.clock.now();
    const refund = await desk.begin(replica, { waiting: { customerWithinMs: 60_000 } });
    const state = await desk.until(refund, 'requires_customer', 'show_qr');
    expect(state).toMatchObject({
      seq: 1,
      provider_ref: null,
      next_action: { qr: expect.stringContaining('customer') },
    });
    expect(Date.parse(state.next_action?.expires_at ?? '')).toBeGreaterThanOrEqual(before + 60_000);
    await waitFor('three questions', () => desk.count('identified', refund) >= 3);
    expect(desk.states(refund)).toHaveLength(1);
    await replica.send(desk.cancel(refund));
  });

  it('makes no database round trip while he has not shown himself', async () => {
    const quiet = await house.start({ settings: { sweepEveryMs: 3_600_000 } });
    await replica.close();
    const refund = await desk.begin(quiet, {});
    await desk.until(refund, 'requires_customer');
    await waitFor('the first questions', () => desk.count('identified', refund) >= 2);
    const trips: string[] = [];
    const stop = quiet.service.db.onRoundTrip((sql) => void trips.push(sql));
    const asked = desk.count('identified', refund);
    await waitFor('ten more', () => desk.count('identified', refund) >= asked + 10);
    stop();
    expect(trips.filter((sql) => !isUpkeep(sql))).toEqual([]);
    await quiet.send(desk.cancel(refund));
    replica = await house.start();
    await quiet.close();
  });

  it('that names a purchase which he has goes on by itself and returns the money under his code', async () => {
    const refund = await desk.begin(replica, SCANNED, { purchaseRef: PURCHASE.ref });
    expect(await desk.until(refund, 'succeeded')).toMatchObject({
      purchase_ref: PURCHASE.ref,
      provider_ref: desk.returns(refund)[0]?.ref,
      next_action: null,
    });
    expect(desk.returns(refund)).toMatchObject([
      { amountMinor: 49_000, customerRef: expect.stringMatching('customer-') },
    ]);
    expect(desk.states(refund).map((state) => state.phase)).toEqual(['requires_customer', 'processing', 'succeeded']);
    expect(await desk.operations(refund)).toMatchObject([
      { id: `${refund.id}.start`, state: 'done', sends: 0 },
      { id: `${refund.id}:return`, state: 'done', class: 'critical', lane: refund.lane, sends: 1 },
    ]);
  });

  it.each([
    ['no purchase', { purchaseRef: null }],
    ['a purchase that he does not have', { purchaseRef: 'another' }],
    ['no amount', { purchaseRef: PURCHASE.ref, amount: null }],
  ])('that names %s has the cashier choose from what he has, and then goes on', async (_name, more) => {
    const refund = await desk.begin(replica, SCANNED, more);
    const state = await desk.until(refund, 'requires_customer', 'choose_purchase');
    expect(state.next_action?.purchases).toEqual([PURCHASE]);
    expect(Date.parse(state.next_action?.expires_at ?? '')).toBeGreaterThan(house.clock.now());
    expect(desk.count('return', refund)).toBe(0);
    const lane = house.ids.next('pay');
    await replica.send(desk.choose(refund, { ref: PURCHASE.ref, amount: 12_000, lane }));
    expect(await desk.until(refund, 'succeeded')).toMatchObject({ purchase_ref: PURCHASE.ref, amount: 12_000 });
    expect(desk.returns(refund)).toMatchObject([{ purchaseRef: PURCHASE.ref, amountMinor: 12_000 }]);
    expect((await desk.operations(refund)).at(-1)).toMatchObject({ id: `${refund.id}.choose`, lane, state: 'done' });
  });

  it('whose code nobody scans ends canceled by itself: refund_expired', async () => {
    const refund = await desk.begin(replica, { waiting: { customerWithinMs: 100 } });
    const state = await desk.until(refund, 'canceled');
    expect(state).toMatchObject({
      failure: { code: 'refund_expired', cashier_key: 'refund_expired' },
      next_action: null,
    });
    expect(desk.count('return', refund)).toBe(0);
    const asked = desk.count('identified', refund);
    await desk.until(await desk.begin(replica, { waiting: { customerWithinMs: 100 } }), 'canceled');
    expect(desk.count('identified', refund)).toBe(asked);
  });

  it('that the provider is silent about ends by itself too, because no money can have moved', async () => {
    const refund = await desk.begin(replica, { identifieds: ['unreachable'], waiting: { customerWithinMs: 100 } });
    expect((await desk.until(refund, 'canceled')).failure?.code).toBe('refund_expired');
  });

  it('whose code the provider ends is failed with its words', async () => {
    const refund = await desk.begin(replica, { identifieds: ['pending', 'over'] });
    expect((await desk.until(refund, 'canceled')).failure?.code).toBe('over');
  });

  it('whose purchases cannot be read yet is asked again, without asking for the buyer again', async () => {
    const refund = await desk.begin(
      replica,
      { ...SCANNED, lists: ['unreachable', 'unreachable', [PURCHASE]] },
      { purchaseRef: PURCHASE.ref },
    );
    await desk.until(refund, 'succeeded');
    expect(desk.count('purchases', refund)).toBe(3);
    expect(desk.count('identified', refund)).toBe(2);
  });

  it('whose purchases are refused, or who has none, fails', async () => {
    const refused = await desk.begin(replica, { ...SCANNED, lists: ['refused'] });
    const none = await desk.begin(replica, { ...SCANNED, lists: [[]] });
    expect((await desk.until(refused, 'failed')).failure?.code).toBe('refused');
    expect((await desk.until(none, 'failed')).failure).toMatchObject({
      code: 'purchase_not_found',
      cashier_key: 'refund_not_possible',
    });
  });

  it('whose purchases nobody can read for too long fails', async () => {
    await replica.close();
    const own = await house.start({ settings: { chooseWithinMs: 100 } });
    const refund = await desk.begin(own, { ...SCANNED, lists: ['unreachable'] });
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('provider_unavailable');
    await own.close();
    replica = await house.start();
  });
});

describe('the code that the buyer scans', () => {
  it.each([
    ['lost', 2],
    ['device_unknown', 2],
    ['not_sent', 2],
  ] as const)('whose answer was %s is asked for once more', async (step, times) => {
    const refund = await desk.begin(replica, { invites: [step, 'ok'] });
    await desk.until(refund, 'requires_customer');
    expect(desk.count('invite', refund)).toBe(times);
    await replica.send(desk.cancel(refund));
  });

  it.each([
    ['refused', 1],
    ['lost', 2],
  ] as const)('that is %s for good fails the refund', async (step, times) => {
    const refund = await desk.begin(replica, { invites: [step] });
    expect((await desk.until(refund, 'failed')).failure?.code).toBe(step);
    expect(desk.count('invite', refund)).toBe(times);
  });

  it('is not asked for past the deadline', async () => {
    const refund = await desk.begin(replica, {}, { startBy: house.clock.now() - 1 });
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('not_started');
    expect(desk.count('invite', refund)).toBe(0);
  });
});

describe('a choice', () => {
  it('sent five times, together and apart, and a second one besides, returns the money once', async () => {
    const refund = await choosing();
    const choice = { ref: PURCHASE.ref, amount: 10_000 };
    await replica.send(desk.choose(refund, choice), desk.choose(refund, choice), desk.choose(refund, choice));
    await replica.send(desk.choose(refund, { ...choice, amount: 20_000, opId: `${refund.id}.second` }));
    expect(await desk.until(refund, 'succeeded')).toMatchObject({ amount: 10_000 });
    await replica.send(desk.choose(refund, choice), desk.choose(refund, { ...choice, opId: `${refund.id}.third` }));
    await waitFor('all choices to end', async () =>
      (await desk.operations(refund)).every(({ state }) => state === 'done' || state === 'refused'),
    );
    expect(desk.returns(refund)).toMatchObject([{ amountMinor: 10_000 }]);
    expect(desk.last(refund)).toMatchObject({ phase: 'succeeded', amount: 10_000 });
  });

  it('of a purchase that was not offered changes nothing and is answered with how it stands', async () => {
    const refund = await choosing();
    const told = desk.states(refund).length;
    await replica.send(desk.choose(refund, { ref: 'somebody else’s', amount: 10_000 }));
    await waitFor('the answer', () => desk.states(refund).length > told);
    expect(desk.last(refund)).toMatchObject({ phase: 'requires_customer', purchase_ref: null });
    expect(desk.count('return', refund)).toBe(0);
  });

  it('before the buyer has shown himself changes nothing', async () => {
    const refund = await desk.begin(replica, {});
    await desk.until(refund, 'requires_customer', 'show_qr');
    await replica.send(desk.choose(refund, { ref: PURCHASE.ref, amount: 10_000 }));
    await waitFor('the answer', () => desk.states(refund).length === 2);
    expect(desk.last(refund)).toMatchObject({ seq: 1, next_action: { type: 'show_qr' } });
    expect(desk.count('return', refund)).toBe(0);
    await replica.send(desk.cancel(refund));
  });

  it('of a refund that nobody knows leaves nothing behind', async () => {
    const refund = desk.refund();
    await replica.send(desk.choose(refund, { ref: PURCHASE.ref, amount: 10_000 }));
    const db = await house.sql();
    expect(await db.query('SELECT id FROM subject WHERE id = $1', [refund.id])).toEqual([]);
    expect(await desk.operations(refund)).toEqual([]);
  });

  it('whose deadline has passed returns nothing: not_started', async () => {
    const refund = await choosing();
    await replica.send(desk.choose(refund, { ref: PURCHASE.ref, amount: 10_000, startBy: house.clock.now() - 1 }));
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('not_started');
    expect(desk.count('return', refund)).toBe(0);
  });

  it('that nobody makes ends the refund canceled by itself: refund_abandoned', async () => {
    await replica.close();
    const own = await house.start({ settings: { chooseWithinMs: 200 } });
    const refund = await desk.begin(own, SCANNED, { purchaseRef: null });
    expect((await desk.until(refund, 'canceled')).failure).toMatchObject({
      code: 'refund_abandoned',
      cashier_key: 'refund_canceled',
    });
    expect(desk.count('return', refund)).toBe(0);
    await own.close();
    replica = await house.start();
  });

  it('of more than is left fails and sends nothing', async () => {
    const ref = `little left ${house.ids.next('op')}`;
    house.dummy.refunds.refundable.set(ref, 9_999);
    const refund = await choosing({ ...SCANNED, lists: [[{ ...PURCHASE, ref }]] });
    await replica.send(desk.choose(refund, { ref, amount: 10_000 }));
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('too_much');
    expect(desk.count('return', refund)).toBe(0);
  });
});

describe('two refunds of a purchase that was not made through us', () => {
  const [REF, AMOUNT] = ['foreign', 40_000];
  const chosenTogether = async (script: RefundScript): Promise<readonly [Refund, Refund]> => {
    const lists = [[{ ...PURCHASE, ref: REF }]];
    const first = await choosing({ ...SCANNED, lists, ...script });
    const second = await choosing({ ...SCANNED, lists });
    const lane = `${REF} ${first.id}`;
    await replica.send(desk.choose(first, { ref: REF, amount: AMOUNT, lane }));
    await waitFor('the first', () => desk.count('return', first) === 1);
    await replica.send(desk.choose(second, { ref: REF, amount: AMOUNT, lane }));
    return [first, second];
  };

  it('each begun in a lane of its own, return one after the other once both have chosen it', async () => {
    house.dummy.refunds.refundable.set(REF, 60_000);
    const slow = new Gate();
    const [first, second] = await chosenTogether({ afterSend: slow });
    expect(desk.count('note', second)).toBe(0);
    slow.open();
    await desk.until(first, 'succeeded');
    expect((await desk.until(second, 'failed')).failure?.code).toBe('too_much');
    expect(desk.returns(second)).toHaveLength(0);
    house.dummy.refunds.refundable.delete(REF);
  });

  it('never pass for one another: what the second one returned is not taken for the first one that was lost', async () => {
    const [first, second] = await chosenTogether({ sends: ['lost_before'] });
    expect((await desk.until(first, 'failed')).failure?.code).toBe('not_performed');
    await desk.until(second, 'succeeded');
    expect(desk.returns(first)).toHaveLength(0);
    expect(desk.returns(second)).toHaveLength(1);
  });
});

describe('a return with the buyer that lost its answer', () => {
  it('and was performed is found out, not repeated', async () => {
    const refund = await desk.begin(replica, { ...SCANNED, sends: ['lost_after'] }, { purchaseRef: PURCHASE.ref });
    expect(await desk.until(refund, 'succeeded')).toMatchObject({ evidence: 'inferred' });
    expect(desk.count('return', refund)).toBe(1);
  });

  it('and was not performed fails where the scheme wants no repeat', async () => {
    const refund = await desk.begin(
      replica,
      { ...SCANNED, lists: [[{ ...PURCHASE, ref: 'apart' }]], sends: ['lost_before'] },
      { purchaseRef: 'apart' },
    );
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('not_performed');
    expect(desk.count('return', refund)).toBe(1);
    expect(desk.returns(refund)).toHaveLength(0);
  });
});

describe('a cancel of a refund with the buyer', () => {
  it('while his code is being made ends it, and the code is never shown', async () => {
    const slow = new Gate();
    const refund = await desk.begin(replica, { afterInvite: slow });
    await waitFor('the call', () => slow.arrived === 1);
    await replica.send(desk.cancel(refund));
    await desk.until(refund, 'canceled');
    slow.open();
    await waitFor('the operation to end', async () => (await desk.operations(refund))[0]?.state === 'refused');
    expect(desk.states(refund).map((state) => state.phase)).toEqual(['canceled']);
  });

  it.each(['show_qr', 'choose_purchase'])('while the till shows %s ends it; nothing more is asked', async (step) => {
    const refund = step === 'show_qr' ? await desk.begin(replica, {}) : await choosing();
    await desk.until(refund, 'requires_customer', step);
    await replica.send(desk.cancel(refund));
    expect(await desk.until(refund, 'canceled')).toMatchObject({ next_action: null, failure: null });
    await replica.send(desk.choose(refund, { ref: PURCHASE.ref, amount: 10_000 }));
    await waitFor('the choice to be refused', async () => (await desk.operations(refund)).at(-1)?.state === 'refused');
    expect(desk.count('return', refund)).toBe(0);
  });

  it('while his money may be moving changes nothing', async () => {
    const slow = new Gate();
    const refund = await desk.begin(replica, { ...SCANNED, afterSend: slow }, { purchaseRef: PURCHASE.ref });
    await waitFor('the call', () => slow.arrived === 1);
    await replica.send(desk.cancel(refund));
    slow.open();
    await desk.until(refund, 'succeeded');
  });
});

describe('a process that is killed', () => {
  it.each(['identified', 'purchases', 'note', 'return'])(
    'when the provider was asked for %s leaves the refund to the next one, which returns the money once or proves that it did not',
    async (call) => {
      const settings = { leaseMs: 700, callMs: 200 };
      await replica.close();
      const first = await house.start({ settings });
      const refund = await desk.begin(first, SCANNED, { purchaseRef: PURCHASE.ref });
      await waitFor(`the call ${call}`, () => desk.count(call, refund) > 0);
      await first.kill();
      const second = await house.start({ settings: { ...settings, alone: true } });
      await waitFor('its end', () => ['succeeded', 'failed'].includes(desk.last(refund)?.phase ?? ''));
      expect(desk.returns(refund)).toHaveLength(desk.last(refund)?.phase === 'succeeded' ? 1 : 0);
      // Whatever ended it without money is proof, never a guess: this scheme makes no second try.
      if (desk.last(refund)?.phase === 'failed') expect(desk.last(refund)?.failure?.code).toBe('not_performed');
      await second.close();
      replica = await house.start();
    },
  );

  it('while a choice was being carried out has it carried out once', async () => {
    const settings = { leaseMs: 700, callMs: 200 };
    const held = new Gate();
    const refund = await choosing({ ...SCANNED, beforeSend: held });
    await replica.close();
    const first = await house.start({ settings });
    await first.send(desk.choose(refund, { ref: PURCHASE.ref, amount: 10_000 }));
    await waitFor('the call', () => held.arrived === 1);
    await first.kill();
    const second = await house.start({ settings: { ...settings, alone: true } });
    held.open();
    // Nothing left: reading proves it, and this scheme wants no repeat.
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('not_performed');
    expect(desk.returns(refund)).toHaveLength(0);
    await second.close();
    replica = await house.start();
  });
});

describe('a schedule that lost everything', () => {
  it('is filled again: the buyer is asked about, and a choice that nobody makes still ends', async () => {
    await replica.close();
    const own = await house.start({ settings: { reseedEveryMs: 50, chooseWithinMs: 400 } });
    const waiting = await desk.begin(own, {
      identifieds: [...Array<'pending'>(5).fill('pending'), 'identified'],
      lists: [[PURCHASE]],
    });
    await desk.until(waiting, 'requires_customer', 'show_qr');
    await own.schedule.remove(waiting.id);
    await desk.until(waiting, 'requires_customer', 'choose_purchase');
    await own.schedule.remove(waiting.id);
    await desk.until(waiting, 'canceled');
    await own.close();
    replica = await house.start();
  });
});
