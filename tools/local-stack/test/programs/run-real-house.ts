import { join } from 'node:path';
import { runHouse } from '../../src/house/house.ts';
import { HOUSE_PROGRAMS } from '../../src/services/programs.ts';
import { Progress } from '../../src/terminal/progress.ts';
import { tolemFolder } from '../../src/tolem-folder/tolem-folder.ts';
import { ownPorts } from './own-ports.ts';

// What `npm start -- --no-demo` runs, in a folder of its own. The word local-stack in this file's path is what others know
// it by.
const [folder = ''] = process.argv.slice(2);
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
try {
  await runHouse({
    programs: HOUSE_PROGRAMS,
    folder: tolemFolder(join(folder, '.tolem')),
    options: { fresh: false, demo: false, port: undefined },
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
