import { askedToStop } from '../processes/asked-to-stop.ts';
import { STACK_PROGRAMS } from '../services/programs.ts';
import { checkDocker } from '../stores/docker/docker.ts';
import { standardOutput } from '../terminal/output.ts';
import { PlainFailure, withPlainFailures } from '../terminal/plain-failure.ts';
import { Progress } from '../terminal/progress.ts';
import { stackFolder, tolemFolder } from '../tolem-folder/tolem-folder.ts';
import { helpText } from './help.ts';
import { runStack } from './run-stack.ts';
import { chooseLogs, followLogs, listLogs } from './stack-logs.ts';
import { readStackOptions } from './stack-options.ts';
import { stackStatus } from './stack-status.ts';
import { stopStack } from './stop-stack.ts';

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
