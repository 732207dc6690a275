import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { Gate } from './gate.ts';
import type { Script } from './dummy-provider.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { LeapingClock } from './leaping-clock.ts';
import { type Payment, type Shop, UNTIL_DEADLINE_MS } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;
let shop: Shop;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start({ settings: { callMs: 100 } });
  shop = await house.openShop(replica);
});
afterAll(() => house.close());

async function begin(script: Script, more: Partial<Payment> = {}): Promise<Payment> {
  const payment = house.payment(shop, { method: 'dummy_once', ...more });
  house.dummy.script(payment.id, script);
  await replica.send(house.begin(payment));
  return payment;
}

interface Row {
  state: string;
  attempt: number;
  note: unknown;
  sent_at: Date | null;
  checks: number;
}

async function operationOf(payment: Payment): Promise<Row | undefined> {
  const db = await house.sql();
  const [row] = await db.query<Row & { id: string }>(
    'SELECT state, attempt, note, sent_at, checks FROM operation WHERE subject_id = $1',
    [payment.id],
  );
  return row;
}

describe('a call that must happen once', () => {
  it('is noted and committed as about to be sent before it leaves', async () => {
    const held = new Gate();
    const payment = await begin({ beforeStart: held });
    await waitFor('the call', () => held.arrived === 1);
    expect(await operationOf(payment)).toMatchObject({ state: 'sent', attempt: 1, note: { before: 0 } });
    held.open();
    await house.until(payment, 'requires_customer');
    expect(await operationOf(payment)).toMatchObject({ state: 'done', attempt: 1 });
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
    expect(house.last(payment.id)?.evidence).toBe('stated');
  });

  it('refused in a clear answer ends failed without any question', async () => {
    const payment = await begin({ starts: ['refused'] });
    expect((await house.until(payment, 'failed')).failure?.code).toBe('refused');
    expect(house.dummy.count(`resolve ${payment.id}`)).toBe(0);
  });

  it('whose note is refused ends failed, nothing sent', async () => {
    const payment = await begin({ note: 'refused' });
    expect((await house.until(payment, 'failed')).failure?.code).toBe('note');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
  });

  it('whose note cannot be read is tried until its deadline and then not started', async () => {
    const payment = await begin({ note: 'unreachable' });
    await waitFor('the first try', () => house.dummy.count(`note ${payment.id}`) > 0);
    house.clock.leap(UNTIL_DEADLINE_MS);
    expect((await house.until(payment, 'failed')).failure?.code).toBe('not_started');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
  });

  it('that certainly was not sent is tried again and performed once', async () => {
    const payment = await begin({ starts: ['not_sent', 'ok'] });
    await house.until(payment, 'requires_customer');
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
    expect(house.dummy.count(`resolve ${payment.id}`)).toBe(0);
  });

  it('to a device that the provider has forgotten fails, and the next one registers it again', async () => {
    const payment = await begin({ starts: ['device_unknown'] });
    expect((await house.until(payment, 'failed')).failure?.code).toBe('device');
    const registered = house.dummy.count(`register ${shop.desk}`);
    await house.until(await begin({}), 'requires_customer');
    expect(house.dummy.count(`register ${shop.desk}`)).toBe(registered + 1);
  });

  it('is not sent when more than the limit has passed since "about to send" was committed', async () => {
    const clock = new LeapingClock();
    // A lease that outlives the pause: it is the limit alone that withdraws the call.
    const own = await house.start({ clock, settings: { leaseMs: 60_000, callMs: 5_000, sweepEveryMs: 3_600_000 } });
    const held = new Gate();
    const payment = house.payment(shop, { method: 'dummy_once' });
    house.dummy.script(payment.id, { beforeStart: held });
    await own.send(house.begin(payment));
    await waitFor('the call', () => held.arrived === 1);
    clock.leap(2_001);
    held.open();
    await waitFor('the operation to be given back', async () => (await operationOf(payment))?.state !== 'sent');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
    await own.close();
    // Another process picks it up and makes the call in time.
    await house.until(payment, 'requires_customer');
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
  });
});

