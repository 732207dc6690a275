import { join } from 'node:path';
import { fullChecks, quickChecks } from './house-checks.ts';
import { readMinimumTests } from './minimum-tests.ts';
import { runChecks } from './run-checks.ts';
import { stopRunningProcesses } from './run-process.ts';
import { readTestOptions, TEST_HELP } from './test-options.ts';

// What `npm test` runs, on Node's own type stripping: nothing has to be built before the checks can speak.

const ROOT = join(import.meta.dirname, '../../..');

const run = async (): Promise<number> => {
  const options = readTestOptions(process.argv.slice(2));
  if (options.is === 'help') {
    process.stdout.write(TEST_HELP);
    return 0;
  }
  if (options.is === 'refused') {
    process.stderr.write(`${options.why}\n`);
    return 1;
  }
  return runChecks({
    root: ROOT,
    phases: options.quick ? quickChecks : fullChecks,
    minimumTests: options.quick ? undefined : readMinimumTests(join(ROOT, 'tools/checks/minimum-tests.json')),
    budgetMs: options.budgetMs,
    aimMs: (options.quick ? 1 : 12) * 60_000,
    now: () => performance.now(),
    print: (text) => process.stdout.write(text),
  });
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopRunningProcesses();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
}
process.exitCode = await run();
