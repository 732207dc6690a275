import { runHouse } from '../house/house.ts';
import { askedToStop } from '../processes/asked-to-stop.ts';
import { HOUSE_PROGRAMS } from '../services/programs.ts';
import { standardOutput } from '../terminal/output.ts';
import { PlainFailure, withPlainFailures } from '../terminal/plain-failure.ts';
import { Progress } from '../terminal/progress.ts';
import { tolemFolder } from '../tolem-folder/tolem-folder.ts';
import { helpText } from './help.ts';
import { readStartOptions } from './start-options.ts';

async function start(args: readonly string[]): Promise<number> {
  const options = readStartOptions(args);
  const output = standardOutput();
  if (options.help) {
    output.write(await helpText('start'));
    return 0;
  }
  const asked = askedToStop(() => output.write('\n'));
  const folder = tolemFolder();
  await withPlainFailures(folder.dir, () =>
    runHouse({ programs: HOUSE_PROGRAMS, folder, options, progress: new Progress(output), ...asked }),
  );
  output.write('Tolem has stopped.\n');
  return 0;
}

let code = 1;
try {
  code = await start(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof PlainFailure ? error.message : error);
}
process.exit(code);
