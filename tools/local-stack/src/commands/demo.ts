import { openStage } from '../demos/demo-stage.ts';
import { DEMOS } from '../demos/demos.ts';
import { askedToStop } from '../processes/asked-to-stop.ts';
import { standardOutput } from '../terminal/output.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { readLocalJson } from '../tolem-folder/local-json.ts';
import { tolemFolder } from '../tolem-folder/tolem-folder.ts';
import { readDemoOptions } from './demo-options.ts';
import { helpText } from './help.ts';

const STOPPED = 130;

async function demo(args: readonly string[]): Promise<number> {
  const options = readDemoOptions(args);
  const output = standardOutput();
  if (options.help) {
    output.write(await helpText('demo'));
    return 0;
  }
  const local = await readLocalJson(tolemFolder().local);
  if (local === undefined) {
    throw new PlainFailure(
      'Nothing serves here: run "npm start" or "npm run stack" in another terminal, wait until it serves, and run this again.',
    );
  }
  // A story that is cut must still give the sandbox its buyers back.
  const { stopping } = askedToStop(() => output.write('\n'));
  try {
    return (await DEMOS[options.demo].play(openStage(local, output, stopping), options.amountMinor)) ? 0 : 1;
  } catch (error) {
    if (stopping.aborted) return STOPPED;
    throw error;
  }
}

let code = 1;
try {
  code = await demo(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof PlainFailure ? error.message : error);
}
process.exit(code);
