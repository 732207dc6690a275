import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { PaymentHouse, type Reply, type Shop, uuidOf } from '../test/payment-house.ts';

const LONG_MS = 30_000;

describe('waiting for a payment', () => {
  let house: PaymentHouse;
  let shop: Shop;
  let stops: (() => void)[] = [];
  beforeAll(async () => {
    // Nothing is found by looking again: here only wake-ups bring news.
    house = await PaymentHouse.open({ rereadEveryMs: 60_000 });
    shop = await house.shop();
  });
  afterEach(() => {
    for (const stop of stops) stop();
    stops = [];
  });
  afterAll(() => house.close());

  const get = async (id: string, waitMs: number, gone = new AbortController().signal): Promise<Reply> =>
    (await house.read.atNextChange(shop.caller, uuidOf(id), waitMs, gone)) as Reply;
  const reads = (): string[] => {
    const seen: string[] = [];
    stops.push(house.app.onRoundTrip((sql) => seen.push(sql)));
    return seen;
  };
  /** News must come after the first read: the next change is counted from what that read saw. */
  const getAfterFirstRead = async (id: string): Promise<{ reply: Promise<Reply> }> => {
    const before = house.store.finishedReads;
    const reply = get(id, LONG_MS);
    await waitFor('the first read', () => house.store.finishedReads > before);
    return { reply };
  };
  const waiting = (count: number): Promise<true> => waitFor(`${count} waiters`, () => house.waiters.count === count);

  it('a create that waits answers with the QR as soon as it is there, without reading', async () => {
    const seen = reads();
    const reply = house.pay(shop, house.body(shop), 'waits', LONG_MS);
    const start = await waitFor('the start', () => house.commands.find((command) => command.type === 'payment.start'));
    await house.tell({
      payment: start.subject,
      seq: 1,
      phase: 'requires_customer',
      more: { next_action: { type: 'show_qr', qr: 'Q' } },
    });
    expect(await reply).toMatchObject({
      status: 201,
      body: { status: 'requires_customer', next_action: { qr: 'Q' } },
      headers: { 'retry-after': '2' },
    });
    expect(seen).toHaveLength(1);
    expect(house.waiters.count).toBe(0);
  });

  it('a create that hears nothing answers at the end of the wait with what it has', async () => {
    expect(await house.pay(shop, house.body(shop), house.key(), 50)).toMatchObject({
      status: 201,
      body: { status: 'created' },
    });
    expect(house.waiters.count).toBe(0);
  });

  it('a repeated create waits as the first one does', async () => {
    const { body } = await house.pay(shop, house.body(shop), 'twice');
    const repeat = house.pay(shop, house.body(shop), 'twice', LONG_MS);
    await waiting(2);
    await house.tell({ payment: body.id, seq: 1, phase: 'failed' });
    expect(await repeat).toMatchObject({
      status: 200,
      body: { id: body.id, status: 'failed' },
      headers: { 'idempotent-replayed': 'true' },
    });
    expect(house.waiters.count).toBe(0);
  });

  it('a read answers at the next change with what this process has just written, after one read', async () => {
    const { body } = await house.pay(shop);
    await house.tell({ payment: body.id, seq: 1, phase: 'requires_customer' });
    const seen = reads();
    const { reply } = await getAfterFirstRead(body.id);
    await house.tell({ payment: body.id, phase: 'processing' });
    expect((await reply).body).toMatchObject({ status: 'processing', version: 3 });
    expect(seen).toHaveLength(1);
  });

  it('a read answers at a change that another process has written, after two reads', async () => {
    const { body } = await house.pay(shop);
    await house.tell({ payment: body.id, seq: 1, phase: 'requires_customer' });
    const seen = reads();
    const { reply } = await getAfterFirstRead(body.id);
    await house.rows(`UPDATE payment SET status = 'processing', version = 3 WHERE id = $1`, [uuidOf(body.id)]);
    house.wakeUps.wake([body.id]);
    expect((await reply).body).toMatchObject({ status: 'processing', version: 3 });
    expect(seen).toHaveLength(2);
  });

  it('a read of a final payment answers at once', async () => {
    const { body } = await house.pay(shop);
    await house.tell({ payment: body.id, seq: 1, phase: 'succeeded' });
    const seen = reads();
    const reply = await get(body.id, LONG_MS);
    expect(reply).toMatchObject({ body: { status: 'succeeded' }, headers: {} });
    expect(seen).toHaveLength(1);
  });

  it('a read that hears nothing answers at the end of the wait', async () => {
    const { body } = await house.pay(shop);
    expect((await get(body.id, 50)).body).toMatchObject({ status: 'created', version: 1 });
  });

  it('news that nobody announced are found all the same', async () => {
    const quick = await PaymentHouse.open({ rereadEveryMs: 20 });
    try {
      const own = await quick.shop();
      const { body } = await quick.pay(own);
      const reply = quick.read.atNextChange(own.caller, uuidOf(body.id), LONG_MS, new AbortController().signal);
      await waitFor('the first read', () => quick.store.finishedReads > 0);
      await quick.rows(`UPDATE payment SET status = 'expired', version = 2 WHERE id = $1`, [uuidOf(body.id)]);
      expect(await reply).toMatchObject({ body: { status: 'expired' } });
    } finally {
      await quick.close();
    }
  });

  it('a cancel is news', async () => {
    const { body } = await house.pay(shop);
    const { reply } = await getAfterFirstRead(body.id);
    await house.cancel.run(shop.caller, { id: uuidOf(body.id) }, undefined, undefined);
    expect((await reply).body).toMatchObject({ status: 'created', cancel: { result: 'pending' } });
  });

  it('a client that hangs up waits no longer', async () => {
    const { body } = await house.pay(shop);
    const gone = new AbortController();
    const reply = get(body.id, LONG_MS, gone.signal);
    await waiting(1);
    gone.abort();
    await reply;
    expect(house.waiters.count).toBe(0);
  });

  it('beyond the bound a read is refused and a create answers at once', async () => {
    const narrow = await PaymentHouse.open({ maxWaiters: 1 });
    try {
      const own = await narrow.shop();
      const { body } = await narrow.pay(own);
      const signal = new AbortController().signal;
      const first = narrow.read.atNextChange(own.caller, uuidOf(body.id), LONG_MS, signal);
      await waitFor('a waiter', () => narrow.waiters.count === 1);
      await expect(narrow.read.atNextChange(own.caller, uuidOf(body.id), LONG_MS, signal)).rejects.toMatchObject({
        status: 503,
        code: 'service_overloaded',
      });
      expect(await narrow.pay(own, narrow.body(own), narrow.key(), LONG_MS)).toMatchObject({
        status: 201,
        body: { status: 'created' },
      });
      narrow.closing.abort();
      await first;
    } finally {
      await narrow.close();
    }
  });

  it('when the process closes everybody gets the current state', async () => {
    const closing = await PaymentHouse.open();
    try {
      const own = await closing.shop();
      const { body } = await closing.pay(own);
      const signal = new AbortController().signal;
      const replies = Array.from({ length: 20 }, () =>
        closing.read.atNextChange(own.caller, uuidOf(body.id), LONG_MS, signal),
      );
      await waitFor('all waiters', () => closing.waiters.count === 20);
      closing.closing.abort();
      for (const reply of await Promise.all(replies))
        expect(reply).toMatchObject({ status: 200, body: { status: 'created' } });
      expect(closing.waiters.count).toBe(0);
      expect(await closing.read.atNextChange(own.caller, uuidOf(body.id), LONG_MS, signal)).toMatchObject({
        body: { status: 'created' },
      });
    } finally {
      await closing.close();
    }
  });
});
