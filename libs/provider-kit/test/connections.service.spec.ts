import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectionState, deviceState } from '@tolem/contracts';
import { uuidFromId } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { DEVICE_SECRET, dummyFailure } from './dummy-provider.ts';
import { Gate } from './gate.ts';
import { CREDENTIAL_SECRET, KitHouse, type Replica } from './kit-house.ts';
import { type Shop, UNTIL_DEADLINE_MS } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
});
afterAll(() => house.close());

function healths(shop: Shop) {
  return house.told(shop.connection).map((event) => connectionState.consume.parse(event.body));
}

function devices(shop: Shop) {
  return house.told(shop.desk).map((event) => deviceState.consume.parse(event.body));
}

/** One operation of this lane or subject was looked at and put back for later. */
async function givenBack(column: 'lane' | 'subject_id', value: string): Promise<boolean> {
  const db = await house.sql();
  const rows = await db.query(
    `SELECT FROM operation WHERE ${column} = $1 AND lease_owner IS NULL AND lease_until > now()`,
    [value],
  );
  return rows.length === 1;
}

async function paidBy(shop: Shop, more: Parameters<KitHouse['payment']>[1] = {}) {
  const payment = house.payment(shop, more);
  await replica.send(house.begin(payment));
  await house.until(payment, 'requires_customer');
  return house.dummy.starts(payment.id)[0];
}

describe('the settings of a connection', () => {
  it('in an older version change nothing; newer ones are used by the next call', async () => {
    const shop = house.shop();
    await replica.send(house.put(shop, 2));
    await replica.send(house.put(shop, 1));
    expect((await paidBy(shop))?.version).toBe(2);
    await replica.send(house.put(shop, 3));
    expect((await paidBy(shop))?.version).toBe(3);
  });

  it('that a command needs and that are not here yet are waited for', async () => {
    const shop = house.shop();
    await replica.send(house.put(shop, 1));
    const payment = house.payment(shop, { version: 2 });
    await replica.send(house.begin(payment));
    await waitFor('the operation to be given back', () => givenBack('subject_id', payment.id));
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
    await replica.send(house.put(shop, 2));
    await house.until(payment, 'requires_customer');
    expect(house.dummy.starts(payment.id)[0]?.version).toBe(2);
  });

  it('that never come end the payment at its deadline, nothing sent', async () => {
    const payment = house.payment(house.shop());
    await replica.send(house.begin(payment));
    house.clock.leap(UNTIL_DEADLINE_MS);
    expect((await house.until(payment, 'failed')).failure?.code).toBe('not_started');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
  });

  it('replaced through another process are used here from the next healing on, by commands that do not name them too', async () => {
    const [here, there] = [await house.start({ settings: { reseedEveryMs: 100 } }), replica];
    const shop = await house.openShop(here);
    const before = house.payment(shop);
    await here.send(house.begin(before));
    await house.until(before, 'requires_customer');
    await there.send(house.put(shop, 2));
    await waitFor('the new version to be used', async () => {
      const payment = house.payment(shop);
      await here.send(house.begin(payment));
      await house.until(payment, 'requires_customer');
      return house.dummy.starts(payment.id)[0]?.version === 2;
    });
    await here.close();
  });

  it('that switch it off let nothing begin, and what has begun is asked about to its end', async () => {
    const shop = await house.openShop(replica);
    const before = house.payment(shop);
    await replica.send(house.begin(before));
    await house.until(before, 'requires_customer');
    await replica.send(house.put(shop, 2, { enabled: false }));
    const after = house.payment(shop);
    await replica.send(house.begin(after));
    expect((await house.until(after, 'failed')).failure?.code).toBe('connection_disabled');
    expect(house.dummy.count(`start ${after.id}`)).toBe(0);
    house.dummy.buyer(before.id, 'paid');
    await house.until(before, 'succeeded');
  });

  it('belong to their tenant: another tenant cannot replace them', async () => {
    const shop = await house.openShop(replica);
    await replica.send(house.put({ ...shop, tenant: house.shop().tenant }, 7));
    expect((await paidBy(shop))?.version).toBe(1);
  });
});

