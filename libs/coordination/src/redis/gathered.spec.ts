import { beforeEach, describe, expect, it } from '@jest/globals';
import { type CallAfter, Gathered } from './gathered.ts';

const LIMITS = { gatherMs: 4, most: 3 };

let done: string[][];
let timers: { readonly ms: number; readonly then: () => void }[];
let gathered: Gathered<string, string>;

const after: CallAfter = (ms, then) => {
  const timer = { ms, then };
  timers.push(timer);
  return () => (timers = timers.filter((other) => other !== timer));
};

function timeIsOver(): void {
  const [timer] = timers.splice(0);
  timer?.then();
}

beforeEach(() => {
  done = [];
  timers = [];
  gathered = new Gathered(
    LIMITS,
    async (items) => {
      done.push([...items]);
      return items.map((item) => `${item} done`);
    },
    after,
  );
});

describe('what is gathered', () => {
  it('goes at once where it comes alone', async () => {
    await expect(gathered.run('a')).resolves.toBe('a done');
    timeIsOver();
    await expect(gathered.run('b')).resolves.toBe('b done');
    expect(done).toEqual([['a'], ['b']]);
  });

  it('goes together where it comes soon after another, and each hears its own result', async () => {
    const results = ['a', 'b', 'c'].map((item) => gathered.run(item));
    expect(done).toEqual([['a']]);
    expect(timers.map(({ ms }) => ms)).toEqual([LIMITS.gatherMs]);
    timeIsOver();
    await expect(Promise.all(results)).resolves.toEqual(['a done', 'b done', 'c done']);
    expect(done).toEqual([['a'], ['b', 'c']]);
  });

  it('waits for nobody once there is enough of it, and has one timer however much comes', async () => {
    const results = Array.from({ length: 8 }, (_, n) => gathered.run(String(n)));
    expect(done).toEqual([['0'], ['1', '2', '3'], ['4', '5', '6']]);
    expect(timers).toHaveLength(1);
    timeIsOver();
    await Promise.all(results);
    expect(done.at(-1)).toEqual(['7']);
  });

  it('is never kept waiting by what came long ago', async () => {
    await gathered.run('a');
    timeIsOver();
    expect(timers).toEqual([]);
    void gathered.run('b');
    expect(done).toEqual([['a'], ['b']]);
  });

  it('fails together, and what comes later does not', async () => {
    let broken = true;
    const unsteady = new Gathered<string, string>(
      LIMITS,
      async (items) => {
        if (broken) throw new Error('away');
        return [...items];
      },
      after,
    );
    const results = Promise.allSettled(['a', 'b', 'c', 'd'].map((item) => unsteady.run(item)));
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    broken = false;
    timeIsOver();
    await expect(unsteady.run('e')).resolves.toBe('e');
  });

  it('takes no result for that of another where some are lacking', async () => {
    const forgetful = new Gathered<string, string>(LIMITS, async () => [], after);
    await expect(forgetful.run('a')).rejects.toThrow('1 were asked for and 0 came back');
  });
});
