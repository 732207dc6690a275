import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { Gate } from './gate.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { RefundDesk } from './refund-desk.ts';
import { UNTIL_DEADLINE_MS } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;
let desk: RefundDesk;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
  desk = new RefundDesk(house, await house.openShop(replica));
});
afterAll(() => house.close());

const isWrite = (sql: string): boolean => /^\s*(--[^\n]*\n)*\s*(WITH|INSERT|UPDATE|DELETE)/i.test(sql);
const isUpkeep = (sql: string): boolean =>
  sql.startsWith('DELETE FROM outbox') || sql.includes('FOR UPDATE') || sql.includes('UPDATE outbox SET claimed_until');

describe('a refund at once', () => {
  it('returns the money in one call, told in one snapshot with the provider’s own id', async () => {
    const refund = await desk.begin(replica, {});
    expect(await desk.until(refund, 'succeeded')).toMatchObject({
      seq: 2,
      amount: 49_000,
      purchase_ref: refund.purchaseRef,
      provider_ref: desk.returns(refund)[0]?.ref,
      next_action: null,
      failure: null,
      evidence: 'stated',
    });
    expect(desk.states(refund)).toHaveLength(1);
    expect(desk.returns(refund)).toMatchObject([{ amountMinor: 49_000, customerRef: null }]);
    expect(desk.returns(refund)[0]?.token).toContain(`${desk.shop.desk}@tp-1`);
  });

  it('costs three writing round trips: accept, about to send, returned', async () => {
    const own = await house.start();
    await desk.until(await desk.begin(own, {}), 'succeeded');
    const writes: string[] = [];
    const stop = own.service.db.onRoundTrip((sql) => {
      if (isWrite(sql) && !isUpkeep(sql)) writes.push(sql);
    });
    await desk.until(await desk.begin(own, {}), 'succeeded');
    stop();
    expect(writes).toHaveLength(3);
    await own.close();
  });

  it('is about to be sent, committed as critical, before it leaves', async () => {
    const held = new Gate();
    const refund = await desk.begin(replica, { beforeSend: held });
    await waitFor('the call', () => held.arrived === 1);
    expect(await desk.operations(refund)).toMatchObject([{ class: 'critical', state: 'sent', sends: 1 }]);
    held.open();
    await desk.until(refund, 'succeeded');
  });

  it('delivered five times, together and apart, returns the money once and tells its end again', async () => {
    const refund = desk.refund();
    await replica.send(...Array.from({ length: 3 }, () => desk.start(refund)));
    await desk.until(refund, 'succeeded');
    await replica.send(desk.start(refund));
    await replica.send(desk.start(refund));
    // Those of the first batch may be told that it is under way.
    const ends = () => desk.states(refund).filter(({ phase }) => phase === 'succeeded');
    await waitFor('the repeats to be answered', () => ends().length >= 3);
    expect(desk.returns(refund)).toHaveLength(1);
    expect(new Set(ends().map((state) => state.seq))).toEqual(new Set([2]));
  });

  it.each([
    ['of more than is left', { amount: 49_001 }, 'too_much', 'refund_too_much'],
    ['whose amount nobody named', { amount: null }, 'purchase_missing', 'refund_not_possible'],
    ['whose purchase nobody named', { purchaseRef: null }, 'purchase_missing', 'refund_not_possible'],
  ])('%s fails and sends nothing', async (_name, more, code, key) => {
    const purchaseRef = `purchase with little left ${house.ids.next('op')}`;
    house.dummy.refunds.refundable.set(purchaseRef, 49_000);
    const refund = await desk.begin(replica, {}, { purchaseRef, ...more });
    expect((await desk.until(refund, 'failed')).failure).toMatchObject({ code, cashier_key: key });
    expect(desk.count('return', refund)).toBe(0);
  });

  it('that the provider refuses fails with its words, asked once', async () => {
    const refund = await desk.begin(replica, { sends: ['refused'] });
    expect((await desk.until(refund, 'failed')).failure).toMatchObject({ code: 'refused', provider_code: 'D-2' });
    expect(desk.count('return', refund)).toBe(1);
    expect(desk.count('resolve', refund)).toBe(0);
  });

  it('whose deadline has passed sends nothing: not_started', async () => {
    const refund = await desk.begin(replica, {}, { startBy: house.clock.now() - 1 });
    expect((await desk.until(refund, 'failed')).failure).toMatchObject({
      code: 'not_started',
      cashier_key: 'refund_failed',
    });
    expect(desk.count('note', refund)).toBe(0);
  });

  it('whose purchase cannot be read is tried until its deadline and then not started', async () => {
    const refund = await desk.begin(replica, { note: 'unreachable' });
    await waitFor('the first try', () => desk.count('note', refund) > 0);
    house.clock.leap(UNTIL_DEADLINE_MS);
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('not_started');
    expect(desk.count('return', refund)).toBe(0);
  });

  it('that certainly was not sent is tried again and returned once', async () => {
    const refund = await desk.begin(replica, { sends: ['not_sent', 'ok'] });
    await desk.until(refund, 'succeeded');
    expect(desk.returns(refund)).toHaveLength(1);
    expect(desk.count('resolve', refund)).toBe(0);
  });

  it('through a device that the provider has forgotten registers it again and returns the money once', async () => {
    house.dummy.loseDevice(desk.shop.desk);
    const registered = house.dummy.count(`register ${desk.shop.desk}`);
    const refund = await desk.begin(replica, {});
    await desk.until(refund, 'succeeded');
    expect(house.dummy.count(`register ${desk.shop.desk}`)).toBe(registered + 1);
    expect(desk.count('return', refund)).toBe(2);
    expect(desk.returns(refund)).toHaveLength(1);
    expect(await desk.operations(refund)).toMatchObject([{ sends: 1, state: 'done' }]);
  });

  it('through a device that stays unknown fails after one new registration', async () => {
    const refund = await desk.begin(replica, { sends: ['device_unknown'] });
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('device');
    expect(desk.count('return', refund)).toBe(2);
    expect(desk.returns(refund)).toHaveLength(0);
  });

  it('under a connection that is switched off is not begun', async () => {
    const closed = new RefundDesk(house, house.shop());
    await replica.send(house.put(closed.shop, 1, { enabled: false }));
    const refund = await closed.begin(replica, {});
    expect((await closed.until(refund, 'failed')).failure?.code).toBe('connection_disabled');
    expect(closed.count('note', refund)).toBe(0);
  });

  it('where money goes back by hand alone says so to the cashier', async () => {
    const byHand = new RefundDesk(house, await house.openShop(replica, 'by_hand'));
    const refund = await byHand.begin(replica, {});
    expect((await byHand.until(refund, 'failed')).failure).toMatchObject({
      code: 'refund_not_supported',
      cashier_key: 'refund_by_hand',
    });
    expect(byHand.count('note', refund)).toBe(0);
  });
});

