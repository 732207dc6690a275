import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemorySlots } from '@tolem/coordination';
import { isFinal } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import pg from 'pg';
import type { KitSettings } from '../src/index.ts';
import { Gate } from './gate.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { LeapingClock } from './leaping-clock.ts';
import { type Payment, type Shop, UNTIL_DEADLINE_MS } from './stand-in-gateway.ts';

let house: KitHouse;

beforeAll(async () => {
  house = await KitHouse.open();
});
afterAll(() => house.close());

/** Twenty payments, each with a life of its own, on its way when the process dies. */
function manyPayments(shop: Shop): readonly Payment[] {
  return Array.from({ length: 20 }, (_, index) => {
    const payment = house.payment(shop, {
      method: index % 4 === 3 ? 'dummy_once' : 'dummy_pay',
      startBy: house.clock.now() + 4_000,
    });
    const waiting = { customerWithinMs: 3_000, intervalMs: 50 };
    const lives = [
      {},
      { starts: ['lost_after', 'ok'] },
      { starts: ['refused'] },
      { starts: ['not_sent', 'ok'] },
      { checks: [{ is: 'pending', phase: 'unchanged' }, 'truth'] },
    ] as const;
    house.dummy.script(payment.id, { waiting, ...lives[index % lives.length] });
    return payment;
  });
}

async function allFinal(payments: readonly Payment[]): Promise<void> {
  await waitFor('every payment to be final', () =>
    payments.every((payment) => {
      const phase = house.last(payment.id)?.phase;
      return phase !== undefined && phase !== null && isFinal(phase);
    }),
  );
}

/** The provider's ledger and what was told agree, payment by payment. */
function checkTheBooks(payments: readonly Payment[]): void {
  for (const payment of payments) {
    const made = house.dummy.starts(payment.id);
    const last = house.last(payment.id);
    for (const start of made) expect(start.at).toBeLessThan(payment.startBy);
    if (payment.method === 'dummy_once') expect(made.length).toBeLessThanOrEqual(1);
    if (last?.phase === 'succeeded') expect(made.map((start) => start.ref)).toContain(last.provider_ref);
    else expect(last?.next_action).toBeNull();
    const sequences = house.states(payment.id).map((state) => `${state.seq} ${state.phase}`);
    const numbers = new Set(house.states(payment.id).map((state) => state.seq));
    expect(new Set(sequences).size).toBe(numbers.size);
  }
}

