import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryPollSchedule } from '@tolem/coordination';
import { systemClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { KitHouse } from '../../test/kit-house.ts';
import { type Payment } from '../../test/stand-in-gateway.ts';

let house: KitHouse;
beforeAll(async () => {
  house = await KitHouse.open();
});
afterAll(() => house.close());

describe('a re-seeding', () => {
  it('reads the rows of nothing but what is lost, and puts only that back', async () => {
    const schedule = new MemoryPollSchedule(systemClock);
    const own = await house.start({ schedule, settings: { reseedEveryMs: 30 } });
    const shop = await house.openShop(own);
    const begin = async (): Promise<Payment> => {
      const payment = house.payment(shop);
      house.dummy.script(payment.id, { waiting: { intervalMs: 3_600_000 } });
      await own.send(house.begin(payment));
      await house.until(payment, 'requires_customer');
      await waitFor('the entry', async () => (await schedule.missing([payment.id])).length === 0);
      return payment;
    };
    const [lost, kept] = [await begin(), await begin()];

    let seedings = 0;
    let rows = 0;
    const stop = own.service.db.onRoundTrip((sql) => {
      if (sql.startsWith('SELECT id FROM subject')) seedings += 1;
      if (sql.startsWith('SELECT * FROM subject WHERE look_at')) rows += 1;
    });
    await waitFor('some re-seedings', () => seedings >= 3);
    expect(rows).toBe(0);

    // Both would be heard of only an hour later: what is put back is asked about at once.
    for (const { id } of [lost, kept]) house.dummy.buyer(id, 'paid');
    await schedule.remove(lost.id);
    await house.until(lost, 'succeeded');
    expect(rows).toBeGreaterThan(0);
    const before = seedings;
    await waitFor('another re-seeding', () => seedings > before);
    expect(house.last(kept.id)?.phase).toBe('requires_customer');
    expect(await schedule.missing([kept.id])).toEqual([]);
    stop();
    await own.close();
  });
});
