import { describe, expect, it } from '@jest/globals';
import { ALL_DRILLS } from './all-drills.ts';
import { readDrillOptions } from './drill-options.ts';
import { HELP } from './help.ts';

const read = (...args: string[]) => {
  const options = readDrillOptions(args);
  if (options === 'help') throw new Error('help was asked for');
  return { ...options, drills: options.drills.map(({ name }) => name) };
};

describe('the command line of the drills', () => {
  it('runs all of them at full length and 30 payments a second unless told otherwise', () => {
    expect(read()).toEqual({ drills: ALL_DRILLS.map(({ name }) => name), long: false, scale: 1, rate: 30 });
  });

  it('runs those that are named, in the order in which they are', () => {
    const read1 = read('redis-away', 'kill-kaspi', '--long', '--scale', '0.2', '--rate', '10');
    expect(read1).toEqual({ drills: ['redis-away', 'kill-kaspi'], long: true, scale: 0.2, rate: 10 });
  });

  it.each([['fire'], ['--scale', '0'], ['--scale', 'x'], ['--rate', '1e9'], ['--rate'], ['--deep']])(
    'refuses %s %s in one sentence',
    (...args) => {
      expect(() => readDrillOptions(args.filter((arg) => arg !== undefined))).toThrow(/\.$/);
    },
  );

  it('has a name of its own for every drill, and help that explains each', () => {
    const names = ALL_DRILLS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(readDrillOptions(['--help'])).toBe('help');
    for (const name of names) expect(HELP).toContain(name);
    expect(HELP).toContain('kill -9 of each kaspi');
    expect(HELP).toContain('kill -9 of each gateway');
  });
});
