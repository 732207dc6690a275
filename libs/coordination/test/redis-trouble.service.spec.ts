import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, systemClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import {
  checkRedis,
  MemoryPollSchedule,
  type PollClaim,
  type PollEntry,
  RedisAway,
  type RedisHandle,
  RedisPollSchedule,
  RedisSingleFlight,
  RedisSlots,
  RedisTokenBuckets,
  RedisWakeUps,
  SteadyPollSchedule,
  watchFitness,
} from '../src/index.ts';
import { RedisHouse } from './redis-house.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { SilentPath } from './silent-path.ts';

// Servers of this file's own: they are frozen, killed and filled up.
let server: RedisServer;
let house: RedisHouse;
let prefix: string;
beforeAll(async () => {
  server = await startRedisServer();
  house = RedisHouse.of(server.url);
}, 200_000);
beforeEach(() => {
  prefix = house.prefix();
});
afterEach(() => house.closeConnections());
afterAll(() => server.stop());

const connect = (): Promise<RedisHandle> => house.connect(prefix);
const entry = (id: string): PollEntry => ({ id, dueAt: Date.now() - 1_000, payload: id, group: 'con_1' });
const idsOf = (claims: readonly PollClaim[]): string[] => claims.map(({ id }) => id).sort();
const pureSchedule = (redis: RedisHandle): RedisPollSchedule => new RedisPollSchedule(redis, { name: 'kaspi' });
const steadySchedule = (redis: RedisHandle): SteadyPollSchedule =>
  new SteadyPollSchedule(pureSchedule(redis), new MemoryPollSchedule(systemClock));
const LIMITS = { start: 2, poll: 16, background: 1 };

let uses = 0;
/** Everything a process uses, at once; what is wrong shows in what comes back. */
async function useAll(redis: RedisHandle): Promise<void> {
  uses += 1;
  const own = `${prefix}${uses}`;
  const slots = new RedisSlots(redis, { limits: LIMITS });
  const wakeUps = new RedisWakeUps(redis);
  try {
    const taken = await Promise.all([1, 2, 3].map(() => slots.tryTake(own, 'start')));
    expect(taken.filter((giveBack) => giveBack !== undefined)).toHaveLength(2);
    for (const giveBack of taken) giveBack?.();
    expect(await slots.tryTake(own, 'start')).toBeDefined();

    const buckets = new RedisTokenBuckets(redis);
    const limits = { capacity: 2, refillPerSecond: 0.001 };
    const takes = await Promise.all([1, 2, 3].map(() => buckets.tryTake(own, limits)));
    expect(takes.filter(({ ok }) => ok)).toHaveLength(2);

    let runs = 0;
    const flights = new RedisSingleFlight(redis);
    const asked = [1, 2, 3].map(() => flights.run(own, async () => (runs += 1)));
    expect(await Promise.all(asked)).toEqual([1, 1, 1]);

    let heard = 0;
    wakeUps.listen('pay_1', () => (heard += 1));
    wakeUps.wake(['pay_1', 'pay_2']);
    expect(heard).toBe(1);
  } finally {
    wakeUps.close();
    await slots.close();
  }
}

async function claimed(schedule: SteadyPollSchedule | RedisPollSchedule, count: number): Promise<PollClaim[]> {
  const claims: PollClaim[] = [];
  await waitFor(`${count} claims`, async () => {
    claims.push(...(await schedule.claim(100, 60_000)).claims);
    return claims.length >= count;
  });
  return claims;
}

