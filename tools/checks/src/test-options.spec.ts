import { describe, expect, it } from '@jest/globals';
import { readTestOptions } from './test-options.ts';

describe('the options of the test command', () => {
  it('ask by default for the full run of at most eleven minutes', () => {
    expect(readTestOptions([])).toEqual({ is: 'run', quick: false, budgetMs: 660_000 });
  });

  it('take a quick run and a budget in minutes', () => {
    expect(readTestOptions(['--quick', '--minutes', '3'])).toEqual({ is: 'run', quick: true, budgetMs: 180_000 });
    expect(readTestOptions(['--quick', '--help'])).toEqual({ is: 'help' });
  });

  it.each([['--fast'], ['libs/domain'], ['--minutes'], ['--minutes', '0'], ['--minutes', '121'], ['--minutes', '1.5']])(
    'refuse %s %s instead of running something else',
    (...words) => {
      expect(readTestOptions(words).is).toBe('refused');
    },
  );
});
