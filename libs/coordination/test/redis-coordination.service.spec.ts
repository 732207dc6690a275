import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import {
  MemoryPollSchedule,
  RedisAnswers,
  RedisPollSchedule,
  RedisSingleFlight,
  RedisSlots,
  RedisTokenBuckets,
  RedisWakeUps,
  SteadyPollSchedule,
} from '../src/index.ts';
import {
  agreesWithNaiveSchedule,
  answersContract,
  pollScheduleContract,
  singleFlightContract,
  slotsContract,
  tokenBucketContract,
  wakeUpsContract,
} from './coordination-contract.ts';
import { RedisHouse } from './redis-house.ts';

let house: RedisHouse;
beforeAll(async () => {
  house = await RedisHouse.open();
}, 200_000);
afterAll(async () => {
  await house.close();
  expect(house.troubles).toEqual([]);
});

const nothing = async (): Promise<void> => undefined;

/** Connections are shared by all cases of a contract: their prefixes keep them apart. */
async function scheduleOf(maxEntries?: number): Promise<{ schedule: RedisPollSchedule; clock: ManualClock }> {
  const clock = new ManualClock();
  const name = house.prefix();
  const options = { name, time: clock, clock, ...(maxEntries === undefined ? {} : { maxEntries }) };
  return { schedule: new RedisPollSchedule(await connection(), options), clock };
}
let shared: ReturnType<RedisHouse['connect']> | undefined;
const connection = (): ReturnType<RedisHouse['connect']> => (shared ??= house.connect(house.prefix()));

const RUNS = { runs: 200 };

pollScheduleContract(
  'the poll schedule in Redis',
  async () => {
    const { schedule, clock } = await scheduleOf();
    return { schedule, now: () => clock.now(), advance: async (ms) => clock.advance(ms), close: nothing };
  },
  RUNS,
);

pollScheduleContract(
  'the steady poll schedule while Redis is there',
  async () => {
    const { schedule, clock } = await scheduleOf();
    const steady = new SteadyPollSchedule(schedule, new MemoryPollSchedule(clock));
    return { schedule: steady, now: () => clock.now(), advance: async (ms) => clock.advance(ms), close: nothing };
  },
  { runs: 5 },
);

slotsContract('slots in Redis', async (limits) => {
  const slots = new RedisSlots(await house.connect(house.prefix()), { limits });
  return { slots, close: () => slots.close() };
});

wakeUpsContract('wake-ups over Redis, in one process', async () => {
  const wakeUps = new RedisWakeUps(await house.connect(house.prefix()));
  return { waker: wakeUps, waiter: wakeUps, close: async () => wakeUps.close() };
});

wakeUpsContract('wake-ups over Redis, between two processes', async () => {
  const prefix = house.prefix();
  const [waker, waiter] = [
    new RedisWakeUps(await house.connect(prefix)),
    new RedisWakeUps(await house.connect(prefix)),
  ];
  const close = async (): Promise<void> => [waker, waiter].forEach((each) => each.close());
  return { waker, waiter, close };
});

answersContract('answers over Redis, in one process', async () => {
  const answers = new RedisAnswers(await house.connect(house.prefix()));
  return { teller: answers, listener: answers, close: async () => answers.close() };
});

answersContract('answers over Redis, between two processes', async () => {
  const prefix = house.prefix();
  const [teller, listener] = [
    new RedisAnswers(await house.connect(prefix)),
    new RedisAnswers(await house.connect(prefix)),
  ];
  const close = async (): Promise<void> => [teller, listener].forEach((each) => each.close());
  return { teller, listener, close };
});

tokenBucketContract(
  'token buckets in Redis',
  async () => {
    const clock = new ManualClock();
    const prefix = house.prefix();
    const buckets = new RedisTokenBuckets(await connection(), { clock, time: clock });
    const own = { tryTake: (key: string, ...rest: [never]) => buckets.tryTake(`${prefix}${key}`, ...rest) };
    return { buckets: own as RedisTokenBuckets, advance: async (ms) => clock.advance(ms), close: nothing };
  },
  RUNS,
);

singleFlightContract('single flight in Redis, in one process', async () => {
  const flights = new RedisSingleFlight(await house.connect(house.prefix()));
  return { here: flights, there: flights, close: nothing };
});

singleFlightContract('single flight in Redis, between two processes', async () => {
  const prefix = house.prefix();
  const [here, there] = [await house.connect(prefix), await house.connect(prefix)];
  return { here: new RedisSingleFlight(here), there: new RedisSingleFlight(there), close: nothing };
});

describe('the bound of the poll schedule in Redis', () => {
  it('is kept under any sequence of operations, and nothing else changes by it', async () => {
    await agreesWithNaiveSchedule(
      async () => {
        const { schedule, clock } = await scheduleOf(8);
        return { schedule, now: () => clock.now(), advance: async (ms) => clock.advance(ms), close: nothing };
      },
      { maxEntries: 8, runs: 20 },
    );
  });
});
