import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { Gate } from './gate.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { type Shop } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;
let shop: Shop;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
  shop = await house.openShop(replica);
});
afterAll(() => house.close());

describe('a cancel that overtakes its start', () => {
  it('is done, and the start that comes later sends nothing and is told the end again', async () => {
    const payment = house.payment(shop);
    await replica.send(house.cancel(payment));
    expect(await house.until(payment, 'canceled')).toMatchObject({ seq: 1, cancel: { result: 'done' } });
    await replica.send(house.begin(payment));
    await waitFor('the end to be told again', () => house.states(payment.id).length === 2);
    expect(house.last(payment.id)).toMatchObject({ phase: 'canceled', seq: 1 });
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
    const db = await house.sql();
    expect(await db.query('SELECT id FROM operation WHERE subject_id = $1', [payment.id])).toEqual([]);
  });

  it.each(['dummy_pay', 'dummy_once'])('and arrives in one batch with it has nothing sent (%s)', async (method) => {
    const payment = house.payment(shop, { method });
    await replica.send(house.cancel(payment), house.begin(payment));
    await house.until(payment, 'canceled');
    await waitFor('the end to be told again', () => house.states(payment.id).length === 2);
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
  });
});

describe('a cancel while the start is under way', () => {
  it('ends the payment, and the code that the provider is making is never shown', async () => {
    const payment = house.payment(shop);
    const slow = new Gate();
    house.dummy.script(payment.id, { afterStart: slow });
    await replica.send(house.begin(payment));
    await waitFor('the call', () => slow.arrived === 1);
    await replica.send(house.cancel(payment));
    await house.until(payment, 'canceled');
    slow.open();
    const db = await house.sql();
    const end = await waitFor('the end of the operation', async () => {
      const [row] = await db.query<{ state: string; answer: object }>(
        `SELECT state, answer FROM operation WHERE subject_id = $1 AND state <> 'accepted'`,
        [payment.id],
      );
      return row;
    });
    expect(end).toEqual({
      state: 'refused',
      answer: { because: 'the payment had ended', provider_ref: `ref-${payment.id}-1` },
    });
    expect(house.states(payment.id)).toHaveLength(1);
    expect(house.last(payment.id)).toMatchObject({ phase: 'canceled', provider_ref: null, next_action: null });
  });

  it('that waits in line takes it out of the line: nothing is sent', async () => {
    const own = await house.start({ settings: { leaseMs: 1_000 } });
    const crowded = await house.openShop(own);
    const slow = new Gate();
    const ahead = Array.from({ length: 32 }, () => house.payment(crowded));
    for (const payment of ahead) house.dummy.script(payment.id, { afterStart: slow });
    const waiting = house.payment(crowded);
    await own.send(...ahead.map((payment) => house.begin(payment)));
    await waitFor('all slots to be taken', () => slow.arrived === 32);
    await own.send(house.begin(waiting));
    await own.send(house.cancel(waiting));
    slow.open();
    for (const payment of ahead) await house.until(payment, 'requires_customer');
    await house.until(waiting, 'canceled');
    const db = await house.sql();
    await waitFor('the operation to end', async () => {
      const rows = await db.query(`SELECT FROM operation WHERE subject_id = $1 AND state = 'refused'`, [waiting.id]);
      return rows.length === 1;
    });
    expect(house.dummy.count(`start ${waiting.id}`)).toBe(0);
    await own.close();
  });
});

describe('a cancel of a payment that is shown', () => {
  it('is pending until the provider ends it unpaid, then done', async () => {
    const payment = house.payment(shop);
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    await replica.send(house.cancel(payment));
    await waitFor('the cancel', () => house.last(payment.id)?.cancel?.result === 'pending');
    expect(house.last(payment.id)).toMatchObject({ phase: 'requires_customer', seq: 2 });
    house.dummy.buyer(payment.id, 'declined');
    expect(await house.until(payment, 'declined')).toMatchObject({ seq: 3, cancel: { result: 'done' } });
  });

  it('is refused where the buyer pays all the same', async () => {
    const payment = house.payment(shop);
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    await replica.send(house.cancel(payment));
    house.dummy.buyer(payment.id, 'paid');
    expect(await house.until(payment, 'succeeded')).toMatchObject({ cancel: { result: 'refused' } });
  });

  it('asked for twice changes nothing the second time and is answered again', async () => {
    const payment = house.payment(shop);
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    await replica.send(house.cancel(payment));
    await replica.send(house.cancel(payment));
    await waitFor('both answers', () => house.states(payment.id).length === 3);
    expect(house.last(payment.id)).toMatchObject({ seq: 2, cancel: { result: 'pending' } });
  });

  it('is not possible once it is paid', async () => {
    const payment = house.payment(shop);
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.begin(payment));
    await house.until(payment, 'succeeded');
    await replica.send(house.cancel(payment));
    await waitFor('the answer', () => house.last(payment.id)?.cancel?.result === 'not_possible');
    expect(house.last(payment.id)?.phase).toBe('succeeded');
  });
});

describe('a report', () => {
  it('of a payment that never came, past its deadline, buries it: failed not_started, and its start is refused', async () => {
    const payment = house.payment(shop, { startBy: house.clock.now() - 1_000 });
    await replica.send(house.report(payment));
    expect((await house.until(payment, 'failed')).failure?.code).toBe('not_started');
    await replica.send(house.begin({ ...payment, startBy: house.clock.now() + 20_000 }));
    await waitFor('the end to be told again', () => house.states(payment.id).length === 2);
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
  });

  it('of a payment that never came and still may, says nothing and leaves room for its start', async () => {
    const payment = house.payment(shop);
    await replica.send(house.report(payment));
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    expect(house.last(payment.id)?.seq).toBe(1);
  });

  it('of a known payment tells its newest snapshot again', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: ['refused'] });
    await replica.send(house.begin(payment));
    await house.until(payment, 'failed');
    await replica.send(house.report(payment));
    await waitFor('the second telling', () => house.states(payment.id).length === 2);
    const [first, second] = house.states(payment.id);
    expect({ ...second, observed_at: '', op_id: null }).toEqual({ ...first, observed_at: '', op_id: null });
  });

  it('of an open payment asks the provider now, even where the schedule has lost it', async () => {
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { waiting: { intervalMs: 3_600_000 } });
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    await replica.schedule.remove(payment.id);
    await replica.send(house.report(payment));
    await house.until(payment, 'succeeded');
  });
});
