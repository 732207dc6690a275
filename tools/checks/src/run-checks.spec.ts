import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Check, CheckResult } from './check.ts';
import { jestCheck } from './jest-check.ts';
import { judgeMinimum, runChecks } from './run-checks.ts';

const MINI_RUN = join(import.meta.dirname, '../fixtures/mini-run');

interface Ended {
  code: number;
  printed: string;
  lastLine: string;
}

const run = async (checks: readonly Check[], minimumTests?: number, budgetMs = 60_000): Promise<Ended> => {
  let printed = '';
  const code = await runChecks({
    root: MINI_RUN,
    phases: checks.map((check) => [check]),
    minimumTests,
    budgetMs,
    aimMs: 60_000,
    now: () => performance.now(),
    print: (text) => {
      printed += text;
    },
  });
  return { code, printed, lastLine: printed.trimEnd().split('\n').at(-1) ?? '' };
};

/** Real jest over the one spec file of the fixture; two minutes of patience are bounded by the budget of each run. */
const runSpec = (name: string, minimumTests?: number, budgetMs?: number): Promise<Ended> =>
  run([jestCheck([], ['--runInBand', `${name}.spec.mjs`])], minimumTests, budgetMs);

const check = (title: string, result: Partial<CheckResult>): Check => ({
  title,
  run: () => Promise.resolve({ passed: 0, failed: 0, problems: [], ...result }),
});

describe('checks that run side by side', () => {
  it('show what the main one says as it comes, and what the others say when they end', async () => {
    const printed: string[] = [];
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const speaks = (title: string, then: () => Promise<void> | void): Check => ({
      title,
      run: async ({ say }) => {
        say(`${title} is at work\n`);
        await then();
        return { passed: 1, failed: 0, problems: [] };
      },
    });
    const main: Check = { ...speaks('specs', () => released), main: true };
    const beside = speaks('lint', async () => {
      expect(printed.join('')).toContain('specs is at work');
      expect(printed.join('')).not.toContain('lint is at work');
    });
    const ran = runChecks({
      root: MINI_RUN,
      phases: [[main, beside]],
      minimumTests: undefined,
      budgetMs: 60_000,
      aimMs: 60_000,
      now: () => performance.now(),
      print: (text) => {
        printed.push(text);
        if (text.includes('lint is at work')) release();
      },
    });
    expect(await ran).toBe(0);
  });
});

describe('a run of the checks', () => {
  it('passes when every test passes and the minimum is reached', async () => {
    const { code, printed, lastLine } = await runSpec('passing', 2);
    expect({ code, lastLine }).toEqual({ code: 0, lastLine: '2 passed, 0 failed' });
    expect(printed).toMatch(/── time: [^]* s  tests\n[^]* s  unit \(1 file\)\n[^]* s  passing\.spec\.mjs\n/);
  });

  it('fails when fewer tests run than the committed minimum', async () => {
    const { code, printed, lastLine } = await runSpec('passing', 3);
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '2 passed, 1 failed' });
    expect(printed).toContain('2 tests were counted, and tools/checks/minimum-tests.json asks for 3');
  });

  it.each([
    ['skipped', 'is forgotten\n     did not run (pending)'],
    ['focused', 'is left aside\n     did not run (pending)'],
    ['planned', 'is written one day\n     did not run (todo)'],
  ])('fails on a %s test and names it', async (name, words) => {
    const { code, printed, lastLine } = await runSpec(name);
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '1 passed, 1 failed' });
    expect(printed).toContain(words);
  });

  it('fails on a failing test and repeats its message in the totals', async () => {
    const { code, printed, lastLine } = await runSpec('failing');
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '1 passed, 1 failed' });
    expect(printed.slice(printed.indexOf('── totals'))).toMatch(/adds wrongly[^]*Expected: 3[^]*Received: 2/);
  });

  it('fails on a spec file that cannot be loaded', async () => {
    const { code, printed, lastLine } = await runSpec('unloadable');
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 1 failed' });
    expect(printed).toContain('unloadable.spec.mjs › did not run');
  });

  it('fails when jest crashes', async () => {
    const { code, printed, lastLine } = await runSpec('crashing');
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 1 failed' });
    expect(printed).toContain('jest was killed by SIGKILL without a report');
  });

  it('fails when no spec is found', async () => {
    const { code, lastLine } = await runSpec('absent');
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 1 failed' });
  });

  it('fails, and ends, when a passing test leaves something open', async () => {
    const { code, printed, lastLine } = await runSpec('hanging');
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '1 passed, 1 failed' });
    expect(printed).toContain('jest did not end after the last test');
  });

  it('goes on after a failed check, and adds up all of them', async () => {
    const { code, printed, lastLine } = await run([
      check('lint', { failed: 1, problems: ['lint ended with code 1'] }),
      check('tests', { passed: 7 }),
    ]);
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '7 passed, 1 failed' });
    expect(printed).toContain('1/2 lint');
    expect(printed).toContain('   · lint › lint ended with code 1\n');
  });

  it('counts a check that breaks as failed', async () => {
    const broken: Check = { title: 'types', run: () => Promise.reject(new Error('no such file')) };
    const { code, printed, lastLine } = await run([broken, check('tests', { passed: 1 })]);
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '1 passed, 1 failed' });
    expect(printed).toContain('types broke: Error: no such file');
  });
});

describe('the committed minimum', () => {
  it('is missed exactly by every smaller count, and hints only at a clearly larger one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: 6_000 }), (minimum, counted) => {
        const { problem, hint } = judgeMinimum(counted, minimum);
        expect(problem !== undefined).toBe(counted < minimum);
        expect(hint !== undefined).toBe(counted >= minimum + 20 && counted >= minimum * 1.05);
      }),
    );
  });
});
