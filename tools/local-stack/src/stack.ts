import { askedToStop } from './asked-to-stop.ts';
import { checkDocker } from './docker.ts';
import { helpText } from './help.ts';
import { standardOutput } from './output.ts';
import { PlainFailure, withPlainFailures } from './plain-failure.ts';
import { STACK_PROGRAMS } from './programs.ts';
import { Progress } from './progress.ts';
import { runStack } from './run-stack.ts';
import { chooseLogs, followLogs, listLogs } from './stack-logs.ts';
import { readStackOptions } from './stack-options.ts';
import { stackStatus } from './stack-status.ts';
import { stopStack } from './stop-stack.ts';
import { stackFolder, tolemFolder } from './tolem-folder.ts';

async function stack(args: readonly string[]): Promise<number> {
  const options = readStackOptions(args);
  const output = standardOutput();
  const progress = new Progress(output);
  const folder = stackFolder(tolemFolder(), options.docker ? 'stack-docker' : 'stack');
  switch (options.action) {
    case 'help':
      output.write(await helpText('stack'));
      return 0;
    case 'status': {
      const { text, whole } = await stackStatus(folder);
      output.write(text);
      return whole ? 0 : 1;
    }
    case 'stop':
      await stopStack(folder, progress);
      return 0;
    case 'logs': {
      const logs = await listLogs(folder);
      if (options.of === undefined) {
        for (const { name, path, bytes } of logs) progress.line(`${name.padEnd(16)}${`${bytes} B`.padEnd(14)}${path}`);
        return 0;
      }
      const { stopping } = askedToStop(() => undefined);
      await followLogs(chooseLogs(logs, options.of), (text) => output.write(text), stopping);
      return 0;
    }
    case 'run': {
      const asked = askedToStop(() => output.write('\n'));
      if (options.docker) await checkDocker();
      await withPlainFailures(folder.dir, () =>
        runStack({ programs: STACK_PROGRAMS, folder, options, progress, ...asked }),
      );
      output.write('Tolem has stopped.\n');
      return 0;
    }
  }
}

let code = 1;
try {
  code = await stack(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof PlainFailure ? error.message : error);
}
process.exit(code);
