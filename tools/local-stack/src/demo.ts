import { readDemoOptions } from './demo-options.ts';
import { helpText } from './help.ts';
import { readLocalJson } from './local-json.ts';
import { standardOutput } from './output.ts';
import { payDemo } from './pay-demo.ts';
import { PlainFailure } from './plain-failure.ts';
import { tolemFolder } from './tolem-folder.ts';

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
  const outcome = await payDemo({
    gatewayUrl: local.gateway,
    apiKey: local.api_key,
    organization: local.organization,
    desk: local.desk,
    amountMinor: options.amountMinor,
    line: (text) => output.write(`${text}\n`),
    isTerminal: output.isTerminal,
  });
  return outcome.status === 'succeeded' ? 0 : 1;
}

try {
  process.exitCode = await demo(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof PlainFailure ? error.message : error);
  process.exitCode = 1;
}