describe('Redis', () => {
  /** Ways to be away and to come back; `back` gives where it is then. */
  const ways: { name: string; leave: () => Promise<void>; comeBack: () => Promise<void>; emptied: boolean }[] = [
    {
      name: 'killed, and started anew where it was',
      leave: async () => {
        process.kill(server.pid, 'SIGKILL');
      },
      comeBack: async () => {
        await server.stop();
        server = await startRedisServer(server.port);
      },
      emptied: true,
    },
    {
      name: 'frozen',
      leave: async () => {
        process.kill(server.pid, 'SIGSTOP');
      },
      comeBack: async () => {
        process.kill(server.pid, 'SIGCONT');
      },
      emptied: false,
    },
    {
      name: 'demoted to a replica, and promoted again',
      leave: async () => {
        const redis = await house.connect('admin:');
        await redis.run((client) => client.replicaof('127.0.0.1', 1));
      },
      comeBack: async () => {
        const redis = await house.connect('admin:');
        await redis.run((client) => client.replicaof('NO', 'ONE'));
      },
      emptied: false,
    },
    {
      name: 'full',
      leave: async () => {
        const redis = await house.connect('admin:');
        await redis.run((client) => client.config('SET', 'maxmemory', '1'));
      },
      comeBack: async () => {
        const redis = await house.connect('admin:');
        await redis.run((client) => client.config('SET', 'maxmemory', '0'));
      },
      emptied: false,
    },
  ];

  it.each(ways)(
    '$name makes nobody fail and nobody stick: all goes on in the process, and is shared again later',
    async (way) => {
      const [redis, other] = [await connect(), await connect()];
      const [waker, waiter] = [new RedisWakeUps(redis), new RedisWakeUps(other)];
      let heard = 0;
      waiter.listen('pay_1', () => (heard += 1));
      const schedule = steadySchedule(redis);
      await schedule.put(entry('before'));
      const [held] = await claimed(schedule, 1);
      if (held === undefined) throw new Error('nothing was due');
      await useAll(redis);

      await way.leave();
      try {
        // The first to notice may have to wait until its command times out; those behind it do not.
        await schedule.put(entry('while away'));
        // What Redis may still hold and gives to nobody has to be put in again.
        expect(await schedule.missing(['before', 'while away'])).toEqual(['before']);
        await schedule.addMissing([entry('seeded'), entry('removed')]);
        await schedule.remove('removed');
        expect(await schedule.reschedule(held, { dueAt: Date.now() - 1, payload: 'asked' })).toBe(true);
        await useAll(redis);
        const claims = await claimed(schedule, 3);
        expect(idsOf(claims)).toEqual(['before', 'seeded', 'while away']);
        const [first, second] = claims;
        if (first === undefined || second === undefined) throw new Error('two were claimed');
        expect(await schedule.finish(first)).toBe(true);
        expect(await schedule.finish(first)).toBe(false);
        expect(await schedule.reschedule(second, { dueAt: Date.now() - 1, payload: 'asked' })).toBe(true);
        await expect(pureSchedule(redis).put(entry('nowhere'))).rejects.toThrow(RedisAway);
      } finally {
        await way.comeBack();
      }

      const seed = entry('seeded later');
      await waitFor('the shared schedule', async () => {
        await schedule.addMissing([seed]);
        await schedule.claim(0, 1_000);
        return pureSchedule(other)
          .claim(100, 1)
          .then(({ claims }) => idsOf(claims).includes(seed.id));
      });
      heard = 0;
      await waitFor('a wake-up from the other process', () => {
        waker.wake(['pay_1']);
        return heard > 0;
      });
      await waitFor('everything', () => useAll(redis).then(() => true));
      await useAll(other);
    },
  );

  it('away from the beginning lets a process start, and is joined when it comes', async () => {
    await server.stop();
    let running = false;
    try {
      const redis = house.begin(prefix);
      expect(await checkRedis(redis, 50)).toBe('away');
      await useAll(redis);
      const schedule = steadySchedule(redis);
      await schedule.put(entry('pay_1'));
      server = await startRedisServer(server.port);
      running = true;
      expect(await checkRedis(redis, 15_000)).toBe('fit');
      await schedule.claim(0, 1_000);
      const other = await connect();
      expect(idsOf(await claimed(pureSchedule(other), 1))).toEqual(['pay_1']);
    } finally {
      if (!running) server = await startRedisServer(server.port);
    }
  });

  it('in trouble is told of, though not again and again', async () => {
    const redis = await connect();
    await (await house.connect('admin:')).run((client) => client.config('SET', 'maxmemory', '1'));
    house.troubles.length = 0;
    try {
      for (let n = 0; n < 20; n += 1) await steadySchedule(redis).put(entry(`pay_${n}`));
    } finally {
      await (await house.connect('admin:')).run((client) => client.config('SET', 'maxmemory', '0'));
    }
    expect(house.troubles).toEqual([expect.stringMatching(/^a command to Redis: .*OOM/)]);
  });
});

