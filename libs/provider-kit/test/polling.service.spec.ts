import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { paymentProgress, paymentState } from '@tolem/contracts';
import { MemoryPollSchedule, MemorySlots, type PollEntry, type PollTurn } from '@tolem/coordination';
import { systemClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { Gate } from './gate.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { type Payment, type Shop } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;
let shop: Shop;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
  shop = await house.openShop(replica);
});
afterAll(() => house.close());

function progressOf(payment: Payment) {
  return house.told(payment.id).filter((event) => event.type === paymentProgress.type);
}

const isWrite = (sql: string): boolean => /^\s*(--[^\n]*\n)*\s*(WITH|INSERT|UPDATE|DELETE)/i.test(sql);
/** Removing what has been delivered happens in batches for all payments together. */
const isRemoval = (sql: string): boolean => sql.startsWith('DELETE FROM outbox');
/** What a quiet service does all the time: looking for what was left lying. */
const isSweep = (sql: string): boolean => sql.includes('FOR UPDATE') || sql.includes('UPDATE outbox SET claimed_until');

describe('a payment from its start to its money', () => {
  it('costs three writing round trips and three messages: accept, started, paid', async () => {
    const writes: string[] = [];
    const quiet = await house.start();
    // The device and the connection are known before the payment that is counted.
    const first = house.payment(shop);
    await quiet.send(house.begin(first));
    await house.until(first, 'requires_customer');
    house.dummy.buyer(first.id, 'paid');
    await house.until(first, 'succeeded');
    const stop = quiet.service.db.onRoundTrip((sql) => {
      if (isWrite(sql) && !isRemoval(sql) && !isSweep(sql)) writes.push(sql);
    });
    const payment = house.payment(shop);
    await quiet.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    house.dummy.buyer(payment.id, 'scanned');
    await waitFor('the news of the scan', () => progressOf(payment).length === 1);
    house.dummy.buyer(payment.id, 'paid');
    await house.until(payment, 'succeeded');
    stop();
    expect(writes).toHaveLength(3);
    expect(house.told(payment.id).map((event) => event.type)).toEqual([
      paymentState.type,
      paymentProgress.type,
      paymentState.type,
    ]);
    expect(house.last(payment.id)).toMatchObject({
      seq: 2,
      amount: payment.amount,
      next_action: null,
      slip: { transaction: `tx of ${payment.id}` },
      evidence: 'stated',
    });
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
    await quiet.close();
  });

  it('makes no database round trip for a question that changes nothing', async () => {
    const quiet = await house.start({ settings: { sweepEveryMs: 3_600_000 } });
    const payment = house.payment(shop);
    await quiet.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    await waitFor('the first questions', () => house.dummy.count(`check ${payment.id}`) >= 2);
    const trips: string[] = [];
    const stop = quiet.service.db.onRoundTrip((sql) => void trips.push(sql));
    const asked = house.dummy.count(`check ${payment.id}`);
    await waitFor('ten more questions', () => house.dummy.count(`check ${payment.id}`) >= asked + 10);
    stop();
    expect(trips.filter((sql) => !isRemoval(sql) && !isSweep(sql))).toEqual([]);
    await quiet.close();
  });

  it('tells the buyer’s first step once, with the new deadline, however often it is seen', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { waiting: { confirmWithinMs: 60_000 } });
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    house.dummy.buyer(payment.id, 'scanned');
    await waitFor('the news', () => progressOf(payment).length === 1);
    const asked = house.dummy.count(`check ${payment.id}`);
    await waitFor('five more questions', () => house.dummy.count(`check ${payment.id}`) >= asked + 5);
    expect(progressOf(payment)).toHaveLength(1);
    const { expires_at: until, phase } = paymentProgress.consume.parse(progressOf(payment)[0]?.body);
    expect(phase).toBe('processing');
    expect(Date.parse(until ?? '') - house.clock.now()).toBeGreaterThan(50_000);
  });

  it.each(['declined', 'expired'] as const)('ends %s where the provider says so', async (end) => {
    const payment = house.payment(shop);
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    house.dummy.buyer(payment.id, end);
    expect(await house.until(payment, end)).toMatchObject({ seq: 2, next_action: null, evidence: 'stated' });
  });
});

describe('a provider that talks nonsense', () => {
  it('leaves the payment pending while it says things that nobody knows, and the money counts when it comes', async () => {
    const payment = house.payment(shop);
    const unknown = { is: 'pending', phase: 'unchanged' } as const;
    house.dummy.script(payment.id, { checks: [unknown, unknown, unknown, 'truth'] });
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.begin(payment));
    await house.until(payment, 'succeeded');
    expect(house.states(payment.id).map((state) => state.phase)).toEqual(['requires_customer', 'succeeded']);
  });

  it('that says another amount was paid makes it unknown with an alarm, never succeeded', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { checks: [{ is: 'paid', amountMinor: payment.amount - 1 }] });
    await replica.send(house.begin(payment));
    const state = await house.until(payment, 'unknown');
    expect(state.failure?.code).toBe('amount_mismatch');
    expect(house.logLines.join('')).toContain(`${payment.amount - 1} was paid where ${payment.amount} was asked`);
    // A later "not paid" does not make it look as if nothing had happened.
    house.dummy.script(payment.id, { checks: [{ is: 'pending', phase: 'unchanged' }] });
    const asked = house.dummy.count(`check ${payment.id}`);
    await replica.send(house.report(payment));
    await waitFor('the question', () => house.dummy.count(`check ${payment.id}`) > asked);
    await replica.send(house.report(payment));
    expect(house.last(payment.id)?.phase).toBe('unknown');
  });
});