describe('a refund that lost its answer', () => {
  it('and was performed is found out by reading, not by repeating', async () => {
    const refund = await desk.begin(replica, { sends: ['lost_after'] });
    expect(await desk.until(refund, 'succeeded')).toMatchObject({ evidence: 'inferred', provider_ref: null });
    expect(desk.count('return', refund)).toBe(1);
    expect(desk.returns(refund)).toHaveLength(1);
  });

  it('and was not performed is sent once more, after three readings over the whole wait, though its deadline is over', async () => {
    const refund = await desk.begin(replica, { sends: ['lost_before', 'ok'] });
    await waitFor('the loss', () => desk.count('return', refund) === 1);
    house.clock.leap(UNTIL_DEADLINE_MS);
    await desk.until(refund, 'succeeded');
    expect(desk.count('resolve', refund)).toBeGreaterThanOrEqual(3);
    expect(desk.returns(refund)).toHaveLength(1);
    expect(desk.returns(refund)[0]?.at ?? 0).toBeGreaterThan(refund.startBy);
    expect(await desk.operations(refund)).toMatchObject([{ attempt: 2, sends: 2, state: 'done' }]);
  });

  it('is not judged by fewer readings than three in a row: an unclear one begins the count anew', async () => {
    const refund = await desk.begin(replica, {
      sends: ['lost_before'],
      resolves: ['not_performed', 'not_performed', 'unclear', 'not_performed'],
      afterNotPerformed: 'refuse',
    });
    await waitFor('the unclear reading', () => desk.count('resolve', refund) >= 3);
    await waitFor('the second sending', () => desk.count('return', refund) === 2);
    expect(desk.count('resolve', refund)).toBeGreaterThanOrEqual(6);
  });

  it('is not judged by three readings closer together than they must be', async () => {
    const own = await house.start({ settings: { resolveAfterMs: 50, unchangedOverMs: 700 } });
    const other = new RefundDesk(house, await house.openShop(own));
    await replica.close();
    const begun = house.clock.now();
    const refund = await other.begin(own, { sends: ['lost_before', 'ok'] });
    await other.until(refund, 'succeeded');
    // Without that rule a quarter of it would do.
    expect((other.returns(refund)[0]?.at ?? 0) - begun).toBeGreaterThanOrEqual(700);
    replica = await house.start();
    await own.close();
  });

  describe('and was proven not performed', () => {
    let own: Replica;
    let shop: RefundDesk;
    beforeAll(async () => {
      await replica.close();
      // One reading is proof, so that what comes after it is known to come after it.
      own = await house.start({ settings: { resolveAfterMs: 0, unchangedOverMs: 0, unchangedReadings: 1 } });
      shop = new RefundDesk(house, await house.openShop(own));
    });
    afterAll(async () => {
      await own.close();
      replica = await house.start();
    });

    it('is not repeated where the provider has performed it after that', async () => {
      const refund = await shop.begin(own, { sends: ['lost_after', 'ok'], resolves: ['not_performed', 'truth'] });
      expect(await shop.until(refund, 'succeeded')).toMatchObject({ evidence: 'inferred', provider_ref: null });
      expect(shop.returns(refund)).toHaveLength(1);
      expect(await shop.operations(refund)).toMatchObject([{ attempt: 2, sends: 1, state: 'done' }]);
    });

    it.each([
      ['the same sum is taken for it', 49_000, 'succeeded'],
      ['another sum is left to a person', 10_000, 'unknown'],
    ] as const)('is not repeated on top of what somebody else has returned: %s', async (_name, amountMinor, phase) => {
      const held = new Gate();
      const script = { beforeSend: held, sends: ['lost_before', 'ok'], resolves: ['not_performed', 'truth'] } as const;
      const refund = await shop.begin(own, script);
      await waitFor('the call', () => held.arrived === 1);
      house.dummy.refunds.returnedByHand(refund.purchaseRef ?? '', amountMinor);
      held.open();
      await shop.until(refund, phase);
      expect(shop.count('return', refund)).toBe(1);
      expect(shop.returns(refund)).toHaveLength(0);
    });
  });

  it('twice and was never performed ends failed after one repeat', async () => {
    const refund = await desk.begin(replica, { sends: ['lost_before'] });
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('not_performed');
    expect(desk.count('return', refund)).toBe(2);
    expect(desk.returns(refund)).toHaveLength(0);
  });

  it('for longer than a repeat is wanted ends failed without one', async () => {
    await replica.close();
    const own = await house.start({ settings: { repeatRefundWithinMs: 100 } });
    const refund = await desk.begin(own, { sends: ['lost_before', 'ok'] });
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('not_performed');
    expect(desk.count('return', refund)).toBe(1);
    await own.close();
    replica = await house.start();
  });

  it('while somebody else refunds the same purchase is unknown, and stays so until it becomes clear', async () => {
    const refund = await desk.begin(replica, { sends: ['lost_before'], resolves: ['unclear'] });
    expect(await desk.until(refund, 'unknown')).toMatchObject({
      evidence: 'inferred',
      failure: { code: 'unclear' },
      next_action: null,
    });
    expect(house.logLines.join('')).toContain('a person must look');
    house.dummy.refunds.script(refund.id, { resolves: ['not_performed'] });
    expect((await desk.until(refund, 'failed')).failure?.code).toBe('not_performed');
    // Shown as unknown it may have been settled by hand: it is not made anew.
    expect(desk.count('return', refund)).toBe(1);
  });

  it.each([
    ['succeeded', 'done'],
    ['failed', 'refused'],
  ] as const)(
    'that a person closes as %s is asked about no more, and the next one of its lane goes on',
    async (outcome, state) => {
      const lane = house.ids.next('pay');
      const first = await desk.begin(replica, { sends: ['lost_before'], resolves: ['unclear'] }, { lane });
      await desk.until(first, 'unknown');
      const second = await desk.begin(replica, {}, { lane });
      await replica.send(desk.close(first, outcome));
      await desk.until(second, 'succeeded');
      expect(await desk.operations(first)).toMatchObject([{ state }]);
      await replica.send(desk.close(first, outcome));
      expect(desk.count('return', first)).toBe(1);
      expect(desk.states(first).at(-1)?.phase).toBe('unknown');
    },
  );

  it('and got the id of another refund is read after, never shown under that id', async () => {
    const first = await desk.begin(replica, {});
    await desk.until(first, 'succeeded');
    const second = await desk.begin(replica, { sends: [{ sameRefAs: first.id }] });
    expect(await desk.until(second, 'succeeded')).toMatchObject({ provider_ref: null, evidence: 'inferred' });
    expect(house.logLines.join('')).toContain('belongs to another one');
    expect(desk.count('return', second)).toBe(1);
  });
});