describe('a connection to Redis', () => {
  it('that says nothing any more is given up for another one, that of a subscriber too', async () => {
    const path = await SilentPath.to(server.port);
    try {
      const redis = await house.connect(prefix, `redis://127.0.0.1:${path.port}`);
      const other = await connect();
      const [waker, waiter] = [new RedisWakeUps(other), new RedisWakeUps(redis)];
      let heard = 0;
      waiter.listen('pay_1', () => (heard += 1));
      const wakeUp = (): Promise<boolean> =>
        waitFor('a wake-up', () => {
          waker.wake(['pay_1']);
          return heard > 0;
        });
      await wakeUp();
      path.silence();
      heard = 0;
      await expect(pureSchedule(redis).put(entry('pay_1'))).rejects.toThrow(RedisAway);
      await waitFor('another connection', () => redis.isReady && checkRedis(redis).then((found) => found === 'fit'));
      await pureSchedule(redis).put(entry('pay_1'));
      await wakeUp();
    } finally {
      path.close();
    }
  });
});

describe('Redis emptied', () => {
  it('is healed by re-seeding, and no lease from before is taken for one of now', async () => {
    const redis = await connect();
    const schedule = pureSchedule(redis);
    const seeds = ['pay_1', 'pay_2', 'pay_3'].map(entry);
    await schedule.addMissing(seeds);
    const [before] = (await schedule.claim(1, 60_000)).claims;
    await redis.run((client) => client.flushall());
    expect((await schedule.claim(9, 60_000)).claims).toEqual([]);
    await schedule.addMissing(seeds);
    const again = (await schedule.claim(9, 60_000)).claims;
    expect(idsOf(again)).toEqual(['pay_1', 'pay_2', 'pay_3']);
    if (before === undefined) throw new Error('nothing was due');
    expect(await schedule.finish(before)).toBe(false);
    for (const claim of again) expect(await schedule.finish(claim)).toBe(true);
  });

  it('is told of by the next claim to one process, and to another one only where the first does nothing about it', async () => {
    const [redis, other] = [await connect(), await connect()];
    const clock = new ManualClock(systemClock.now());
    const [here, there] = [redis, other].map(
      (handle) => new RedisPollSchedule(handle, { name: 'kaspi', clock, time: clock }),
    );
    if (here === undefined || there === undefined) throw new Error('two were asked for');
    const emptied = async (schedule: RedisPollSchedule): Promise<boolean> => (await schedule.claim(9, 1_000)).emptied;
    await here.markSeeded();
    expect([await emptied(here), await emptied(there)]).toEqual([false, false]);

    await redis.run((client) => client.flushall());
    expect([await emptied(there), await emptied(here), await emptied(there)]).toEqual([true, false, false]);
    clock.advance(5_000);
    expect([await emptied(here), await emptied(there)]).toEqual([true, false]);

    await here.addMissing([entry('pay_1')]);
    await here.markSeeded();
    clock.advance(3_600_000);
    expect([await emptied(here), await emptied(there)]).toEqual([false, false]);
  });

  it('by a restart says so in the first claim that finds it back, to a process that went on without it', async () => {
    const schedule = steadySchedule(await connect());
    await schedule.markSeeded();
    expect((await schedule.claim(9, 1_000)).emptied).toBe(false);
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    server = await startRedisServer(server.port);
    await waitFor('the word of Redis', async () => (await schedule.claim(9, 1_000)).emptied);
    await schedule.markSeeded();
    expect((await schedule.claim(9, 1_000)).emptied).toBe(false);
  });

  it('learns again what slots are held: what others took meanwhile they do not get twice', async () => {
    const [redis, other] = [await connect(), await connect()];
    const [here, there] = [new RedisSlots(redis, { limits: LIMITS }), new RedisSlots(other, { limits: LIMITS })];
    const two = (slots: RedisSlots): Promise<((() => void) | undefined)[]> =>
      Promise.all([1, 2].map(() => slots.tryTake('con_1', 'start')));
    try {
      const held = await two(here);
      await redis.run((client) => client.flushall());
      const theirs = await two(there);
      expect(theirs).toEqual([expect.any(Function), expect.any(Function)]);
      here.renew();
      expect(await two(here)).toEqual([undefined, undefined]);
      for (const giveBack of theirs) giveBack?.();
      expect(await two(there)).toEqual([undefined, undefined]);
      for (const giveBack of held) giveBack?.();
      await waitFor('a slot', () => there.tryTake('con_1', 'start'));
    } finally {
      await Promise.all([here.close(), there.close()]);
    }
  });

  it('by a restart is told of held slots as soon as it is back', async () => {
    const [redis, other] = [await connect(), await connect()];
    const options = { limits: LIMITS, leaseMs: 3_600_000 };
    const [here, there] = [new RedisSlots(redis, options), new RedisSlots(other, options)];
    try {
      expect(await here.tryTake('con_1', 'background')).toBeDefined();
      process.kill(server.pid, 'SIGKILL');
      await server.stop();
      server = await startRedisServer(server.port);
      await waitFor('what is held', async () => {
        const keys = await other.run((client) => client.keys(`${prefix}*`)).catch(() => []);
        return keys.length > 0;
      });
      expect(await there.tryTake('con_1', 'background')).toBeUndefined();
    } finally {
      await Promise.all([here.close(), there.close()]);
    }
  });

  it('of its scripts gets them again', async () => {
    const redis = await connect();
    await useAll(redis);
    await redis.run((client) => client.script('FLUSH'));
    const schedule = pureSchedule(redis);
    await Promise.all(['pay_1', 'pay_2', 'pay_3'].map((id) => schedule.put(entry(id))));
    expect((await schedule.claim(9, 1_000)).claims).toHaveLength(3);
    await useAll(redis);
  });
});