describe('a call that must happen once and lost its answer', () => {
  it('and was performed is found out by reading, not by repeating', async () => {
    const payment = await begin({ starts: ['lost_after'] });
    expect(await house.until(payment, 'requires_customer')).toMatchObject({
      provider_ref: `ref-${payment.id}-1`,
      evidence: 'inferred',
      failure: null,
    });
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
    house.dummy.buyer(payment.id, 'paid');
    await house.until(payment, 'succeeded');
  });

  it('and was not performed is not judged so before it can no longer be on its way', async () => {
    const held = new Gate();
    const payment = await begin({ starts: ['lost_before', 'ok'], beforeStart: held });
    await waitFor('the call', () => held.arrived === 1);
    const row = await operationOf(payment);
    expect(row).toMatchObject({ attempt: 1, state: 'sent' });
    held.open();
    await house.until(payment, 'requires_customer');
    const [made] = house.dummy.starts(payment.id);
    expect((made?.at ?? 0) - (row?.sent_at?.getTime() ?? 0)).toBeGreaterThanOrEqual(590);
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
    expect(await operationOf(payment)).toMatchObject({ attempt: 2, state: 'done' });
  });

  it('twice and was never performed ends failed after one repeat', async () => {
    const payment = await begin({ starts: ['lost_before'] });
    expect((await house.until(payment, 'failed')).failure?.code).toBe('not_performed');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(2);
    expect(house.dummy.starts(payment.id)).toHaveLength(0);
  });

  it('and was not performed is not repeated past the deadline of its start', async () => {
    const payment = await begin({ starts: ['lost_before', 'ok'] });
    await waitFor('the loss', () => house.dummy.count(`start ${payment.id}`) === 1);
    house.clock.leap(UNTIL_DEADLINE_MS);
    expect((await house.until(payment, 'failed')).failure?.code).toBe('not_performed');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
  });

  it('and was not performed ends failed where the method wants no repeat', async () => {
    const payment = await begin({ starts: ['lost_before'] }, { method: 'dummy_once_refuse' });
    expect((await house.until(payment, 'failed')).failure?.code).toBe('not_performed');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
  });

  it('and stays unclear becomes unknown with an alarm, is asked about on and on, and ends when it becomes clear', async () => {
    const payment = await begin({ starts: ['lost_after'], resolves: [...Array(12).fill('unclear'), 'truth'] });
    expect(await house.until(payment, 'unknown')).toMatchObject({ failure: { code: 'unclear' }, evidence: 'inferred' });
    expect(house.logLines.join('')).toContain('a person must look');
    // Shown as unknown it does not begin again: it is asked about and then ends.
    const db = await house.sql();
    await waitFor('the resolution', async () => {
      const [row] = await db.query<{ provider_ref: string | null }>('SELECT provider_ref FROM subject WHERE id = $1', [
        payment.id,
      ]);
      return row?.provider_ref === `ref-${payment.id}-1`;
    });
    house.dummy.buyer(payment.id, 'paid');
    await house.until(payment, 'succeeded');
    expect(house.states(payment.id).map((state) => state.phase)).toEqual(['unknown', 'unknown', 'succeeded']);
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
  });

  it('and was shown as unknown is not made anew when it proves not performed', async () => {
    const payment = await begin({ starts: ['lost_before', 'ok'], resolves: [...Array(12).fill('unclear'), 'truth'] });
    await house.until(payment, 'unknown');
    expect((await house.until(payment, 'failed')).failure?.code).toBe('not_performed');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
  });

  it('is asked about again when our own code broke while asking, and holds up no other', async () => {
    await replica.close();
    replica = await house.start({ settings: { callMs: 100, leaseMs: 1_000 } });
    const broken = await begin({ starts: ['lost_after'], resolves: ['throws', 'truth'] });
    const other = await begin({ starts: ['lost_after'] });
    await house.until(other, 'requires_customer');
    await house.until(broken, 'requires_customer');
    expect(house.dummy.count(`start ${broken.id}`)).toBe(1);
    await replica.close();
    replica = await house.start({ settings: { callMs: 100 } });
  });

  it('and got the id of another payment is never shown under it: unknown', async () => {
    const first = await begin({});
    await house.until(first, 'requires_customer');
    const second = await begin({ starts: [{ sameRefAs: first.id }] });
    expect(await house.until(second, 'unknown')).toMatchObject({ provider_ref: null, next_action: null });
    expect(house.dummy.count(`start ${second.id}`)).toBe(1);
  });
});

