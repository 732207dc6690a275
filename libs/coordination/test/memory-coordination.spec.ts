import { describe, expect, it } from '@jest/globals';
import { ManualClock, systemClock } from '@tolem/domain';
import fc from 'fast-check';
import {
  DEFAULT_SLOT_LIMITS,
  MemoryAnswers,
  MemorySingleFlight,
  MemorySlots,
  MemoryTokenBuckets,
  MemoryWakeUps,
  type SlotKind,
} from '../src/index.ts';
import {
  answersContract,
  singleFlightContract,
  slotsContract,
  tokenBucketContract,
  wakeUpsContract,
} from './coordination-contract.ts';

const close = async (): Promise<void> => undefined;

slotsContract('slots in memory', async (limits) => ({ slots: new MemorySlots(limits), close }));

wakeUpsContract('wake-ups in memory', async () => {
  const wakeUps = new MemoryWakeUps();
  return { waker: wakeUps, waiter: wakeUps, close };
});

answersContract('answers in memory', async () => {
  const answers = new MemoryAnswers();
  return { teller: answers, listener: answers, close };
});

tokenBucketContract('token buckets in memory', async () => {
  const clock = new ManualClock();
  return { buckets: new MemoryTokenBuckets(clock), advance: async (ms) => clock.advance(ms), close };
});

singleFlightContract('single flight in memory', async () => {
  const flights = new MemorySingleFlight(systemClock);
  return { here: flights, there: flights, close };
});

describe('slots in memory', () => {
  it('never exceed a limit and never lose a slot, whatever is taken and given back', async () => {
    const limits = { start: 2, poll: 3, background: 1 };
    const take = fc.record({
      key: fc.constantFrom('con_1', 'con_2'),
      kind: fc.constantFrom<SlotKind>('start', 'poll', 'background'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(take, fc.nat(20)), { maxLength: 60 }), async (steps) => {
        const slots = new MemorySlots(limits);
        const held: { name: string; giveBack: () => void }[] = [];
        for (const step of steps) {
          if (typeof step === 'number') {
            held.splice(step, 1)[0]?.giveBack();
            continue;
          }
          const name = `${step.key} ${step.kind}`;
          const taken = held.filter((slot) => slot.name === name).length;
          const giveBack = await slots.tryTake(step.key, step.kind);
          expect(giveBack !== undefined).toBe(taken < limits[step.kind]);
          if (giveBack !== undefined) held.push({ name, giveBack });
        }
      }),
    );
  });

  it('allow by default what the limits of the house say', () => {
    expect(DEFAULT_SLOT_LIMITS).toEqual({ start: 32, poll: 64, background: 8 });
  });
});

describe('wake-ups in memory', () => {
  it('spare a listener that another one removed in the same wake-up', () => {
    const wakeUps = new MemoryWakeUps();
    const heard: string[] = [];
    const stops: (() => void)[] = [];
    wakeUps.listen('pay_1', () => {
      heard.push('first');
      for (const stop of stops) stop();
    });
    stops.push(wakeUps.listen('pay_1', () => heard.push('second')));
    wakeUps.wake(['pay_1']);
    expect(heard).toEqual(['first']);
  });
});

describe('token buckets in memory', () => {
  it('are bounded in number: the one that was used least recently is forgotten', async () => {
    const buckets = new MemoryTokenBuckets(new ManualClock(), 2);
    const limits = { capacity: 1, refillPerSecond: 1 };
    await buckets.tryTake('a', limits);
    await buckets.tryTake('b', limits);
    expect(await buckets.tryTake('a', limits)).toMatchObject({ ok: false });
    await buckets.tryTake('c', limits);
    expect(buckets.size).toBe(2);
    expect(await buckets.tryTake('a', limits)).toMatchObject({ ok: false });
    expect(await buckets.tryTake('b', limits)).toEqual({ ok: true });
  });

  it('do not mind a wall clock that is set back', async () => {
    const clock = new ManualClock();
    const buckets = new MemoryTokenBuckets(clock);
    const limits = { capacity: 1, refillPerSecond: 1 };
    await buckets.tryTake('a', limits);
    clock.stepWall(-3_600_000);
    clock.advance(1_000);
    expect(await buckets.tryTake('a', limits)).toEqual({ ok: true });
  });
});

describe('single flight in memory', () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  it('refuses a key more than its bound, in words that a caller can act on, and joins the others as before', async () => {
    const flights = new MemorySingleFlight(new ManualClock(), { maxKeys: 1 });
    void flights.run('a', never);
    void flights.run('a', never);
    await expect(flights.run('b', async () => 1)).rejects.toMatchObject({ code: 'overloaded', retry: 'backoff' });
    expect(flights.size).toBe(1);
  });

  it('keeps nothing of what has ended', async () => {
    const flights = new MemorySingleFlight(new ManualClock());
    await flights.run('a', async () => 1);
    await flights.run('b', () => Promise.reject(new Error('no'))).catch(() => undefined);
    expect(flights.size).toBe(0);
  });

  it('does not wait for ever behind a run that never ends, and the late end of it disturbs nobody', async () => {
    const clock = new ManualClock();
    const flights = new MemorySingleFlight(clock, { joinWithinMs: 1_000 });
    const { promise, resolve } = Promise.withResolvers<string>();
    const stuck = flights.run('key', () => promise);
    clock.advance(999);
    const joined = flights.run('key', async () => 'not run');
    clock.advance(1);
    const { promise: second, resolve: endSecond } = Promise.withResolvers<string>();
    const fresh = flights.run('key', () => second);
    resolve('late');
    expect(await Promise.all([stuck, joined])).toEqual(['late', 'late']);
    const third = flights.run('key', async () => 'not run either');
    endSecond('fresh');
    expect(await Promise.all([fresh, third])).toEqual(['fresh', 'fresh']);
    expect(flights.size).toBe(0);
  });
});
