import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import { MemoryPollSchedule, type PollEntry } from '../src/index.ts';
import { agreesWithNaiveSchedule, pollScheduleContract, type ScheduleUnderTest } from './coordination-contract.ts';

const LEASE_MS = 50;

function underTest(schedule: MemoryPollSchedule, clock: ManualClock): ScheduleUnderTest {
  return {
    schedule,
    now: () => clock.now(),
    advance: async (ms) => clock.advance(ms),
    close: async () => undefined,
  };
}

pollScheduleContract('the poll schedule in memory', async () => {
  const clock = new ManualClock();
  return underTest(new MemoryPollSchedule(clock), clock);
});

describe('the bound of the poll schedule in memory', () => {
  it('is kept under any sequence of operations, and nothing else changes by it', async () => {
    let schedule: MemoryPollSchedule;
    await agreesWithNaiveSchedule(
      async () => {
        const clock = new ManualClock();
        schedule = new MemoryPollSchedule(clock, 8);
        return underTest(schedule, clock);
      },
      { maxEntries: 8, check: ({ naive }) => expect(schedule.size).toBe(naive.kept.size) },
    );
  });

  it('leaves out what exceeds it and takes it once there is room', async () => {
    const schedule = new MemoryPollSchedule(new ManualClock(1_000), 2);
    const entry = (id: string, dueAt: number): PollEntry => ({ id, dueAt, payload: '{}' });
    await schedule.addMissing([entry('a', 1), entry('b', 2), entry('c', 3)]);
    await schedule.put(entry('d', 4));
    expect(schedule.size).toBe(2);
    await schedule.remove('a');
    await schedule.addMissing([entry('c', 3)]);
    expect((await schedule.claim(9, LEASE_MS)).claims.map((claim) => claim.id)).toEqual(['b', 'c']);
  });
});

describe('what is taken out of the poll schedule in memory', () => {
  it('is what nobody holds; what somebody holds stays until the end of its lease', async () => {
    const clock = new ManualClock(1_000);
    const schedule = new MemoryPollSchedule(clock);
    const entry = (id: string, dueAt: number): PollEntry => ({ id, dueAt, payload: '{}', group: 'con_1' });
    await schedule.addMissing([entry('held', 1), entry('due', 2), entry('later', 2_000)]);
    const [held] = (await schedule.claim(1, LEASE_MS)).claims;
    expect(schedule.takeFree()).toEqual([entry('due', 2), entry('later', 2_000)]);
    expect(schedule.size).toBe(1);
    expect(schedule.takeFree()).toEqual([]);
    clock.advance(LEASE_MS);
    expect(schedule.takeFree()).toEqual([entry('held', 1)]);
    if (held === undefined) throw new Error('nothing was due');
    expect(await schedule.finish(held)).toBe(false);
    expect((await schedule.claim(9, LEASE_MS)).claims).toEqual([]);
  });
});

describe('the cost of a claim', () => {
  const CLAIMED = 100;

  /** How often due times are looked at to claim a hundred of many that are all due. */
  async function looksFor(entries: number, perGroup: number): Promise<number> {
    let looks = 0;
    const schedule = new MemoryPollSchedule(new ManualClock(1_000_000));
    for (let n = 0; n < entries; n += 1) {
      await schedule.put({
        id: `pay_${n}`,
        payload: '{}',
        group: `con_${Math.floor(n / perGroup)}`,
        get dueAt() {
          looks += 1;
          return (n * 7_919) % 1_000_000;
        },
      });
    }
    // What has become due since the last claim is sorted in by the first one; that is paid once per entry.
    await schedule.claim(1, LEASE_MS);
    looks = 0;
    expect((await schedule.claim(CLAIMED, LEASE_MS)).claims).toHaveLength(CLAIMED);
    return looks;
  }

  it.each([
    ['one connection with everything', Infinity],
    ['a hundred payments a connection', 100],
    ['a payment a connection', 1],
  ])('grows with what is taken and hardly with what is there: %s', async (_, perGroup) => {
    const few = await looksFor(1_000, perGroup);
    const many = await looksFor(64_000, perGroup);
    // A comparison looks at two due times; each of the hundred takes a few comparisons per level of a heap.
    expect(many).toBeLessThan(CLAIMED * 8 * Math.log2(64_000));
    expect(many).toBeLessThan(3 * few + CLAIMED);
  });
});
