import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { Gate } from './gate.ts';
import type { StartStep } from './dummy-provider.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { type Shop, UNTIL_DEADLINE_MS } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;
let shop: Shop;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
  shop = await house.openShop(replica);
});
afterAll(() => house.close());

/** What the till gets is what the provider made. */
function shownRef(paymentId: string): string | null | undefined {
  return house.last(paymentId)?.provider_ref;
}

describe('a start that the provider takes in', () => {
  it('is told as snapshot 1, with the code to show and the time at which it dies', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { waiting: { customerWithinMs: 60_000 } });
    const before = house.clock.now();
    await replica.send(house.begin(payment));
    const state = await house.until(payment, 'requires_customer');
    expect(state).toMatchObject({
      seq: 1,
      op_id: `${payment.id}:start`,
      amount: payment.amount,
      provider_ref: `ref-${payment.id}-1`,
      payment_methods: ['card'],
      cancel: null,
      failure: null,
      evidence: 'stated',
      next_action: { type: 'show_qr', qr: `qr of ref-${payment.id}-1` },
    });
    const dies = Date.parse(state.next_action?.expires_at ?? '');
    expect(dies).toBeGreaterThanOrEqual(before + 60_000);
    expect(dies).toBeLessThanOrEqual(house.clock.now() + 60_000);
    expect(house.dummy.starts(payment.id)).toMatchObject([{ amountMinor: payment.amount, version: 1 }]);
  });

  it.each([1, 2, 3, 4, 5])('delivered %i times in one batch is made once', async (times) => {
    const payment = house.payment(shop);
    await replica.send(...Array.from({ length: times }, () => house.begin(payment)));
    await house.until(payment, 'requires_customer');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
  });

  it('delivered five times apart is made once, and the snapshot is told again under its number', async () => {
    const payment = house.payment(shop);
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    for (const told of [2, 3, 4, 5]) {
      await replica.send(house.begin(payment));
      await waitFor(`${told} snapshots`, () => house.states(payment.id).length === told);
    }
    expect(new Set(house.states(payment.id).map((state) => state.seq))).toEqual(new Set([1]));
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
  });

  it('delivered again while the call is under way is not made twice', async () => {
    const payment = house.payment(shop);
    const slow = new Gate();
    house.dummy.script(payment.id, { afterStart: slow });
    await replica.send(house.begin(payment));
    await waitFor('the call', () => slow.arrived === 1);
    await replica.send(house.begin(payment), house.begin(payment));
    slow.open();
    await house.until(payment, 'requires_customer');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
  });
});

describe('a start that the provider does not take in', () => {
  it('refused ends failed with the provider’s own words, asked once', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: ['refused'] });
    await replica.send(house.begin(payment));
    const state = await house.until(payment, 'failed');
    expect(state).toMatchObject({ seq: 1, next_action: null, provider_ref: null });
    expect(state.failure).toMatchObject({ code: 'refused', provider_code: 'D-1', provider_message: 'as scripted' });
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
    expect(house.dummy.starts(payment.id)).toHaveLength(0);
  });

  it('that cannot be sent is tried again and ends failed, nothing performed', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: ['not_sent'] });
    await replica.send(house.begin(payment));
    await waitFor('a second try', () => house.dummy.count(`start ${payment.id}`) > 1);
    house.clock.leap(UNTIL_DEADLINE_MS);
    expect((await house.until(payment, 'failed')).failure?.code).toBe('not_sent');
    expect(house.dummy.count(`start ${payment.id}`)).toBeGreaterThan(1);
    expect(house.dummy.starts(payment.id)).toHaveLength(0);
  });

  it('that cannot be sent at first and then can is shown', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: ['not_sent', 'ok'] });
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
  });

  it('of a method that the provider does not have ends failed without a call', async () => {
    const payment = house.payment(shop, { method: 'dummy_magic' });
    await replica.send(house.begin(payment));
    expect((await house.until(payment, 'failed')).failure?.code).toBe('method_not_available');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
  });

  it('past its deadline is never sent and ends failed: not_started', async () => {
    const payment = house.payment(shop, { startBy: house.clock.now() - 1 });
    await replica.send(house.begin(payment));
    const state = await house.until(payment, 'failed');
    expect(state.failure).toMatchObject({ code: 'not_started', cashier_key: 'not_started' });
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
  });

  it('held up until its deadline is over is not sent at the last moment', async () => {
    // A lease that outlives the wait: it is the deadline alone that withdraws the call.
    const own = await house.start({ settings: { leaseMs: 3_600_000 } });
    const payment = house.payment(shop);
    const held = new Gate();
    house.dummy.script(payment.id, { beforeStart: held });
    await own.send(house.begin(payment));
    await waitFor('the call', () => held.arrived === 1);
    house.clock.leap(UNTIL_DEADLINE_MS);
    held.open();
    await house.until(payment, 'failed');
    expect(house.dummy.starts(payment.id)).toHaveLength(0);
    await own.close();
  });
});