describe('a connection that is verified', () => {
  it('is up with the provider’s trade points', async () => {
    const shop = await house.openShop(replica);
    house.dummy.healthOf.set(shop.connection, { is: 'up', tradePoints: [{ ref: 'tp-1', name: 'Абая 1' }] });
    await replica.send(house.verify(shop, 1));
    const told = await waitFor('the answer', () => healths(shop)[0]);
    expect(told).toMatchObject({
      seq: 1,
      connection_version: 1,
      health: 'up',
      reason: null,
      trade_points: [{ ref: 'tp-1', name: 'Абая 1' }],
    });
  });

  it.each(['refused', 'down'] as const)('and %s is told once, asked again, and told when it is up', async (is) => {
    const own = await house.start({ settings: { recheckDownMs: is === 'refused' ? 3 : 60 } });
    const shop = await house.openShop(own);
    house.dummy.healthOf.set(shop.connection, { is, failure: dummyFailure(is) });
    await own.send(house.verify(shop, 1));
    await waitFor('three questions', () => house.dummy.count(`verify ${shop.connection}`) >= 3);
    expect(healths(shop)).toMatchObject([{ health: is, reason: { code: is } }]);
    house.dummy.healthOf.set(shop.connection, { is: 'up', tradePoints: null });
    await waitFor('the recovery', () => healths(shop).length === 2);
    expect(healths(shop)[1]).toMatchObject({ seq: 2, health: 'up', reason: null });
    await own.close();
  });

  it('is asked about at once when a payment could not reach the provider, so that the next ones are refused at the door', async () => {
    const own = await house.start({ settings: { recheckDownMs: 60 } });
    const shop = await house.openShop(own);
    await own.send(house.verify(shop, 1));
    await waitFor('the first answer', () => healths(shop).length === 1);
    house.dummy.healthOf.set(shop.connection, { is: 'down', failure: dummyFailure('down') });
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: ['lost_before', 'lost_before'] });
    await own.send(house.begin(payment));
    await house.until(payment, 'failed');
    await waitFor('the connection to be down', () => healths(shop).at(-1)?.health === 'down');
    house.dummy.healthOf.set(shop.connection, { is: 'up', tradePoints: null });
    await waitFor('the recovery', () => healths(shop).at(-1)?.health === 'up');
    await own.close();
  });

  it('that works is pinged now and then; it tells nothing and keeps its trade points while pings are answered', async () => {
    const own = await house.start({ settings: { healthEveryMs: 60, recheckDownMs: 60 } });
    const shop = await house.openShop(own);
    house.dummy.healthOf.set(shop.connection, { is: 'up', tradePoints: [{ ref: 'tp-1', name: 'Абая 1' }] });
    await own.send(house.verify(shop, 1));
    await waitFor('three pings', () => house.dummy.count(`ping ${shop.connection}`) >= 3);
    expect(house.dummy.count(`verify ${shop.connection}`)).toBe(1);
    expect(healths(shop)).toHaveLength(1);
    await own.close();
  });

  it('and may as well be refused is down at first, refused when that lasts, and up as soon as the provider is back', async () => {
    const own = await house.start({ settings: { recheckDownMs: 40 } });
    const shop = await house.openShop(own);
    house.dummy.healthOf.set(shop.connection, {
      is: 'down',
      failure: dummyFailure('cut'),
      lasting: dummyFailure('refused'),
    });
    await own.send(house.verify(shop, 1));
    await waitFor('the refusal', () => healths(shop).at(-1)?.health === 'refused');
    expect(house.dummy.count(`verify ${shop.connection}`)).toBeGreaterThan(2);
    house.dummy.healthOf.set(shop.connection, { is: 'up', tradePoints: null });
    await waitFor('the recovery', () => healths(shop).at(-1)?.health === 'up');
    await own.close();
    expect(healths(shop).map((told) => [told.health, told.reason?.code ?? null])).toEqual([
      ['down', 'cut'],
      ['refused', 'refused'],
      ['up', null],
    ]);
  });

  it('whose ping failed is down only where a whole question says so too', async () => {
    const own = await house.start({ settings: { healthEveryMs: 60, recheckDownMs: 60 } });
    const shop = await house.openShop(own);
    house.dummy.healthOf.set(shop.connection, { is: 'up', tradePoints: null });
    house.dummy.pingOf.set(shop.connection, { is: 'down', failure: dummyFailure('down') });
    await own.send(house.verify(shop, 1));
    await waitFor('two second opinions', () => house.dummy.count(`verify ${shop.connection}`) >= 3);
    expect(healths(shop)).toHaveLength(1);
    house.dummy.healthOf.set(shop.connection, { is: 'down', failure: dummyFailure('down') });
    await waitFor('the connection to be down', () => healths(shop).at(-1)?.health === 'down');
    await own.close();
  });

  it('that was switched off is not pinged any more', async () => {
    const own = await house.start({ settings: { healthEveryMs: 60 } });
    const shop = await house.openShop(own);
    await own.send(house.verify(shop, 1));
    await waitFor('a ping', () => house.dummy.count(`ping ${shop.connection}`) >= 1);
    await own.send(house.put(shop, 2, { enabled: false }));
    await waitFor('the plan to be taken out', async () => {
      const db = await house.sql();
      const rows = await db.query('SELECT FROM subject WHERE id = $1 AND look_at IS NULL', [shop.connection]);
      return rows.length === 1;
    });
    await own.close();
  });

  it('under new settings is not taken back by an answer to the old ones that comes late', async () => {
    const own = await house.start({ settings: { recheckDownMs: 40 } });
    const shop = await house.openShop(own);
    house.dummy.healthOf.set(shop.connection, { is: 'down', failure: dummyFailure('down') });
    await own.send(house.verify(shop, 1));
    await waitFor('the answer', () => healths(shop).length === 1);
    const slow = new Gate();
    house.dummy.healthOf.set(shop.connection, slow);
    const asked = house.dummy.count(`verify ${shop.connection}`);
    await waitFor('a question under version 1', () => house.dummy.count(`verify ${shop.connection}`) > asked);
    house.dummy.healthOf.set(shop.connection, { is: 'up', tradePoints: null });
    await own.send(house.put(shop, 2));
    await own.send(house.verify(shop, 2));
    await waitFor('the recovery', () => healths(shop).at(-1)?.health === 'up');
    slow.open();
    await own.close();
    expect(healths(shop).map((told) => [told.health, told.connection_version])).toEqual([
      ['down', 1],
      ['up', 2],
    ]);
  });
});

