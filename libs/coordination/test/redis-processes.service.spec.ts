import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Clock, ManualClock, systemClock, TolemError } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import {
  type PollEntry,
  RedisAway,
  type RedisHandle,
  RedisPollSchedule,
  RedisSingleFlight,
  RedisSlots,
  type RedisSlotsOptions,
  RedisTokenBuckets,
} from '../src/index.ts';
import { RedisHouse } from './redis-house.ts';

let house: RedisHouse;
beforeAll(async () => {
  house = await RedisHouse.open();
}, 200_000);
afterEach(() => house.closeConnections());
afterAll(async () => {
  await house.close();
  expect(house.troubles).toEqual([]);
});

const LIMITS = { start: 8, poll: 64, background: 2 };
const entry = (id: string, dueAt: number, group?: string): PollEntry => ({
  id,
  dueAt,
  payload: `{"of":"${id}"}`,
  ...(group === undefined ? {} : { group }),
});

async function twoProcesses(): Promise<[RedisHandle, RedisHandle]> {
  const prefix = house.prefix();
  return [await house.connect(prefix), await house.connect(prefix)];
}

/** A handle that tells how often Redis was asked through it: other specs use the same Redis meanwhile. */
function counting(redis: RedisHandle): { readonly handle: RedisHandle; readonly calls: () => number } {
  let calls = 0;
  const handle: Pick<RedisHandle, 'prefix' | 'run' | 'onReady'> = {
    prefix: redis.prefix,
    onReady: (listener) => redis.onReady(listener),
    run: (commands) => {
      calls += 1;
      return redis.run(commands);
    },
  };
  return { handle: handle as RedisHandle, calls: () => calls };
}

async function keysOf(redis: RedisHandle): Promise<string[]> {
  return redis.run((client) => client.keys(`${redis.prefix}*`));
}