describe('two refunds of one purchase', () => {
  it('are sent one after the other: the second one reads what the first one has left', async () => {
    const lane = house.ids.next('pay');
    const purchaseRef = `purchase of ${lane}`;
    house.dummy.refunds.refundable.set(purchaseRef, 60_000);
    const slow = new Gate();
    const first = await desk.begin(replica, { afterSend: slow }, { lane, purchaseRef, amount: 40_000 });
    await waitFor('the first', () => slow.arrived === 1);
    const second = await desk.begin(replica, {}, { lane, purchaseRef, amount: 40_000 });
    expect(desk.count('note', second)).toBe(0);
    slow.open();
    await desk.until(first, 'succeeded');
    expect((await desk.until(second, 'failed')).failure?.code).toBe('too_much');
    expect(desk.returns(second)).toHaveLength(0);
  });

  it('of which the first is in doubt: the second waits, and past its deadline is not started', async () => {
    const lane = house.ids.next('pay');
    const first = await desk.begin(replica, { sends: ['lost_before'], resolves: ['unclear'] }, { lane });
    await desk.until(first, 'unknown');
    const second = await desk.begin(replica, {}, { lane });
    house.clock.leap(UNTIL_DEADLINE_MS);
    expect((await desk.until(second, 'failed')).failure?.code).toBe('not_started');
    expect(desk.count('note', second)).toBe(0);
  });
});

