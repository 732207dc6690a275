import { join } from 'node:path';
import { runStack } from '../../src/commands/run-stack.ts';
import { readStackOptions } from '../../src/commands/stack-options.ts';
import { STACK_PROGRAMS } from '../../src/services/programs.ts';
import { Progress } from '../../src/terminal/progress.ts';
import { stackFolder, tolemFolder } from '../../src/tolem-folder/tolem-folder.ts';
import { ownPorts } from './own-ports.ts';

// The real stack in a folder of its own, for a test that kills it or asks it to stop from outside. The word local-stack in
// this file's path is what others know it by.
const [folder = '', ...args] = process.argv.slice(2);
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
try {
  const options = readStackOptions(args);
  if (options.action !== 'run') throw new Error('this program only runs the stack');
  await runStack({
    programs: STACK_PROGRAMS,
    folder: stackFolder(tolemFolder(join(folder, '.tolem'))),
    options,
    ports: ownPorts(folder),
    progress: new Progress({ isTerminal: false, write: (text) => void process.stdout.write(text) }),
    stopping: stopping.signal,
    hurry: new AbortController().signal,
  });
  process.exit(0);
} catch (error) {
  console.log(String(error));
  process.exit(1);
}
