import { PlainFailure, standardOutput, tolemFolder, withPlainFailures } from '@tolem/local-stack';
import { readBenchOptions } from './bench-options.ts';
import { HELP } from './help.ts';
import { runBench } from './run-bench.ts';

/** One Ctrl-C may arrive twice, from the terminal and through npm; only a later one means that somebody is impatient. */
const SAME_REQUEST_MS = 1_000;

async function main(args: readonly string[]): Promise<number> {
  const options = readBenchOptions(args);
  const output = standardOutput();
  if (options === 'help') {
    output.write(HELP);
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
  return withPlainFailures(tolemFolder().dir, () =>
    runBench(options, output, { stopping: stopping.signal, hurry: hurry.signal }),
  );
}

let code = 1;
try {
  code = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof PlainFailure ? error.message : error);
}
process.exit(code);