describe('a Redis', () => {
  it('that evicts is refused with a sentence that says what to set', async () => {
    const redis = await connect();
    await redis.run((client) => client.config('SET', 'maxmemory-policy', 'allkeys-lru'));
    await expect(checkRedis(redis)).rejects.toMatchObject({
      code: 'redis_unfit',
      message: expect.stringContaining('set "maxmemory-policy noeviction"'),
    });
    await redis.run((client) => client.config('SET', 'maxmemory-policy', 'noeviction'));
    expect(await checkRedis(redis)).toBe('fit');
  });

  it('that evicts when it comes back is told of, each time', async () => {
    const [redis, admin] = [await connect(), await house.connect('admin:')];
    const told: unknown[] = [];
    const stop = watchFitness(redis, (error) => told.push(error));
    const comeBack = async (): Promise<void> => {
      const ready = new Promise<void>((resolve) => {
        const heard = redis.onReady(() => {
          heard();
          resolve();
        });
      });
      await admin.run((client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal'));
      await ready;
    };
    try {
      await comeBack();
      expect(await checkRedis(redis)).toBe('fit');
      expect(told).toEqual([]);
      await admin.run((client) => client.config('SET', 'maxmemory-policy', 'allkeys-lru'));
      for (const times of [1, 2]) {
        await comeBack();
        await waitFor('the word of it', () => told.length === times);
      }
      expect(told[1]).toMatchObject({ code: 'redis_unfit' });
    } finally {
      stop();
      await admin.run((client) => client.config('SET', 'maxmemory-policy', 'noeviction'));
    }
  });

  it('with a password is entered with it, in a database of its own, and is away for whoever has none', async () => {
    const admin = await house.connect('admin:');
    await admin.run((client) => client.config('SET', 'requirepass', 'p@ss/w:rd'));
    try {
      const address = `127.0.0.1:${server.port}`;
      const redis = await house.connect(prefix, `redis://default:${encodeURIComponent('p@ss/w:rd')}@${address}/3`);
      expect(await checkRedis(redis)).toBe('fit');
      await pureSchedule(redis).put(entry('pay_1'));
      expect(await redis.run((client) => client.info('keyspace'))).toContain('db3:');
      const stranger = house.begin(prefix, `redis://${address}`);
      expect(await checkRedis(stranger, 300)).toBe('away');
      await useAll(stranger);
    } finally {
      await admin.run((client) => client.config('SET', 'requirepass', ''));
    }
  });
});