describe('a process that is killed', () => {
  it.each([0, 20, 80, 200])(
    '%i ms into its work leaves every payment to a final end after the restart',
    async (afterMs) => {
      const settings = { leaseMs: 1_500, callMs: 200 };
      const first = await house.start({ settings });
      const shop = await house.openShop(first);
      const payments = manyPayments(shop);
      for (const payment of payments) house.dummy.buyer(payment.id, 'paid');
      const killAt = house.clock.now() + afterMs;
      const delivered = first.send(...payments.map((payment) => house.begin(payment)));
      await waitFor('the moment', () => house.clock.now() >= killAt);
      await first.kill();
      const safe = await delivered;
      const second = await house.start({ settings: { ...settings, alone: true } });
      // What was not taken in comes again, as the sender's outbox would send it.
      await second.send(...payments.filter((_, index) => safe[index] !== true).map((payment) => house.begin(payment)));
      await allFinal(payments);
      checkTheBooks(payments);
      await second.close();
    },
  );

  it('while a call is under way has the payment begun anew: only the code of the second call is ever shown', async () => {
    const first = await house.start();
    const shop = await house.openShop(first);
    const payment = house.payment(shop);
    const slow = new Gate();
    house.dummy.script(payment.id, { afterStart: slow });
    await first.send(house.begin(payment));
    await waitFor('the call', () => slow.arrived === 1);
    await first.kill();
    slow.open();
    expect(house.states(payment.id)).toEqual([]);
    const second = await house.start({ settings: { alone: true } });
    await house.until(payment, 'requires_customer');
    expect(house.dummy.starts(payment.id)).toHaveLength(2);
    expect(house.last(payment.id)?.provider_ref).toBe(house.dummy.starts(payment.id)[1]?.ref);
    await second.close();
  });

  it('leaves what it held to the next one at once where no other process runs', async () => {
    const first = await house.start({ settings: { leaseMs: 3_600_000 } });
    const payment = house.payment(await house.openShop(first));
    const asleep = new Gate();
    house.dummy.script(payment.id, { beforeStart: asleep });
    await first.send(house.begin(payment));
    await waitFor('the call', () => asleep.arrived === 1);
    await first.kill();
    house.dummy.script(payment.id, {});
    const second = await house.start({ settings: { leaseMs: 3_600_000, alone: true } });
    await house.until(payment, 'requires_customer');
    expect(await operationOf(payment)).toMatchObject({ attempt: 2, state: 'done' });
    asleep.open();
    await second.close();
  });

  it('and whose payments’ deadlines pass meanwhile has none of them sent: failed not_started', async () => {
    const first = await house.start({ slots: new MemorySlots({ start: 0, poll: 1, background: 1 }) });
    const shop = await house.openShop(first);
    const payments = [0, 1, 2].map(() => house.payment(shop));
    await first.send(...payments.map((payment) => house.begin(payment)));
    await first.kill();
    house.clock.leap(UNTIL_DEADLINE_MS);
    const second = await house.start({ settings: { alone: true } });
    for (const payment of payments) {
      expect((await house.until(payment, 'failed')).failure?.code).toBe('not_started');
      expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
    }
    await second.close();
  });

  it('while a critical call was on its way has it found out, not repeated', async () => {
    const settings = { callMs: 200 };
    const first = await house.start({ settings });
    const slow = new Gate();
    const payment = house.payment(await house.openShop(first), { method: 'dummy_once' });
    house.dummy.script(payment.id, { afterStart: slow });
    await first.send(house.begin(payment));
    await waitFor('the call', () => slow.arrived === 1);
    await first.kill();
    const second = await house.start({ settings: { ...settings, alone: true } });
    await house.until(payment, 'requires_customer');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
    slow.open();
    await second.close();
  });
});

async function operationOf(payment: Payment) {
  const db = await house.sql();
  const [row] = await db.query<{ state: string; attempt: number }>(
    'SELECT state, attempt FROM operation WHERE subject_id = $1',
    [payment.id],
  );
  return row;
}