describe('the device behind a desk', () => {
  it('is registered at its first payment and never again', async () => {
    const shop = await house.openShop(replica);
    const first = await paidBy(shop);
    const second = await paidBy(shop);
    expect(first?.token).toContain(DEVICE_SECRET);
    expect(second?.token).toBe(first?.token);
    expect(house.dummy.count(`register ${shop.desk}`)).toBe(1);
  });

  it('registered ahead is used by the first payment', async () => {
    const shop = await house.openShop(replica);
    await replica.send(house.register(shop, 'tp-1'));
    expect(await waitFor('the news', () => devices(shop)[0])).toMatchObject({ seq: 1, status: 'registered' });
    await paidBy(shop);
    expect(house.dummy.count(`register ${shop.desk}`)).toBe(1);
  });

  it('that the provider has forgotten is registered once more, and the payment goes on', async () => {
    const shop = await house.openShop(replica);
    const before = await paidBy(shop);
    house.dummy.loseDevice(shop.desk);
    const after = await paidBy(shop);
    expect(after?.token).not.toBe(before?.token);
    expect(house.dummy.count(`register ${shop.desk}`)).toBe(2);
  });

  it('that the provider never knows fails the payment after one more registration', async () => {
    const shop = await house.openShop(replica);
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: ['device_unknown'] });
    await replica.send(house.begin(payment));
    expect((await house.until(payment, 'failed')).failure?.code).toBe('device');
    expect(house.dummy.count(`register ${shop.desk}`)).toBe(2);
    expect(house.dummy.count(`start ${payment.id}`)).toBe(2);
  });

  it('in another trade point is another device', async () => {
    const shop = await house.openShop(replica);
    const here = await paidBy(shop, { tradePointRef: 'tp-1' });
    const there = await paidBy(shop, { tradePointRef: 'tp-2' });
    expect(here?.token).toContain('tp-1');
    expect(there?.token).toContain('tp-2');
  });

  it('is deleted at the provider, and the next payment registers anew', async () => {
    const shop = await house.openShop(replica);
    const before = await paidBy(shop);
    await replica.send(house.deleteDevice(shop));
    await waitFor('the news', () => devices(shop)[0]?.status === 'deleted');
    expect(house.dummy.count(`delete ${before?.token}`)).toBe(1);
    expect((await paidBy(shop))?.token).not.toBe(before?.token);
  });

  it('that was never registered is as good as deleted', async () => {
    const shop = await house.openShop(replica);
    await replica.send(house.deleteDevice(shop));
    await waitFor('the news', () => devices(shop)[0]?.status === 'deleted');
  });

  it('whose registration is refused is told as failed, and so is a payment of it', async () => {
    const shop = await house.openShop(replica);
    house.dummy.deviceAnswer = { is: 'refused', failure: dummyFailure('no_such_trade_point') };
    await replica.send(house.register(shop, 'tp-1'));
    expect(await waitFor('the news', () => devices(shop)[0])).toMatchObject({
      status: 'failed',
      failure: { code: 'no_such_trade_point' },
    });
    const payment = house.payment(shop);
    await replica.send(house.begin(payment));
    expect((await house.until(payment, 'failed')).failure?.code).toBe('no_such_trade_point');
    house.dummy.deviceAnswer = null;
  });

  it('of a desk that changes its connection is registered under the new one', async () => {
    const old = await house.openShop(replica);
    await replica.send(house.register(old, 'tp-1'));
    await waitFor('the news', () => devices(old).length === 1);
    const moved: Shop = { ...old, connection: house.ids.next('con') };
    await replica.send(house.register(moved, 'tp-1'));
    await waitFor('it to wait for its connection', () => givenBack('lane', moved.desk));
    await replica.send(house.put(moved, 1));
    await waitFor('the news', () => devices(moved).length === 2);
    expect(devices(moved)[1]).toMatchObject({ connection_id: moved.connection, status: 'registered', seq: 2 });
  });
});

