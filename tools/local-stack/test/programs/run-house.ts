import { join } from 'node:path';
import { readStartOptions } from '../../src/commands/start-options.ts';
import { runHouse } from '../../src/house/house.ts';
import { Progress } from '../../src/terminal/progress.ts';
import { tolemFolder } from '../../src/tolem-folder/tolem-folder.ts';
import { ownPorts } from './own-ports.ts';

// A start that can be killed or asked to stop from outside: the real house with stand-ins for its programs. The word
// local-stack in this file's path is what a second start knows it by.
const [folder = '', ...args] = process.argv.slice(2);
const program = (name: string): string => join(import.meta.dirname, `${name}.ts`);
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
try {
  await runHouse({
    programs: {
      migrations: [{ service: 'gateway', name: 'stub migrations', script: program('stub-migrate') }],
      sandbox: program('stub-sandbox'),
      services: program('stub-services'),
    },
    folder: tolemFolder(join(folder, '.tolem')),
    options: readStartOptions(args),
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
