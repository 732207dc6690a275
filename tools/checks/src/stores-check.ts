import { join } from 'node:path';
import { type Check, failedOnce, passedOnce } from './check.ts';
import { troubleOf } from './run-node-tool.ts';
import { runProcess } from './run-process.ts';

const PROGRAM = join(import.meta.dirname, '../../local-stack/src/prepare-stores.ts');
/** A step as it goes on. Everything else that the program prints is for the list of problems. */
const PROGRESS = /^ {2}[…✓✗]/;

/**
 * Whether this machine has what the specs run Kafka and Redis with. What can be fetched is fetched now, with its progress
 * shown, and not behind the back of some spec with a deadline.
 */
export const storesCheck: Check = {
  title: 'stores',
  run: async (context) => {
    const end = await runProcess({
      command: process.execPath,
      args: [
        '--conditions=@tolem/source',
        '--experimental-transform-types',
        '--disable-warning=ExperimentalWarning',
        PROGRAM,
      ],
      cwd: context.root,
      env: { ...process.env, NODE_OPTIONS: '' },
      timeoutMs: Math.max(0, context.timeLeftMs()),
      onText: context.say,
    });
    const trouble = troubleOf(end);
    if (trouble === undefined) return passedOnce;
    const said = 'output' in end ? end.output.split('\n').filter((line) => line !== '' && !PROGRESS.test(line)) : [];
    return failedOnce(said.length > 0 ? said.join('\n') : `looking for Kafka and Redis ${trouble}`);
  },
};
