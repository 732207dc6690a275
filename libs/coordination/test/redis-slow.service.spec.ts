import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import {
  checkRedis,
  MemoryPollSchedule,
  type PollClaim,
  type PollEntry,
  type RedisHandle,
  RedisPollSchedule,
  RedisSingleFlight,
  RedisSlots,
  RedisTokenBuckets,
  RedisWakeUps,
  SteadyPollSchedule,
} from '../src/index.ts';
import { RedisHouse } from './redis-house.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { SlowPath } from './slow-path.ts';

const LIMITS = { start: 2, poll: 16, background: 1 };
const LATE_MS = 300;

// Of this file's own: one becomes a replica of the other.
let primary: RedisServer;
let replica: RedisServer;
let house: RedisHouse;
let prefix: string;
let path: SlowPath;
beforeAll(async () => {
  [primary, replica] = await Promise.all([startRedisServer(), startRedisServer()]);
  house = RedisHouse.of(primary.url);
}, 200_000);
beforeEach(() => {
  prefix = house.prefix();
});
afterEach(async () => {
  await house.closeConnections();
  path.close();
});
afterAll(() => Promise.all([primary.stop(), replica.stop()]));

const through = (): Promise<RedisHandle> => house.connect(prefix, `redis://127.0.0.1:${path.port}`);
const entry = (id: string): PollEntry => ({ id, dueAt: Date.now() - 1_000, payload: id, group: 'con_1' });
const idsOf = (claims: readonly PollClaim[]): string[] => claims.map(({ id }) => id).sort();
const steadySchedule = (redis: RedisHandle): SteadyPollSchedule =>
  new SteadyPollSchedule(new RedisPollSchedule(redis, { name: 'kaspi' }), new MemoryPollSchedule(systemClock));

type Pair = readonly [slow: RedisHandle, other: RedisHandle];

async function sharesSchedule([slow, other]: Pair): Promise<void> {
  const [schedule, others] = [steadySchedule(slow), steadySchedule(other)];
  await schedule.addMissing(['pay_1', 'pay_2', 'pay_3'].map(entry));
  const [held] = (await schedule.claim(1, 60_000)).claims;
  if (held === undefined) throw new Error('nothing was due');
  const rest = (await others.claim(9, 60_000)).claims;
  expect(idsOf([held, ...rest])).toEqual(['pay_1', 'pay_2', 'pay_3']);
  expect(await schedule.reschedule(held, { dueAt: Date.now() - 1, payload: 'asked' })).toBe(true);
  const [again] = (await others.claim(9, 60_000)).claims;
  expect(again).toMatchObject({ id: held.id, payload: 'asked' });
  expect(await schedule.finish(held)).toBe(false);
}

async function sharesSlots(pair: Pair): Promise<void> {
  const [here, there] = pair.map((redis) => new RedisSlots(redis, { limits: LIMITS }));
  if (!here || !there) throw new Error('there are two');
  const takes = await Promise.all([here, there, here].map((each) => each.tryTake('con_1', 'start')));
  expect(takes.filter((giveBack) => giveBack !== undefined)).toHaveLength(2);
  await Promise.all([here.close(), there.close()]);
}

async function sharesBuckets([slow, other]: Pair): Promise<void> {
  const limits = { capacity: 2, refillPerSecond: 0.001 };
  const takes = [slow, other, slow].map((redis) => new RedisTokenBuckets(redis).tryTake('con_1', limits));
  expect((await Promise.all(takes)).filter(({ ok }) => ok)).toHaveLength(2);
}

async function sharesFlights([slow, other]: Pair): Promise<void> {
  const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>();
  const { promise: passed, resolve: pass } = Promise.withResolvers<undefined>();
  const flight = new RedisSingleFlight(slow).run('token', async () => {
    begin(undefined);
    await passed;
    return 'of the slow one';
  });
  await begun;
  const joined = new RedisSingleFlight(other).run('token', async () => 'of the other');
  // Behind the question of the one that joins, on the same connection.
  await other.run((client) => client.ping());
  pass(undefined);
  expect(await Promise.all([flight, joined])).toEqual(['of the slow one', 'of the slow one']);
}