describe('a cancel of a refund', () => {
  it('that overtakes its start leaves a tombstone: the start sends nothing and is told the end again', async () => {
    const refund = desk.refund();
    await replica.send(desk.cancel(refund));
    await desk.until(refund, 'canceled');
    await replica.send(desk.start(refund));
    await waitFor('the end to be told again', () => desk.states(refund).length === 2);
    expect(desk.count('return', refund)).toBe(0);
    expect(await desk.operations(refund)).toEqual([]);
  });

  it('in one batch with its start has nothing sent', async () => {
    const refund = desk.refund();
    await replica.send(desk.start(refund), desk.cancel(refund));
    expect(['canceled', 'succeeded']).toContain((await waitFor('an end', () => desk.last(refund)))?.phase);
    expect(desk.returns(refund)).toHaveLength(desk.last(refund)?.phase === 'succeeded' ? 1 : 0);
  });

  it('whose money may be moving changes nothing, and its end is told when it comes', async () => {
    const slow = new Gate();
    const refund = await desk.begin(replica, { afterSend: slow });
    await waitFor('the call', () => slow.arrived === 1);
    await replica.send(desk.cancel(refund));
    slow.open();
    await desk.until(refund, 'succeeded');
    // The cancel is answered with how it stands.
    expect(desk.states(refund).map((state) => state.phase)).toEqual(['pending', 'succeeded']);
  });

  it('that waits for its purchase to be read ends it', async () => {
    const refund = await desk.begin(replica, { note: 'unreachable' });
    await waitFor('the try', () => desk.count('note', refund) > 0);
    await replica.send(desk.cancel(refund));
    await desk.until(refund, 'canceled');
    expect(desk.count('return', refund)).toBe(0);
  });

  it('that has ended tells the end again', async () => {
    const refund = await desk.begin(replica, {});
    await desk.until(refund, 'succeeded');
    await replica.send(desk.cancel(refund));
    await waitFor('the second telling', () => desk.states(refund).length === 2);
    expect(desk.last(refund)).toMatchObject({ phase: 'succeeded', seq: 2 });
  });
});

