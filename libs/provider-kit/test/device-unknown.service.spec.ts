import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import type { RefundScript } from './dummy-refunds.ts';
import type { Script } from './dummy-provider.ts';
import { Gate } from './gate.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { PURCHASE, type Refund, RefundDesk } from './refund-desk.ts';
import { type Payment, type Shop } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;
let shop: Shop;
let desk: RefundDesk;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
});
afterAll(() => house.close());
// A desk of its own, so that no other payment registers its device.
beforeEach(async () => {
  shop = await house.openShop(replica);
  desk = new RefundDesk(house, shop);
});

/** The provider loses the desk's device at this place. */
class DeviceLoss extends Gate {
  override async arrive(): Promise<void> {
    this.open();
    house.dummy.loseDevice(shop.desk);
    await super.arrive();
  }
}

const registered = (): number => house.dummy.count(`register ${shop.desk}`);
const count = (call: string, { id }: Payment): number => house.dummy.count(`${call} ${id}`);

async function begun(method: string, script: Script): Promise<Payment> {
  const payment = house.payment(shop, { method });
  house.dummy.script(payment.id, script);
  await replica.send(house.begin(payment));
  return payment;
}

async function invoice(script: Script = {}, withinMs = 60_000): Promise<Payment> {
  const askedForOnly = { is: 'asked_for_only' as const, customerWithinMs: withinMs };
  const payment = await begun('dummy_invoice', { askedForOnly, ...script });
  await house.until(payment, 'requires_customer');
  return payment;
}

async function stateOf(id: string): Promise<string | undefined> {
  const db = await house.sql();
  const [row] = await db.query<{ state: string }>(
    'SELECT state FROM operation WHERE subject_id = $1 ORDER BY lane_no DESC LIMIT 1',
    [id],
  );
  return row?.state;
}

describe('a device that the provider has forgotten is registered again, once, and the call made once more', () => {
  it('where a payment is taken back', async () => {
    const payment = await invoice();
    house.dummy.loseDevice(shop.desk);
    await replica.send(house.cancel(payment));
    expect(await house.until(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' } });
    expect([count('cancel', payment), registered()]).toEqual([2, 2]);
  });

  it('where a payment is given up at its end', async () => {
    const payment = await invoice({}, 400);
    house.dummy.loseDevice(shop.desk);
    await house.until(payment, 'canceled');
    expect([count('give up', payment), count('check', payment), registered()]).toEqual([2, 1, 2]);
  });

  it('where a payment is compared with the provider’s books', async () => {
    const payment = await begun('dummy_verified', {});
    await house.until(payment, 'requires_customer');
    house.dummy.loseDevice(shop.desk);
    house.dummy.buyer(payment.id, 'paid');
    await house.until(payment, 'succeeded');
    await waitFor('the comparison', async () => {
      const db = await house.sql();
      const rows = await db.query('SELECT 1 FROM subject WHERE id = $1 AND look_at IS NULL', [payment.id]);
      return rows.length === 1;
    });
    expect([count('verify paid', payment), registered()]).toEqual([2, 2]);
  });

  it('where the buyer’s purchases are asked for', async () => {
    const buyers = await house.openShop(replica, 'with_buyer');
    const counter = new RefundDesk(house, buyers);
    const refund = await counter.begin(
      replica,
      { identifieds: ['pending'], lists: [[PURCHASE]] },
      { purchaseRef: PURCHASE.ref },
    );
    await counter.until(refund, 'requires_customer');
    house.dummy.loseDevice(buyers.desk);
    house.dummy.refunds.script(refund.id, { identifieds: ['identified'], lists: [[PURCHASE]] });
    await counter.until(refund, 'succeeded');
    expect([counter.count('purchases', refund), house.dummy.count(`register ${buyers.desk}`)]).toEqual([2, 2]);
  });

  it('where it is found out what became of a charge', async () => {
    const payment = await begun('dummy_once', { starts: ['lost_after'], afterStart: new DeviceLoss() });
    expect(await house.until(payment, 'requires_customer')).toMatchObject({ evidence: 'inferred' });
    expect([house.dummy.starts(payment.id).length, registered()]).toEqual([1, 2]);
  });

  it('where it is found out what became of a return of money: it is not left to a person', async () => {
    const refund = await lostReturn({});
    expect(await desk.until(refund, 'succeeded')).toMatchObject({ evidence: 'inferred' });
    expect(desk.states(refund).map(({ phase }) => phase)).not.toContain('unknown');
    expect([desk.returns(refund).length, desk.count('resolve', refund), registered()]).toEqual([1, 2, 2]);
  });
});

describe('a device that stays unknown', () => {
  it('leaves a payment open whose cancel it refuses, after one new registration', async () => {
    const payment = await invoice({ cancels: ['device_unknown'] });
    await replica.send(house.cancel(payment));
    await waitFor('the operation to end', async () => (await stateOf(payment.id)) === 'done');
    expect(house.last(payment.id)).toMatchObject({ phase: 'requires_customer', cancel: { result: 'pending' } });
    expect([count('cancel', payment), registered()]).toEqual([2, 2]);
  });

  it('fails a refund whose buyer’s purchases it refuses to list', async () => {
    const counter = new RefundDesk(house, await house.openShop(replica, 'with_buyer'));
    const refund = await counter.begin(replica, { identifieds: ['identified'], lists: ['device_unknown'] });
    expect((await counter.until(refund, 'failed')).failure?.code).toBe('device_unknown');
    expect([counter.count('purchases', refund), counter.returns(refund).length]).toEqual([2, 0]);
  });

  it('leaves a return in doubt, which is found out as soon as the provider knows one again', async () => {
    const refund = await lostReturn({ resolves: ['device_unknown'] });
    await desk.until(refund, 'unknown');
    house.dummy.refunds.script(refund.id, {});
    expect(await desk.until(refund, 'succeeded')).toMatchObject({ evidence: 'inferred' });
    expect(desk.returns(refund)).toHaveLength(1);
  });
});

describe('a return that was proven to be nothing, whose device is gone before it is sent again', () => {
  it('is sent once more only after the books have been read through a device that the provider knows', async () => {
    await replica.close();
    // One reading is the proof here, so that the script knows which one comes before the repeat.
    replica = await house.start({ settings: { unchangedReadings: 1, unchangedOverMs: 0, resolveAfterMs: 0 } });
    const refund = await desk.begin(replica, {
      sends: ['lost_before', 'ok'],
      resolves: ['not_performed', 'device_unknown', 'not_performed'],
    });
    expect(await desk.until(refund, 'succeeded')).toMatchObject({ evidence: 'stated' });
    expect([desk.returns(refund).length, desk.count('return', refund), registered()]).toEqual([1, 2, 2]);
  });
});

/** Money went back, nobody heard it, and meanwhile the provider has forgotten the device. */
function lostReturn(script: RefundScript): Promise<Refund> {
  return desk.begin(replica, { sends: ['lost_after'], afterSend: new DeviceLoss(), ...script });
}
