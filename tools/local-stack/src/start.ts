import { askedToStop } from './asked-to-stop.ts';
import { helpText } from './help.ts';
import { runHouse } from './house.ts';
import { standardOutput } from './output.ts';
import { PlainFailure, withPlainFailures } from './plain-failure.ts';
import { HOUSE_PROGRAMS } from './programs.ts';
import { Progress } from './progress.ts';
import { readStartOptions } from './start-options.ts';
import { tolemFolder } from './tolem-folder.ts';

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