async function wakesEachOther(pair: Pair): Promise<void> {
  const [slow, other] = pair.map((redis) => new RedisWakeUps(redis));
  if (!slow || !other) throw new Error('there are two');
  for (const [waker, waiter] of [
    [other, slow],
    [slow, other],
  ] as const) {
    let heard = 0;
    waiter.listen('pay_1', () => (heard += 1));
    await waitFor('a wake-up', () => {
      waker.wake(['pay_1']);
      return heard > 0;
    });
  }
  for (const each of [slow, other]) each.close();
}

describe('a Redis whose every answer is 300 ms late', () => {
  it('is slower and never wrong: processes share all of it as ever, and nobody takes it for gone', async () => {
    path = await SlowPath.to(primary.port, LATE_MS);
    const pair = [await through(), await house.connect(prefix)] as const;
    expect(await checkRedis(pair[0])).toBe('fit');
    const all = [sharesSchedule, sharesSlots, sharesBuckets, sharesFlights, wakesEachOther];
    await Promise.all(all.map((share) => share(pair)));
    expect(house.troubles).toEqual([]);
  });
});

describe('a Redis that fails over to a replica that lacks the last of it', () => {
  it('is healed by looking what is missing; no lease and no slot from before counts for two', async () => {
    path = await SlowPath.to(primary.port, 0);
    const [redis, other] = [await through(), await through()];
    const [schedule, others] = [redis, other].map(steadySchedule);
    const options = { limits: LIMITS, leaseMs: 3_600_000 };
    const [slots, otherSlots] = [redis, other].map((handle) => new RedisSlots(handle, options));
    if (!schedule || !others || !slots || !otherSlots) throw new Error('there are two of each');
    try {
      await schedule.markSeeded();
      await schedule.put(entry('copied'));
      await schedule.put(entry('held'));
      await replicateOnce();
      // None of this reaches the replica.
      const [held] = (await schedule.claim(1, 3_600_000)).claims;
      if (held === undefined) throw new Error('nothing was due');
      await schedule.put(entry('lost'));
      expect(await slots.tryTake('con_1', 'background')).toBeDefined();

      path.turnTo(replica.port);
      const there = ['copied', 'held', 'lost'];
      await waitFor(
        'the other server',
        () => redis.isReady && other.isReady && checkRedis(redis).then((is) => is === 'fit'),
      );
      expect(await schedule.missing(there)).toEqual(['lost']);
      // It does not look emptied: only who asks for each finds what is missing.
      await schedule.addMissing(['lost'].map(entry));
      const turn = await others.claim(9, 60_000);
      expect([turn.emptied, idsOf(turn.claims)]).toEqual([false, there]);
      // Whoever held it before has to hear that it lost it.
      expect(await schedule.finish(held)).toBe(false);
      expect(await schedule.reschedule(held, { dueAt: Date.now() - 1, payload: 'late' })).toBe(false);
      for (const claim of turn.claims) expect(await others.finish(claim)).toBe(true);
      await waitFor('the word of the slot that is held', async () => {
        const keys = await other.run((client) => client.keys(`${prefix}*con_1*`));
        return keys.length > 0;
      });
      expect(await otherSlots.tryTake('con_1', 'background')).toBeUndefined();
    } finally {
      await Promise.all([slots.close(), otherSlots.close()]);
    }
  });

  /** The replica has all that the primary has now, and nothing that comes later. */
  async function replicateOnce(): Promise<void> {
    const admin = await house.connect('admin:', replica.url);
    await admin.run((client) => client.replicaof('127.0.0.1', primary.port));
    const [from, to] = [await house.connect('admin:'), admin];
    await from.run((client) => client.set('admin:last', prefix));
    await waitFor('the replica to have caught up', async () => {
      const last = await to.run((client) => client.get('admin:last')).catch(() => undefined);
      return last === prefix;
    });
    await admin.run((client) => client.replicaof('NO', 'ONE'));
  }
});