describe('a provider that is silent', () => {
  it('past the buyer’s time makes the payment unknown, asks on, and the money counts when it answers', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, {
      waiting: { customerWithinMs: 100 },
      checks: [...Array.from({ length: 20 }, () => ({ is: 'unreachable', reason: 'silence' }) as const), 'truth'],
    });
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.begin(payment));
    await house.until(payment, 'unknown');
    await house.until(payment, 'succeeded');
    expect(house.states(payment.id).map((state) => [state.seq, state.phase])).toEqual([
      [1, 'requires_customer'],
      [2, 'unknown'],
      [3, 'succeeded'],
    ]);
  });

  it('because our code breaks is asked again soon, not only when the claim’s lease is over', async () => {
    const own = await house.start({ settings: { callMs: 60_000 } });
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { checks: ['throws', 'truth'] });
    house.dummy.buyer(payment.id, 'paid');
    await own.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    await house.until(payment, 'succeeded');
    await own.close();
  });
});

describe('money that comes late', () => {
  it('after the payment expired here becomes succeeded', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { waiting: { customerWithinMs: 100 } });
    await replica.send(house.begin(payment));
    expect(await house.until(payment, 'expired')).toMatchObject({ seq: 2, evidence: 'inferred', next_action: null });
    house.dummy.buyer(payment.id, 'paid');
    await house.until(payment, 'succeeded');
  });

  it('is looked for as often as the timetable says and no more, without telling anybody', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { waiting: { customerWithinMs: 60 } });
    await replica.send(house.begin(payment));
    await house.until(payment, 'expired');
    const db = await house.sql();
    await waitFor('the watch to end', async () => {
      const [row] = await db.query<{ look_at: Date | null }>('SELECT look_at FROM subject WHERE id = $1', [payment.id]);
      return row?.look_at === null;
    });
    const [row] = await db.query<{ look_step: number }>('SELECT look_step FROM subject WHERE id = $1', [payment.id]);
    expect(row?.look_step).toBe(3);
    expect(house.states(payment.id)).toHaveLength(2);
  });
});

/** A shared schedule that somebody empties: the next claim notices. */
class EmptiedSchedule extends MemoryPollSchedule {
  readonly begun: string[] = [];
  #emptied = false;

  override async put(entry: PollEntry): Promise<void> {
    await super.put(entry);
    this.begun.push(entry.id);
  }

  empty(): void {
    this.takeFree();
    this.#emptied = true;
  }

  override async claim(limit: number, leaseMs: number): Promise<PollTurn> {
    const turn = await super.claim(limit, leaseMs);
    const emptied = this.#emptied;
    this.#emptied = false;
    return { ...turn, emptied };
  }
}

describe('a schedule that is emptied', () => {
  it('is filled again at once, long before the turn of the next re-seeding', async () => {
    const schedule = new EmptiedSchedule(systemClock);
    const own = await house.start({ schedule, settings: { reseedEveryMs: 3_600_000 } });
    const payment = house.payment(await house.openShop(own));
    house.dummy.script(payment.id, { waiting: { intervalMs: 10_000 } });
    await own.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    await waitFor('the entry', () => schedule.begun.includes(payment.id));
    house.dummy.buyer(payment.id, 'paid');
    // An entry that is claimed at this moment cannot be taken away; it is back soon.
    await waitFor('nothing to be left', () => {
      schedule.empty();
      return schedule.size === 0;
    });
    await house.until(payment, 'succeeded');
    expect(house.logLines.join('')).toContain('the schedule was emptied');
    await own.close();
  });
});

describe('slots', () => {
  it('of questions never hold up a start of the same connection', async () => {
    const own = await house.start({ slots: new MemorySlots({ start: 1, poll: 1, background: 1 }) });
    const crowded = await house.openShop(own);
    const stuck = new Gate();
    const asked = house.payment(crowded);
    house.dummy.script(asked.id, { duringCheck: stuck });
    await own.send(house.begin(asked));
    await waitFor('the question', () => stuck.arrived === 1);
    const begun = house.payment(crowded);
    await own.send(house.begin(begun));
    await house.until(begun, 'requires_customer');
    stuck.open();
    await own.close();
  });

  it('bound the questions of one connection; what finds none is asked later, not lost', async () => {
    const own = await house.start({ slots: new MemorySlots({ start: 8, poll: 2, background: 1 }) });
    const crowded = await house.openShop(own);
    const payments = Array.from({ length: 8 }, () => house.payment(crowded));
    for (const payment of payments) house.dummy.buyer(payment.id, 'paid');
    await own.send(...payments.map((payment) => house.begin(payment)));
    for (const payment of payments) await house.until(payment, 'succeeded');
    expect(house.dummy.mostUnderWay.get(crowded.connection)).toBeLessThanOrEqual(2);
    await own.close();
  });

  it('of a connection whose bank is slow hold up no other connection', async () => {
    const own = await house.start({ slots: new MemorySlots({ start: 2, poll: 2, background: 1 }) });
    const [slow, quick] = [await house.openShop(own), await house.openShop(own)];
    const stuck = new Gate();
    const held = Array.from({ length: 6 }, () => house.payment(slow));
    for (const payment of held) house.dummy.script(payment.id, { afterStart: stuck });
    await own.send(...held.map((payment) => house.begin(payment)));
    await waitFor('the slow ones', () => stuck.arrived === 2);
    const free = Array.from({ length: 6 }, () => house.payment(quick));
    for (const payment of free) house.dummy.buyer(payment.id, 'paid');
    await own.send(...free.map((payment) => house.begin(payment)));
    for (const payment of free) await house.until(payment, 'succeeded');
    expect(stuck.arrived).toBe(2);
    stuck.open();
    for (const payment of held) await house.until(payment, 'requires_customer');
    await own.close();
  });
});
