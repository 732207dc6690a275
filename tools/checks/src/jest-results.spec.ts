import { describe, expect, it } from '@jest/globals';
import { judgeJest } from './jest-check.ts';
import { readJestResults } from './jest-results.ts';

const test = (status: string, fullName: string, failureMessages: string[] = []) => ({
  status,
  fullName,
  failureMessages,
});
const report = (...files: object[]): string => JSON.stringify({ testResults: files });
const file = (status: string, assertionResults: object[], message = '') => ({
  name: '/house/libs/domain/src/money.spec.ts',
  status,
  message,
  startTime: 1_700_000_000_000,
  endTime: 1_700_000_002_500,
  assertionResults,
});

describe('the report of jest', () => {
  it('is counted by the tests that stand in it, not by its own sums', () => {
    const text = JSON.stringify({
      numPassedTests: 99,
      testResults: [
        file('failed', [
          test('passed', 'a'),
          test('failed', 'b', ['\u001b[31mExpected 1\u001b[39m\n    at run (/house/node_modules/jest/x.js:1:1)\n']),
        ]),
      ],
    });
    expect(readJestResults(text, '/house')).toEqual({
      passed: 1,
      failed: 1,
      notRun: 0,
      problems: [{ title: 'libs/domain/src/money.spec.ts › b', detail: 'Expected 1\n' }],
      specs: [{ path: 'libs/domain/src/money.spec.ts', ms: 2_500 }],
    });
  });

  it.each(['pending', 'todo', 'skipped', 'disabled', 'focused', 'something else'])(
    'counts a test of the state %s as not run',
    (status) => {
      expect(readJestResults(report(file('passed', [test(status, 'a')])), '/house')).toMatchObject({
        passed: 0,
        failed: 0,
        notRun: 1,
      });
    },
  );

  it('counts a file that did not load as one failure', () => {
    expect(readJestResults(report(file('failed', [], 'Cannot find module')), '/house')).toEqual({
      passed: 0,
      failed: 1,
      notRun: 0,
      problems: [{ title: 'libs/domain/src/money.spec.ts › did not run', detail: 'Cannot find module' }],
      specs: [{ path: 'libs/domain/src/money.spec.ts', ms: 2_500 }],
    });
  });

  it.each(['', '{', 'null', '[]', '{}', '{"testResults": 3}'])('is refused when it reads %s', (text) => {
    expect(readJestResults(text, '/house')).toBeUndefined();
  });
});

describe('the verdict over jest', () => {
  const passing = report(file('passed', [test('passed', 'a')]));
  const failing = report(file('failed', [test('failed', 'a')]));

  it.each([
    ['tests pass and jest ends well', passing, undefined, 0],
    ['a test fails and jest says so', failing, 'ended with code 1', 1],
    ['tests pass, but jest ends badly', passing, 'ended with code 1', 1],
    ['a test fails and jest is killed besides', failing, 'was killed by SIGKILL', 2],
    ['jest wrote no report', '', undefined, 1],
    ['a report without any test', report(), undefined, 1],
  ])('%s', (_case, text, trouble, failed) => {
    expect(judgeJest(text, '/house', trouble).failed).toBe(failed);
  });
});