describe('work of one lane', () => {
  it('is done in its order, one after the other, however it arrives', async () => {
    const shop = await house.openShop(replica);
    await replica.send(house.register(shop, 'tp-1'), house.deleteDevice(shop), house.register(shop, 'tp-2'));
    await waitFor('all three', () => devices(shop).length === 3);
    expect(devices(shop).map((told) => [told.seq, told.status])).toEqual([
      [1, 'registered'],
      [2, 'deleted'],
      [3, 'registered'],
    ]);
  });

  it.each([
    ['in one batch', true],
    ['apart', false],
  ])('keeps its order where the first must wait for settings that are not here yet (%s)', async (_name, together) => {
    const shop = await house.openShop(replica);
    const commands = [house.register(shop, 'tp-1', 2), house.deleteDevice(shop)];
    if (together) await replica.send(...commands);
    else for (const command of commands) await replica.send(command);
    await waitFor('the first to be given back', () => givenBack('lane', shop.desk));
    expect(devices(shop)).toEqual([]);
    await replica.send(house.put(shop, 2));
    await waitFor('both', () => devices(shop).length === 2);
    expect(devices(shop).map((told) => told.status)).toEqual(['registered', 'deleted']);
  });

  it('waits for what it must come after', async () => {
    const shop = await house.openShop(replica);
    const first = house.register(shop, 'tp-1');
    const second = house.register({ ...shop, desk: house.ids.next('dsk') }, 'tp-1');
    const { op_id: after } = first.body as { op_id: string };
    await replica.send({ ...second, body: { ...(second.body as object), after } });
    // Work that only the sweeper begins, and that came later: when it is done, the sweeper has passed by.
    const passing = { ...shop, desk: house.ids.next('dsk') };
    await replica.send(house.register(passing, 'tp-1'), house.deleteDevice(passing));
    await waitFor('the sweeper to have passed', () => devices(passing).length === 2);
    expect(house.dummy.count(`register ${second.subject}`)).toBe(0);
    await replica.send(first);
    await waitFor('the second', () => house.told(second.subject).length === 1);
    const made = house.dummy.calls.filter((call) =>
      [`register ${shop.desk}`, `register ${second.subject}`].includes(call),
    );
    expect(made).toEqual([`register ${shop.desk}`, `register ${second.subject}`]);
  });
});

describe('secrets', () => {
  it('of devices and credentials are in no message, no log line and no table of this service', async () => {
    const shop = house.shop();
    const credential = await house.credential(uuidFromId('ten', shop.tenant) ?? '');
    await replica.send(house.put(shop, 1, { credential }));
    const payment = house.payment(shop);
    house.dummy.script(payment.id, { starts: ['ok'], checks: ['throws', 'truth'] });
    await replica.send(house.begin(payment), house.verify(shop, 1));
    await house.until(payment, 'requires_customer');
    const broken = house.payment(shop);
    house.dummy.script(broken.id, { starts: ['throws'] });
    await replica.send(house.begin(broken));
    await waitFor('the broken call in the log', () =>
      house.logLines.some((line) => line.includes(`${broken.id}:start`)),
    );
    expect(house.dummy.starts(payment.id)[0]?.token).toContain(DEVICE_SECRET);
    const db = await house.sql();
    const tables = await db.query<{ text: string }>(
      `SELECT (SELECT string_agg(s::text, ' ') FROM subject s) || (SELECT string_agg(o::text, ' ') FROM operation o)
           || (SELECT string_agg(encode(b.sealed, 'escape'), ' ') FROM device_binding b)
           || (SELECT string_agg(c::text, ' ') FROM connection c) AS text`,
    );
    const everything = JSON.stringify(house.events) + house.logLines.join('') + (tables[0]?.text ?? '');
    expect(everything).toContain(credential);
    expect(everything).not.toContain(DEVICE_SECRET);
    expect(everything).not.toContain(CREDENTIAL_SECRET);
  });
});