describe('a report of a refund', () => {
  it('that never came, past its deadline, buries it, and its start is refused', async () => {
    const refund = desk.refund({ startBy: house.clock.now() - 1_000 });
    await replica.send(desk.report(refund));
    expect((await desk.until(refund, 'failed')).failure).toMatchObject({
      code: 'not_started',
      cashier_key: 'refund_failed',
    });
    await replica.send(desk.start({ ...refund, startBy: house.clock.now() + 20_000 }));
    await waitFor('the end to be told again', () => desk.states(refund).length === 2);
    expect(desk.count('note', refund)).toBe(0);
  });

  it('that is known tells its newest snapshot again', async () => {
    const refund = await desk.begin(replica, {});
    await desk.until(refund, 'succeeded');
    await replica.send(desk.report(refund));
    await waitFor('the second telling', () => desk.states(refund).length === 2);
    expect(desk.returns(refund)).toHaveLength(1);
  });
});

describe('a process that is killed', () => {
  it.each([0, 20, 80, 200])(
    '%i ms into its refunds leaves every one to an end after the restart, and returns nothing twice',
    async (afterMs) => {
      const settings = { leaseMs: 1_500, callMs: 200 };
      await replica.close();
      const first = await house.start({ settings });
      const other = new RefundDesk(house, await house.openShop(first));
      const lives = [
        {},
        { sends: ['lost_after'] },
        { sends: ['lost_before', 'ok'] },
        { sends: ['refused'] },
        { sends: ['not_sent', 'ok'] },
      ] as const;
      const refunds = lives.flatMap((script) => [0, 1, 2].map(() => ({ refund: other.refund(), script })));
      for (const { refund, script } of refunds) house.dummy.refunds.script(refund.id, script);
      const killAt = house.clock.now() + afterMs;
      const delivered = first.send(...refunds.map(({ refund }) => other.start(refund)));
      await waitFor('the moment', () => house.clock.now() >= killAt);
      await first.kill();
      const safe = await delivered;
      const second = await house.start({ settings: { ...settings, alone: true } });
      await second.send(...refunds.filter((_, i) => safe[i] !== true).map(({ refund }) => other.start(refund)));
      for (const { refund } of refunds) {
        await waitFor(`${refund.id} to end`, () =>
          ['succeeded', 'failed'].includes(other.last(refund)?.phase ?? '') ? true : undefined,
        );
        expect(other.returns(refund)).toHaveLength(other.last(refund)?.phase === 'succeeded' ? 1 : 0);
      }
      await second.close();
      replica = await house.start();
    },
  );
});

describe('two processes on one database', () => {
  it('return every refund once, however the commands are spread and repeated', async () => {
    const [a, b] = [await house.start(), await house.start()];
    const refunds = Array.from({ length: 20 }, () => desk.refund());
    const starts = refunds.map((refund) => desk.start(refund));
    await Promise.all([a.send(...starts), b.send(...starts.toReversed())]);
    for (const refund of refunds) {
      await desk.until(refund, 'succeeded');
      expect(desk.count('return', refund)).toBe(1);
    }
    await Promise.all([a.close(), b.close()]);
  });
});