describe('a cancel of a call that must happen once', () => {
  it('on its way cannot undo it: pending, and the payment is shown when the answer comes', async () => {
    const slow = new Gate();
    const payment = await begin({ afterStart: slow });
    await waitFor('the call', () => slow.arrived === 1);
    await replica.send(house.cancel(payment));
    await waitFor('the cancel', () => house.last(payment.id)?.cancel?.result === 'pending');
    slow.open();
    expect(await house.until(payment, 'requires_customer')).toMatchObject({ cancel: { result: 'pending' } });
    house.dummy.buyer(payment.id, 'paid');
    expect(await house.until(payment, 'succeeded')).toMatchObject({ cancel: { result: 'refused' } });
  });

  it('that is refused while the cancel is noted ends failed with the cancel done', async () => {
    const held = new Gate();
    const payment = await begin({ starts: ['refused'], beforeStart: held });
    await waitFor('the call', () => held.arrived === 1);
    await replica.send(house.cancel(payment));
    held.open();
    expect(await house.until(payment, 'failed')).toMatchObject({ cancel: { result: 'done' } });
  });

  it('in doubt that proves not performed ends canceled and is not repeated', async () => {
    const payment = await begin({ starts: ['lost_before', 'ok'] });
    await waitFor('the doubt', () => house.dummy.count(`resolve ${payment.id}`) > 0);
    await replica.send(house.cancel(payment));
    expect(await house.until(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' } });
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
  });

  it('that turns out not to have been sent is not sent any more', async () => {
    const held = new Gate();
    const payment = await begin({ starts: ['not_sent', 'ok'], beforeStart: held });
    await waitFor('the call', () => held.arrived === 1);
    await replica.send(house.cancel(payment));
    held.open();
    expect(await house.until(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' } });
    expect(house.dummy.starts(payment.id)).toHaveLength(0);
  });

  it('while what it will change is being noted ends it: nothing is sent', async () => {
    const noting = new Gate();
    const payment = await begin({ duringNote: noting });
    await waitFor('the note', () => noting.arrived === 1);
    await replica.send(house.cancel(payment));
    await house.until(payment, 'canceled');
    noting.open();
    await waitFor('the operation to end', async () => (await operationOf(payment))?.state === 'refused');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
    expect(house.last(payment.id)).toMatchObject({ seq: 1, phase: 'canceled' });
  });

  it('before it is sent ends it', async () => {
    const payment = await begin({ note: 'unreachable' });
    await waitFor('the try', async () => (await operationOf(payment)) !== undefined);
    await replica.send(house.cancel(payment));
    await house.until(payment, 'canceled');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
  });
});

describe('two critical calls of one lane', () => {
  it('never are on their way at the same time: the unique index lets one through', async () => {
    const [noting, slow] = [new Gate(), new Gate()];
    const first = await begin({ afterStart: slow });
    await waitFor('the first call', () => slow.arrived === 1);
    const second = await begin({ duringNote: noting });
    await waitFor('the second note', () => noting.arrived === 1);
    // Two processes that took their operations without seeing each other's.
    const db = await house.sql();
    await db.query('UPDATE operation SET lane = $2 WHERE subject_id = $1', [second.id, first.id]);
    noting.open();
    await waitFor('the second to be given back', async () => {
      const rows = await db.query(`SELECT FROM operation WHERE subject_id = $1 AND lease_owner IS NULL`, [second.id]);
      return rows.length === 1;
    });
    expect(await operationOf(second)).toMatchObject({ state: 'accepted', sent_at: null });
    expect(house.dummy.count(`start ${second.id}`)).toBe(0);
    slow.open();
    await house.until(first, 'requires_customer');
    await house.until(second, 'requires_customer');
    expect(house.dummy.starts(second.id)).toHaveLength(1);
  });
});
