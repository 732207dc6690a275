import { askedToStop, PlainFailure, standardOutput, tolemFolder, withPlainFailures } from '@tolem/local-stack';
import { readDrillOptions } from './drill-options.ts';
import { HELP } from './help.ts';
import { runDrills } from './run-drills.ts';

async function main(args: readonly string[]): Promise<number> {
  const options = readDrillOptions(args);
  const output = standardOutput();
  if (options === 'help') {
    output.write(HELP);
    return 0;
  }
  const signals = askedToStop(() => output.write('\n'));
  return withPlainFailures(tolemFolder().dir, () => runDrills(options, output, signals));
}

let code = 1;
try {
  code = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof PlainFailure ? error.message : error);
}
process.exit(code);
