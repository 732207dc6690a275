import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { deviceState } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import { dummyFailure } from './dummy-provider.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { type Shop } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
});
beforeEach(() => {
  house.dummy.deviceAnswer = null;
});
afterAll(() => house.close());

function devices(shop: Shop) {
  return house.told(shop.desk).map((event) => deviceState.consume.parse(event.body));
}

/** The device of that desk as it was told last. */
function told(shop: Shop, status: string) {
  return waitFor(`the device to be ${status}`, () => devices(shop).find((state) => state.status === status));
}

const away = (code: string) => ({ is: 'unreachable' as const, failure: dummyFailure(code) });

/** For how long the only operation of this desk was put back, once it has been tried so often; rounded to seconds. */
async function pauseAfter(shop: Shop, tries: number): Promise<number> {
  const db = await house.sql();
  return waitFor(`try ${tries} to be given back`, async () => {
    if (house.dummy.count(`register ${shop.desk}`) !== tries) return undefined;
    const [row] = await db.query<{ s: number }>(
      `SELECT extract(epoch FROM lease_until - now())::float8 AS s FROM operation
        WHERE lane = $1 AND state = 'accepted' AND lease_owner IS NULL AND lease_until > now()`,
      [shop.desk],
    );
    return row === undefined ? undefined : Math.round(row.s);
  });
}

/** As if the pause were over. */
async function endPause(shop: Shop): Promise<void> {
  const db = await house.sql();
  await db.query(`UPDATE operation SET lease_until = now() WHERE lane = $1 AND state = 'accepted'`, [shop.desk]);
}

describe('a device whose provider cannot be asked', () => {
  it('is told with the reason, once, and registered as soon as the provider answers', async () => {
    const shop = await house.openShop(replica);
    house.dummy.deviceAnswer = away('bank_away');
    await replica.send(house.register(shop, 'tp-1'));
    expect((await told(shop, 'pending')).failure).toEqual(dummyFailure('bank_away'));
    for (const tries of [1, 2, 3]) {
      await pauseAfter(shop, tries);
      await endPause(shop);
    }
    await pauseAfter(shop, 4);
    expect(devices(shop)).toHaveLength(1);
    house.dummy.deviceAnswer = away('another_reason');
    await endPause(shop);
    await waitFor('the other reason', () => devices(shop).length === 2);
    expect(devices(shop)[1]?.failure?.code).toBe('another_reason');
    house.dummy.deviceAnswer = null;
    await pauseAfter(shop, 5);
    await endPause(shop);
    expect(await told(shop, 'registered')).toMatchObject({ seq: 3, failure: null });
  });

  it('is tried with pauses as long as the trouble has lasted, and never longer than five minutes', async () => {
    const shop = await house.openShop(replica);
    house.dummy.deviceAnswer = away('bank_away');
    await replica.send(house.register(shop, 'tp-1'));
    const pauses: number[] = [];
    for (const [index, leapMs] of [0, 30_000, 90_000, 3_600_000].entries()) {
      house.clock.leap(leapMs);
      if (index > 0) await endPause(shop);
      pauses.push(await pauseAfter(shop, index + 1));
    }
    const [first, second = 0, third = 0, fourth] = pauses;
    expect(first).toBe(5);
    expect(second).toBeGreaterThanOrEqual(29);
    expect(second).toBeLessThan(90);
    expect(third).toBeGreaterThanOrEqual(119);
    expect(third).toBeLessThan(300);
    expect(fourth).toBe(300);
  });

  it('is asked for at once when somebody has the connection verified', async () => {
    const shop = await house.openShop(replica);
    house.dummy.deviceAnswer = away('bank_away');
    await replica.send(house.register(shop, 'tp-1'));
    await pauseAfter(shop, 1);
    house.clock.leap(3_600_000);
    await endPause(shop);
    expect(await pauseAfter(shop, 2)).toBe(300);
    house.dummy.deviceAnswer = null;
    await replica.send(house.verify(shop, 1));
    await told(shop, 'registered');
  });

  it('asked for anew is told with its reason, though it failed for that reason before', async () => {
    const shop = await house.openShop(replica);
    house.dummy.deviceAnswer = { is: 'refused', failure: dummyFailure('bank_away') };
    await replica.send(house.register(shop, 'tp-1'));
    await waitFor('the refusal', () => devices(shop).length === 1);
    house.dummy.deviceAnswer = away('bank_away');
    await replica.send(house.register(shop, 'tp-1'));
    await waitFor('the reason again', () => devices(shop).length === 2);
  });
});

describe('a desk that moved to other trade points', () => {
  async function registeredAt(shop: Shop, ...points: readonly string[]): Promise<void> {
    for (const point of points) {
      const before = devices(shop).length;
      await replica.send(house.register(shop, point));
      await waitFor(`the device in ${point}`, () => devices(shop)[before]?.status === 'registered');
    }
  }
  const deleted = () => house.dummy.calls.filter((call) => call.startsWith('delete'));

  it('leaves no device switched on at the provider when it is deleted', async () => {
    const shop = await house.openShop(replica);
    const before = deleted().length;
    await registeredAt(shop, 'tp-1', 'tp-2', 'tp-1', 'tp-3');
    await replica.send(house.deleteDevice(shop));
    await told(shop, 'deleted');
    const made = deleted().slice(before);
    expect(made).toHaveLength(3);
    for (const point of ['tp-1', 'tp-2', 'tp-3'])
      expect(made.filter((call) => call.includes(`${shop.desk}@${point}`))).toHaveLength(1);
    // Nothing of them is kept: the next deletion has nothing to do.
    await replica.send(house.deleteDevice(shop));
    await waitFor('the second deletion', () => devices(shop).filter(({ status }) => status === 'deleted').length === 2);
    expect(deleted()).toHaveLength(before + 3);
  });

  it('goes on deleting where it was interrupted, and tells the end alone', async () => {
    const shop = await house.openShop(replica);
    await registeredAt(shop, 'tp-1', 'tp-2');
    const [news, before] = [devices(shop).length, deleted().length];
    house.dummy.deviceAnswer = away('bank_away');
    await replica.send(house.deleteDevice(shop));
    await waitFor('the first try', () => deleted().length === before + 1);
    house.dummy.deviceAnswer = null;
    const db = await house.sql();
    await waitFor('the operation to be given back', async () => {
      const rows = await db.query(
        `SELECT FROM operation WHERE lane = $1 AND state = 'accepted' AND lease_owner IS NULL`,
        [shop.desk],
      );
      return rows.length === 1;
    });
    await endPause(shop);
    await told(shop, 'deleted');
    expect(devices(shop)).toHaveLength(news + 1);
    expect(deleted()).toHaveLength(before + 3);
  });
});
