import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemorySlots, type SlotKind } from '@tolem/coordination';
import { waitFor } from '@tolem/testing';
import type { Script } from './dummy-provider.ts';
import { Gate } from './gate.ts';
import { KitHouse, QUICK, type Replica } from './kit-house.ts';
import { type Payment, type Shop } from './stand-in-gateway.ts';

/** As long as the process that heard of the money has for its question. */
const ITS_TIME_MS = 2 * QUICK.callMs;

let house: KitHouse;
let shop: Shop;

beforeAll(async () => {
  house = await KitHouse.open();
  shop = await house.openShop(await house.start());
});
afterAll(() => house.close());

/** Is paid as soon as somebody asks. */
async function paid(replica: Replica, script: Script = {}): Promise<Payment> {
  const payment = house.payment(shop, { method: 'dummy_verified' });
  house.dummy.script(payment.id, script);
  house.dummy.buyer(payment.id, 'paid');
  await replica.send(house.begin(payment));
  await house.until(payment, 'succeeded');
  return payment;
}

const asked = ({ id }: Payment): number => house.dummy.count(`verify paid ${id}`);

async function isCompared({ id }: Payment): Promise<boolean> {
  const db = await house.sql();
  const [row] = await db.query<{ look_at: Date | null }>('SELECT look_at FROM subject WHERE id = $1', [id]);
  return row?.look_at === null;
}

const isWrite = (sql: string): boolean => /^\s*(--[^\n]*\n)*\s*(WITH|INSERT|UPDATE|DELETE)/i.test(sql);
const isUpkeep = (sql: string): boolean =>
  sql.startsWith('DELETE FROM outbox') || sql.includes('FOR UPDATE') || sql.includes('UPDATE outbox SET claimed_until');

/** No room for what may wait. */
class BusySlots extends MemorySlots {
  isBusy = true;

  override async tryTake(key: string, kind: SlotKind): Promise<(() => void) | undefined> {
    return kind === 'background' && this.isBusy ? undefined : super.tryTake(key, kind);
  }
}

describe('comparing what was really paid', () => {
  it('costs one call and one statement, and reads nothing that the payment itself does not read', async () => {
    const replica = await house.start();
    // From here on the connection and the device are known.
    const first = await paid(replica);
    await waitFor('the first comparison', () => isCompared(first));
    const statements: string[] = [];
    const stop = replica.service.db.onRoundTrip((sql) => void statements.push(sql));
    const payment = await paid(replica);
    await waitFor('the comparison', () => isCompared(payment));
    stop();
    // Accept, started, paid, compared.
    expect(statements.filter((sql) => isWrite(sql) && !isUpkeep(sql))).toHaveLength(4);
    expect(statements.filter((sql) => sql.startsWith('SELECT * FROM subject WHERE id'))).toHaveLength(1);
    expect(asked(payment)).toBe(1);
    await replica.close();
  });

  it('is done by another process where the one that heard of the money died while it asked', async () => {
    const held = new Gate();
    const first = await house.start();
    const payment = await paid(first, { duringVerifyPaid: held });
    await waitFor('the question', () => held.arrived === 1);
    await first.kill();
    held.open();
    const second = await house.start({ settings: { reseedEveryMs: 30 } });
    expect(asked(payment)).toBe(1);
    house.clock.leap(ITS_TIME_MS);
    await waitFor('the comparison', () => isCompared(payment));
    expect(asked(payment)).toBe(2);
    expect(house.states(payment.id)).toHaveLength(2);
    await second.close();
  });

  it('waits for room that it does not find at once, and is done once', async () => {
    const slots = new BusySlots();
    const replica = await house.start({ slots });
    const payment = await paid(replica);
    slots.isBusy = false;
    expect(asked(payment)).toBe(0);
    house.clock.leap(ITS_TIME_MS);
    await waitFor('the comparison', () => isCompared(payment));
    expect(asked(payment)).toBe(1);
    await replica.close();
  });

  it('that nobody could make is given up after five tries, and counted', async () => {
    const replica = await house.start();
    const counted = async (): Promise<string | undefined> =>
      /^tolem_payments_never_verified_total\{provider="dummy"\} (\d+)$/m.exec(await replica.metrics.text())?.[1];
    expect(await counted()).toBe('0');
    const payment = await paid(replica, { verifications: [{ is: 'unreachable', reason: 'silence' }] });
    await waitFor('the giving up', () => isCompared(payment));
    await waitFor('the count', async () => (await counted()) === '1');
    expect(asked(payment)).toBe(5);
    expect(house.last(payment.id)).toMatchObject({ phase: 'succeeded', amount: payment.amount });
    await replica.close();
  });

  it('takes nothing back that happened while it asked: a cancel stays answered beside what the books say', async () => {
    const held = new Gate();
    const replica = await house.start();
    const amountMinor = 148_999;
    const payment = house.payment(shop, { method: 'dummy_verified' });
    const providerRef = `ref-${payment.id}-1`;
    house.dummy.script(payment.id, {
      duringVerifyPaid: held,
      verifications: [{ is: 'details', providerRef, amountMinor }],
    });
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.begin(payment));
    await waitFor('the question', () => held.arrived === 1);
    await replica.send(house.cancel(payment));
    await waitFor('the answer to the cancel', () => house.last(payment.id)?.cancel?.result === 'not_possible');
    held.open();
    await waitFor('the snapshot', () => house.last(payment.id)?.amount === amountMinor);
    expect(house.last(payment.id)).toMatchObject({ seq: 4, phase: 'succeeded', cancel: { result: 'not_possible' } });
    expect(await isCompared(payment)).toBe(true);
    expect(asked(payment)).toBe(1);
    await replica.close();
  });
});
