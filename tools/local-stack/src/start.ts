import { helpText } from './help.ts';
import { HOUSE_PROGRAMS } from './house-children.ts';
import { runHouse } from './house.ts';
import { standardOutput } from './output.ts';
import { PlainFailure, withPlainFailures } from './plain-failure.ts';
import { Progress } from './progress.ts';
import { readStartOptions } from './start-options.ts';
import { tolemFolder } from './tolem-folder.ts';

/** One Ctrl-C may arrive twice, from the terminal and through npm; only a later one means that somebody is impatient. */
const SAME_REQUEST_MS = 1_000;

async function start(args: readonly string[]): Promise<number> {
  const options = readStartOptions(args);
  const output = standardOutput();
  if (options.help) {
    output.write(await helpText('start'));
    return 0;
  }
  const stopping = new AbortController();
  const hurry = new AbortController();
  let firstAskedMs: number | undefined;
  const stop = (): void => {
    if (firstAskedMs === undefined) {
      firstAskedMs = performance.now();
      output.write('\n');
      stopping.abort();
    } else if (performance.now() - firstAskedMs > SAME_REQUEST_MS) hurry.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // A closed terminal must not keep us from ending our children in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // The program that started us went without being able to pass a signal on.
  process.once('disconnect', stop);
  process.channel?.unref();

  const folder = tolemFolder();
  await withPlainFailures(folder.dir, () =>
    runHouse({
      programs: HOUSE_PROGRAMS,
      folder,
      options,
      progress: new Progress(output),
      stopping: stopping.signal,
      hurry: hurry.signal,
    }),
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
