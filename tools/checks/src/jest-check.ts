import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Check, type CheckResult, failedOnce } from './check.ts';
import { readJestResults } from './jest-results.ts';
import { runNodeTool, troubleOf } from './run-node-tool.ts';

const OPEN_HANDLES = {
  pattern: /Jest did not exit one second after the test run has completed/,
  graceMs: 4_000,
  reason: 'did not end after the last test: something still holds a socket, a timer or a process (--detectOpenHandles)',
};

const readReport = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // No file: jest crashed before the end, and the caller says so.
  }
};

/** What jest's report and its way of ending come to together. */
export const judgeJest = (report: string, root: string, trouble: string | undefined): CheckResult => {
  const results = readJestResults(report, root);
  if (results === undefined) return failedOnce(`jest ${trouble ?? 'ended'} without a report: it crashed, see above`);
  const problems = results.problems.map(({ title, detail }) => `${title}\n${detail}`);
  let failed = results.failed + results.notRun;
  if (results.passed + failed === 0) {
    problems.push('jest found no test at all');
    failed += 1;
  }
  // Jest ends with 1 when a test failed; any other trouble, or that one without a failed test, is a failure of its own.
  if (trouble !== undefined && !(trouble === 'ended with code 1' && results.failed > 0)) {
    problems.push(`jest ${trouble}`);
    failed += 1;
  }
  return { passed: results.passed, failed, problems, specs: results.specs };
};

/**
 * All specs that jest.config.js finds under the root.
 *
 * @param ignored patterns of paths to leave out; @param args more words for jest's command line.
 */
export const jestCheck = (ignored: readonly string[] = [], args: readonly string[] = []): Check => ({
  title: 'tests',
  run: async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'tolem-tests-'));
    const report = join(folder, 'report.json');
    try {
      const end = await runNodeTool(context, {
        script: 'jest/bin/jest.js',
        args: [
          '--json',
          `--outputFile=${report}`,
          ...ignored.map((pattern) => `--testPathIgnorePatterns=${pattern}`),
          ...args,
        ],
        env: { NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' },
        // Jest would print its whole report on standard output as well if nobody looked.
        onText: (text) => context.say(text.replace(/^Test results written to: .*\n/m, '')),
        endsAfter: OPEN_HANDLES,
      });
      return judgeJest(readReport(report), context.root, troubleOf(end));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