describe('two processes on one database', () => {
  it('do every operation once, however the commands are spread and repeated', async () => {
    const replicas: Replica[] = [await house.start(), await house.start()];
    const [a, b] = replicas;
    if (a === undefined || b === undefined) throw new Error('two were started');
    const shop = await house.openShop(a);
    const payments = Array.from({ length: 30 }, () => house.payment(shop));
    for (const payment of payments) house.dummy.buyer(payment.id, 'paid');
    const begins = payments.map((payment) => house.begin(payment));
    await Promise.all([a.send(...begins), b.send(...begins.toReversed())]);
    await allFinal(payments);
    checkTheBooks(payments);
    for (const payment of payments) {
      expect(house.last(payment.id)?.phase).toBe('succeeded');
      expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
    }
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  it('take over from one another what a lease has left, after the lease and not before', async () => {
    const [dying, living] = [await house.start({ settings: { leaseMs: 1_200 } }), await house.start()];
    const slow = new Gate();
    const payment = house.payment(await house.openShop(living));
    house.dummy.script(payment.id, { beforeStart: slow });
    const sent = house.clock.now();
    await dying.send(house.begin(payment));
    await waitFor('the call', () => slow.arrived === 1);
    await dying.kill();
    house.dummy.script(payment.id, {});
    await house.until(payment, 'requires_customer');
    expect((house.dummy.starts(payment.id)[0]?.at ?? 0) - sent).toBeGreaterThanOrEqual(1_100);
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
    slow.open();
    await living.close();
  });
});

describe('a process that slept longer than its lease', () => {
  it('sends nothing when it wakes: another one has made the call', async () => {
    const sleeper = await house.start({ settings: { leaseMs: 700, callMs: 100, sweepEveryMs: 3_600_000 } });
    const awake = await house.start();
    const asleep = new Gate();
    const payment = house.payment(await house.openShop(awake));
    house.dummy.script(payment.id, { beforeStart: asleep });
    await sleeper.send(house.begin(payment));
    await waitFor('the sleep', () => asleep.arrived === 1);
    house.dummy.script(payment.id, {});
    await house.until(payment, 'requires_customer');
    asleep.open();
    await sleeper.close();
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
    expect(house.states(payment.id).map((state) => state.seq)).toEqual([1]);
    await awake.close();
  });

  it('writes nothing of a call that it had made: what the other one wrote stands', async () => {
    const sleeper = await house.start();
    const slow = new Gate();
    const payment = house.payment(await house.openShop(sleeper));
    house.dummy.script(payment.id, { afterStart: slow });
    await sleeper.send(house.begin(payment));
    await waitFor('the call', () => slow.arrived === 1);
    const db = await house.sql();
    await db.query(`UPDATE operation SET attempt = attempt + 1, lease_owner = 'another' WHERE subject_id = $1`, [
      payment.id,
    ]);
    slow.open();
    await sleeper.close();
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
    expect(house.states(payment.id)).toEqual([]);
    expect(await operationOf(payment)).toEqual({ state: 'accepted', attempt: 2 });
    // The next test's processes must not find it.
    await db.query(`UPDATE operation SET state = 'refused' WHERE subject_id = $1`, [payment.id]);
  });
});

describe('a process that slept while another one found out what became of its critical call', () => {
  const HOUR_MS = 3_600_000;

  /** Rows as they are: what was written and is not told yet counts as well. */
  async function whatStands(payment: Payment): Promise<readonly unknown[]> {
    const db = await house.sql();
    const [subject] = await db.query('SELECT to_jsonb(s) AS row FROM subject s WHERE id = $1', [payment.id]);
    return [subject, await operationOf(payment), house.dummy.starts(payment.id)];
  }

  /** A payment whose process sleeps at `gate` in its one call, which another process looks into. */
  async function asleepIn(
    at: 'beforeStart' | 'afterStart',
    { method = 'dummy_once', settings = {} }: { method?: string; settings?: Partial<KitSettings> } = {},
  ) {
    const clock = new LeapingClock();
    const sleeper = await house.start({
      clock,
      settings: { leaseMs: 5_000, callMs: 100, sweepEveryMs: HOUR_MS, ...settings },
    });
    const awake = await house.start({ settings: { callMs: 100 } });
    const gate = new Gate();
    // Its deadline is far off: it must not be what keeps the sleeper from sending.
    const payment = house.payment(await house.openShop(awake), { method, startBy: house.clock.now() + HOUR_MS });
    house.dummy.script(payment.id, { [at]: gate });
    await sleeper.send(house.begin(payment));
    await waitFor('the sleep', () => gate.arrived === 1);
    house.dummy.script(payment.id, {});
    const wakeUp = async (): Promise<void> => {
      clock.leap(40_000);
      gate.open();
      await sleeper.close();
    };
    return { payment, awake, wakeUp };
  }

  it.each<[string, Partial<KitSettings>]>([
    ['its lease', { sendWithinMs: HOUR_MS }],
    ['the time within which the call had to leave', { leaseMs: HOUR_MS }],
  ])('and repeated it finds %s over: what was repeated is the only effect, and stands', async (_over, settings) => {
    const { payment, awake, wakeUp } = await asleepIn('beforeStart', { settings });
    await house.until(payment, 'requires_customer');
    const before = await whatStands(payment);
    expect(await operationOf(payment)).toEqual({ state: 'done', attempt: 2 });
    await wakeUp();
    expect(house.dummy.starts(payment.id)).toHaveLength(1);
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
    expect(await whatStands(payment)).toEqual(before);
    house.dummy.buyer(payment.id, 'paid');
    expect((await house.until(payment, 'succeeded')).provider_ref).toBe(house.dummy.starts(payment.id)[0]?.ref);
    await awake.close();
  });

  it('and failed it, because it may not be repeated, sends nothing: it stays failed without an effect', async () => {
    const { payment, awake, wakeUp } = await asleepIn('beforeStart', { method: 'dummy_once_refuse' });
    expect((await house.until(payment, 'failed')).failure?.code).toBe('not_performed');
    const before = await whatStands(payment);
    await wakeUp();
    expect(house.dummy.starts(payment.id)).toEqual([]);
    expect(await whatStands(payment)).toEqual(before);
    await awake.close();
  });

  it.each(['waiting', 'paid'] as const)(
    'and read that it was performed overwrites nothing with the answer that it hears late (%s)',
    async (buyer) => {
      const { payment, awake, wakeUp } = await asleepIn('afterStart');
      expect((await house.until(payment, 'requires_customer')).evidence).toBe('inferred');
      house.dummy.buyer(payment.id, buyer);
      if (buyer === 'paid') await house.until(payment, 'succeeded');
      const before = await whatStands(payment);
      await wakeUp();
      expect(house.dummy.starts(payment.id)).toHaveLength(1);
      expect(await whatStands(payment)).toEqual(before);
      await awake.close();
    },
  );
});

describe('a database that goes away', () => {
  it('in the middle is waited for: every command is taken in and every payment ends', async () => {
    const replica = await house.start({ settings: { leaseMs: 1_500, callMs: 200 } });
    const shop = await house.openShop(replica);
    const deadLetters = async () => (await house.sql()).query('SELECT id FROM dead_letter ORDER BY id');
    const dead = await deadLetters();
    const before = Array.from({ length: 5 }, () => house.payment(shop));
    await replica.send(...before.map((payment) => house.begin(payment)));
    const cluster = new pg.Client({ connectionString: process.env['TOLEM_TEST_POSTGRES_URL'] });
    await cluster.connect();
    const { name } = house.database;
    await cluster.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} CONNECTION LIMIT 0`);
    await cluster.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    for (const payment of before) house.dummy.buyer(payment.id, 'paid');
    const during = Array.from({ length: 5 }, () => house.payment(shop));
    for (const payment of during) house.dummy.buyer(payment.id, 'paid');
    const sending = replica.send(...during.map((payment) => house.begin(payment)));
    await waitFor('the trouble', () => house.logLines.some((line) => line.includes('too many connections')));
    await expect(replica.service.ready()).rejects.toThrow();
    await cluster.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} CONNECTION LIMIT -1`);
    await cluster.end();
    expect(await sending).toEqual(during.map(() => true));
    await allFinal([...before, ...during]);
    checkTheBooks([...before, ...during]);
    await replica.service.ready();
    expect(await deadLetters()).toEqual(dead);
    await replica.close();
  });
});

describe('a message that nobody can read', () => {
  it('goes to the dead letters with its reason, and its neighbours in the batch are taken in', async () => {
    const replica = await house.start();
    const shop = await house.openShop(replica);
    const [good, other] = [house.payment(shop), house.payment(shop)];
    const broken = house.begin(house.payment(shop));
    const body = { ...(broken.body as object), amount: 12.5 };
    const nobody = { ...house.begin(house.payment(shop)), tenant: null };
    const outcomes = await replica.send(house.begin(good), { ...broken, body }, nobody, house.begin(other));
    expect(outcomes).toEqual([true, true, true, true]);
    await house.until(good, 'requires_customer');
    await house.until(other, 'requires_customer');
    const db = await house.sql();
    const dead = await db.query<{ key: string; reason: string }>('SELECT key, reason FROM dead_letter ORDER BY id');
    expect(dead.map((letter) => letter.key)).toEqual([broken.key, nobody.key]);
    expect(dead[0]?.reason).toContain('amount');
    expect(dead[1]?.reason).toContain('tenant');
    expect(house.dummy.count(`start ${broken.subject}`)).toBe(0);
    await replica.close();
  });
});