describe('a poll schedule of two processes', () => {
  it('hands what one has put to whoever comes first, once', async () => {
    const [one, other] = (await twoProcesses()).map((redis) => new RedisPollSchedule(redis, { name: 'kaspi' }));
    if (one === undefined || other === undefined) throw new Error('two were asked for');
    await one.addMissing(Array.from({ length: 40 }, (_, n) => entry(`pay_${n}`, Date.now() - 1_000, `con_${n % 3}`)));
    const turns = await Promise.all([one, other, one, other].map((schedule) => schedule.claim(10, 60_000)));
    const claims = turns.map((turn) => turn.claims);
    expect(claims.map((each) => each.length)).toEqual([10, 10, 10, 10]);
    expect(new Set(claims.flat().map(({ id }) => id)).size).toBe(40);
    const [first] = claims[0] ?? [];
    if (first === undefined) throw new Error('nothing was due');
    expect(first.payload).toBe(`{"of":"${first.id}"}`);
    expect(await other.finish(first)).toBe(true);
    expect(await one.finish(first)).toBe(false);
  });

  it('belongs to its name: another service sees nothing of it', async () => {
    const [one, other] = await twoProcesses();
    await new RedisPollSchedule(one, { name: 'kaspi' }).put(entry('pay_1', 0));
    const { claims } = await new RedisPollSchedule(other, { name: 'koshelek' }).claim(9, 1_000);
    expect(claims).toEqual([]);
  });

  it('goes by the time of Redis: clocks that are hours apart neither hurry nor delay a question', async () => {
    const shifted = (byMs: number): Clock => ({ ...systemClock, now: () => Date.now() + byMs });
    const [ahead, behind] = await twoProcesses();
    const [early, late] = [shifted(7_200_000), shifted(-7_200_000)];
    const one = new RedisPollSchedule(ahead, { name: 'kaspi', clock: early });
    const other = new RedisPollSchedule(behind, { name: 'kaspi', clock: late });
    await one.put(entry('due', early.now()));
    await one.put(entry('not yet', early.now() + 3_600_000));
    const { claims, nextDueAt } = await other.claim(9, 60_000);
    expect(claims.map(({ id }) => id)).toEqual(['due']);
    // The claim speaks in the clock of whoever made it.
    expect(Math.abs((claims[0]?.dueAt ?? 0) - late.now())).toBeLessThan(60_000);
    expect(Math.abs((claims[0]?.leaseUntil ?? 0) - 60_000 - late.now())).toBeLessThan(60_000);
    expect(Math.abs((nextDueAt ?? 0) - 60_000 - late.now())).toBeLessThan(60_000);
  });

  it('takes an entry from a holder that went silent, by the time of Redis itself', async () => {
    const [one, other] = (await twoProcesses()).map((redis) => new RedisPollSchedule(redis, { name: 'kaspi' }));
    await one?.put(entry('pay_1', 0));
    const [held] = (await one?.claim(1, 30))?.claims ?? [];
    const [taken] = await waitFor('the end of the lease', async () => {
      const claims = (await other?.claim(1, 60_000))?.claims;
      return claims !== undefined && claims.length > 0 && claims;
    });
    if (held === undefined || taken === undefined) throw new Error('nothing was claimed');
    expect(await one?.reschedule(held, { dueAt: 0, payload: 'stolen' })).toBe(false);
    expect(await other?.finish(taken)).toBe(true);
  });

  it('in shards gives out everything once, and keeps all keys of a shard in one slot of a cluster', async () => {
    const [redis] = await twoProcesses();
    const clock = new ManualClock();
    const schedule = new RedisPollSchedule(redis, { name: 'kaspi', shards: 4, clock, time: clock });
    const ids = Array.from({ length: 60 }, (_, n) => `pay_${n}`);
    await schedule.addMissing(ids.map((id, n) => entry(id, clock.now() - n, `con_${n % 5}`)));
    const tags = new Set((await keysOf(redis)).map((key) => /\{poll:kaspi:\d\}/.exec(key)?.[0]));
    expect([...tags].sort()).toEqual(['{poll:kaspi:0}', '{poll:kaspi:1}', '{poll:kaspi:2}', '{poll:kaspi:3}']);
    const claims = [...(await schedule.claim(25, 1_000)).claims, ...(await schedule.claim(100, 1_000)).claims];
    expect(claims.map(({ id }) => id).sort()).toEqual([...ids].sort());
    for (const claim of claims) expect(await schedule.finish(claim)).toBe(true);
    expect((await keysOf(redis)).sort()).toEqual([0, 1, 2, 3].map((n) => `${redis.prefix}{poll:kaspi:${n}}:seeded`));
  });

  it('costs one call each to put, to claim any number, to move on and to end', async () => {
    const [redis] = await twoProcesses();
    const { handle, calls } = counting(redis);
    const schedule = new RedisPollSchedule(handle, { name: 'kaspi' });
    await schedule.claim(1, 1_000);
    const before = calls();
    for (let n = 0; n < 20; n += 1) await schedule.put(entry(`pay_${n}`, Date.now() - 1));
    for (const claim of (await schedule.claim(20, 60_000)).claims) {
      await schedule.reschedule(claim, { dueAt: Date.now() + 60_000, payload: '{}' });
    }
    for (let n = 0; n < 20; n += 1) await schedule.remove(`pay_${n}`);
    expect(calls() - before).toBe(20 + 1 + 20 + 20);
    expect(await keysOf(redis)).toEqual([`${redis.prefix}{poll:kaspi:0}:seeded`]);
  });
});