describe('a start whose answer is lost', () => {
  it.each<[StartStep, number]>([
    ['lost_before', 1],
    ['lost_after', 2],
  ])('by %s is repeated once, and the code of the answered call is the one shown', async (step, performed) => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: [step, 'ok'] });
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    expect(house.dummy.starts(payment.id)).toHaveLength(performed);
    expect(shownRef(payment.id)).toBe(house.dummy.starts(payment.id).at(-1)?.ref);
    const ids = house.dummy.starts(payment.id).map((entry) => entry.requestId);
    expect(new Set(ids).size).toBe(performed);
  });

  it('twice ends failed and shows no code; what the provider made is known to nobody', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: ['lost_after'] });
    await replica.send(house.begin(payment));
    const state = await house.until(payment, 'failed');
    expect(state).toMatchObject({ next_action: null, provider_ref: null, failure: { code: 'no_answer' } });
    expect(house.dummy.count(`start ${payment.id}`)).toBe(2);
  });

  it.each<[string, StartStep[]]>([
    ['once', ['lost_after', 'ok']],
    ['more often than an orphan may be', ['lost_after', 'lost_after', 'lost_before', 'lost_after', 'ok']],
    ['and in a bug of our own code, after which another attempt makes it', ['lost_after', 'throws', 'ok']],
  ])('%s, and that is repeatable, is made again under the same id and is one purchase', async (_name, starts) => {
    const own = await house.start({ settings: { leaseMs: 600 } });
    const payment = house.payment(shop, { method: 'dummy_safe' });
    house.dummy.script(payment.id, { starts });
    await own.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(starts.length);
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
    expect(shownRef(payment.id)).toBe(house.dummy.starts(payment.id)[0]?.ref);
    await own.close();
  });

  it('and that is repeatable is made again until its deadline is over, and not after', async () => {
    const payment = house.payment(shop, { method: 'dummy_safe' });
    house.dummy.script(payment.id, { starts: ['lost_before'] });
    await replica.send(house.begin(payment));
    await waitFor('the third call', () => house.dummy.count(`start ${payment.id}`) >= 3);
    house.clock.leap(UNTIL_DEADLINE_MS);
    expect((await house.until(payment, 'failed')).failure?.code).toBe('no_answer');
    expect(house.dummy.starts(payment.id)).toHaveLength(0);
  });

  it('to a bug of our own code is taken over after the lease and begun by the next attempt', async () => {
    const own = await house.start({ settings: { leaseMs: 600 } });
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: ['throws', 'ok'] });
    await own.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
    await own.close();
  });
});

describe('a provider that gives the id of another payment', () => {
  it('never has the code of that payment shown: the second one fails at once, with an alarm', async () => {
    const first = house.payment(shop);
    await replica.send(house.begin(first));
    await house.until(first, 'requires_customer');
    const second = house.payment(shop);
    house.dummy.script(second.id, { starts: [{ sameRefAs: first.id }] });
    await replica.send(house.begin(second));
    const state = await house.until(second, 'failed');
    expect(state).toMatchObject({ next_action: null, provider_ref: null, failure: { code: 'provider_answer_wrong' } });
    expect(house.logLines.join('')).toContain('belongs to another payment');
    expect(house.dummy.count(`start ${second.id}`)).toBe(1);
    expect(house.last(first.id)).toMatchObject({ phase: 'requires_customer', seq: 1 });
  });
});

describe('too many starts for one connection', () => {
  it('fail as provider_overloaded instead of waiting for ever, and the ones in line are made', async () => {
    const own = await house.start({ settings: { maxQueuedPerConnection: 2 } });
    const crowded = await house.openShop(own);
    const slow = new Gate();
    const payments = Array.from({ length: 5 }, () => house.payment(crowded));
    for (const payment of payments) house.dummy.script(payment.id, { afterStart: slow });
    await own.send(...payments.map((payment) => house.begin(payment)));
    const refused = await waitFor('three refusals', () => {
      const failed = payments.filter((payment) => house.last(payment.id)?.phase === 'failed');
      return failed.length === 3 ? failed : undefined;
    });
    for (const payment of refused) {
      expect(house.last(payment.id)?.failure?.code).toBe('provider_overloaded');
      expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
    }
    slow.open();
    for (const payment of payments.filter((one) => !refused.includes(one))) {
      await house.until(payment, 'requires_customer');
    }
    await own.close();
  });
});