describe('slots of two processes', () => {
  const open: RedisSlots[] = [];
  afterEach(() => Promise.all(open.splice(0).map((slots) => slots.close())));
  async function twoSlots(options: RedisSlotsOptions = {}): Promise<[RedisSlots, RedisSlots]> {
    const [here, there] = await twoProcesses();
    const two: [RedisSlots, RedisSlots] = [
      new RedisSlots(here, { limits: LIMITS, ...options }),
      new RedisSlots(there, { limits: LIMITS, ...options }),
    ];
    open.push(...two);
    return two;
  }
  const takes = (slots: RedisSlots, count: number, kind: 'start' | 'poll' | 'background' = 'start') =>
    Promise.all(Array.from({ length: count }, () => slots.tryTake('con_1', kind)));
  const given = (taken: readonly ((() => void) | undefined)[]): (() => void)[] =>
    taken.filter((giveBack) => giveBack !== undefined);

  it('never exceed the limit together, however they take and give back at the same moment', async () => {
    const both = await twoSlots();
    let held = 0;
    let most = 0;
    const work = async (slots: RedisSlots): Promise<void> => {
      for (let n = 0; n < 60; n += 1) {
        const giveBack = await slots.tryTake('con_1', 'start');
        if (giveBack === undefined) continue;
        held += 1;
        most = Math.max(most, held);
        await new Promise((resolve) => setImmediate(resolve));
        held -= 1;
        giveBack();
      }
    };
    await Promise.all(Array.from({ length: 24 }, (_, n) => work(n % 2 === 0 ? both[0] : both[1])));
    expect(most).toBe(LIMITS.start);
  });

  it('are found by the other process within a moment after one gave them back', async () => {
    const [here, there] = await twoSlots();
    const all = given(await takes(here, 9));
    expect(all).toHaveLength(8);
    expect(given(await takes(there, 1))).toEqual([]);
    for (const giveBack of all) giveBack();
    let found = 0;
    await waitFor('all of them', async () => {
      found += given(await takes(there, 8 - found)).length;
      return found === 8;
    });
  });

  it('are shared when both want more than there are: who came late gets its half as those of the other come back', async () => {
    const [here, there] = await twoSlots();
    const held = given(await takes(here, 8));
    let theirs = 0;
    await waitFor('a half', async () => {
      theirs += given(await takes(there, 1)).length;
      // One ends, and the first process wants it again at once.
      if (held.length > 4) held.shift()?.();
      held.push(...given(await takes(here, 1)));
      return theirs === 4;
    });
    expect(given(await takes(here, 4)).length + held.length).toBe(4);
  });

  it('of a dead process come back when its lease has ended, and not before', async () => {
    const clock = new ManualClock();
    const [here, there] = await twoSlots({ time: clock, leaseMs: 45_000 });
    expect(given(await takes(here, 2, 'background'))).toHaveLength(2);
    clock.advance(44_999);
    expect(given(await takes(there, 1, 'background'))).toEqual([]);
    clock.advance(1);
    expect(given(await takes(there, 3, 'background'))).toHaveLength(2);
  });

  it('that are held are renewed for as long as their process lives', async () => {
    const clock = new ManualClock();
    const [here, there] = await twoSlots({ time: clock, clock, leaseMs: 45_000 });
    const held = given(await takes(here, 2, 'background'));
    for (let n = 0; n < 10; n += 1) {
      clock.advance(20_000);
      here.tend();
      expect(given(await takes(there, 1, 'background'))).toEqual([]);
    }
    for (const giveBack of held) giveBack();
    await waitFor('a slot', async () => given(await takes(there, 1, 'background')).length === 1);
  });

  it('cost a few calls for much work, and nothing stays behind when there is none', async () => {
    const redis = await house.connect(house.prefix());
    const { handle, calls } = counting(redis);
    const here = new RedisSlots(handle, { limits: LIMITS });
    open.push(here);
    for (let n = 0; n < 200; n += 1) for (const giveBack of given(await takes(here, 4, 'poll'))) giveBack();
    expect(calls()).toBeLessThan(20);
    await waitFor('nothing', () => here.size === 0);
    expect(await keysOf(redis)).toEqual([]);
  }, 60_000);

  it('are given back once Redis hears it, where the word that nobody needs them was lost', async () => {
    const redis = await house.connect(house.prefix());
    let isDeaf = false;
    const unsure: Pick<RedisHandle, 'prefix' | 'run' | 'onReady'> = {
      prefix: redis.prefix,
      onReady: (listener) => redis.onReady(listener),
      run: (commands) => (isDeaf ? Promise.reject(new RedisAway('not heard')) : redis.run(commands)),
    };
    const slots = new RedisSlots(unsure as RedisHandle, { limits: LIMITS });
    open.push(slots);
    const held = given(await takes(slots, 8));
    isDeaf = true;
    for (const giveBack of held) giveBack();
    for (let n = 0; n < 4; n += 1) {
      slots.tend();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await keysOf(redis)).toHaveLength(1);
    isDeaf = false;
    await waitFor('the word to be heard', async () => (await keysOf(redis)).length === 0);
    await waitFor('nothing', () => slots.size === 0);
  }, 60_000);

  it('go back at once when their process ends in order', async () => {
    const [here, there] = await twoSlots();
    for (const giveBack of given(await takes(here, 8))) giveBack();
    await here.close();
    expect(given(await takes(there, 8))).toHaveLength(8);
  });
});

describe('token buckets of two processes', () => {
  it('are one bucket, filled by the time of Redis', async () => {
    const [here, there] = (await twoProcesses()).map((redis) => new RedisTokenBuckets(redis));
    const limits = { capacity: 6, refillPerSecond: 0.001 };
    const takes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? here : there)?.tryTake('key', limits)),
    );
    expect(takes.filter((take) => take?.ok)).toHaveLength(6);
    const quick = { capacity: 1, refillPerSecond: 50 };
    expect(await here?.tryTake('quick', quick)).toEqual({ ok: true });
    await waitFor('a token', async () => (await there?.tryTake('quick', quick))?.ok);
  });

  it('leave nothing behind for ever', async () => {
    const [redis] = await twoProcesses();
    await new RedisTokenBuckets(redis).tryTake('key', { capacity: 5, refillPerSecond: 1 });
    const [key = ''] = await keysOf(redis);
    const leftMs = await redis.run((client) => client.pttl(key));
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(61_000);
  });
});

describe('single flight of two processes', () => {
  it('runs again when the process of the first run has died', async () => {
    const [dying, living] = await twoProcesses();
    const never = new RedisSingleFlight(dying, { leaseMs: 200 }).run('key', () => new Promise<string>(() => undefined));
    await waitFor('the run', async () => (await keysOf(living)).length > 0);
    const second = new RedisSingleFlight(living, { leaseMs: 200 }).run('key', async () => 'done by another');
    await dying.close();
    expect(await second).toBe('done by another');
    expect(await Promise.race([never, 'still nothing'])).toBe('still nothing');
  });

  it('holds on to a run that takes longer than its lease, and keeps its outcome for no one who asks later', async () => {
    const [here, there] = (await twoProcesses()).map((redis) => new RedisSingleFlight(redis, { leaseMs: 1_000 }));
    const { promise, resolve } = Promise.withResolvers<string>();
    let runs = 0;
    const work = (): Promise<string> => {
      runs += 1;
      return promise;
    };
    const first = here?.run('key', work);
    await waitFor('the run', () => runs === 1);
    const joined = there?.run('key', work);
    const asked = performance.now();
    await waitFor('two leases', () => performance.now() - asked > 2_200);
    resolve('once');
    expect([await first, await joined, runs]).toEqual(['once', 'once', 1]);
    expect(await there?.run('key', async () => 'anew')).toBe('anew');
  });

  it('gives an error of the house to others with all that callers act on', async () => {
    const [here, there] = (await twoProcesses()).map((redis) => new RedisSingleFlight(redis));
    const { promise, reject } = Promise.withResolvers<never>();
    const asked = [here, there].map((side) => side?.run('key', () => promise));
    const outcomes = Promise.allSettled(asked);
    await new Promise((resolve) => setImmediate(resolve));
    reject(new TolemError('bank_away', 'The bank is away.', { retry: { afterMs: 5_000 }, message: 'ECONNREFUSED' }));
    for (const outcome of await outcomes) {
      const reason: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
      expect(reason).toBeInstanceOf(TolemError);
      expect(reason).toMatchObject({
        code: 'bank_away',
        publicMessage: 'The bank is away.',
        message: 'ECONNREFUSED',
        retry: { afterMs: 5_000 },
      });
    }
  });
});
