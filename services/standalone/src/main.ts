import { ConfigurationError, createLogger, scrubText, stopOnSignals } from '@tolem/observability';
import { environment, loadConfig } from './config.ts';
import { configurationPage } from './configuration-page.ts';
import { startStandalone } from './standalone.ts';

const HELP = `Runs every service of Tolem in one process, for one machine.

Usage: node main.js [--exit-with-parent] [--configuration] [--help]

  --exit-with-parent   stop when standard input ends, that is, when whoever started this process is gone
  --configuration      print every variable as a page of the documentation and end

Configuration comes from TOLEM_* variables; docs/configuration.md lists them.
`;

/** The process; resolves with an exit code where it could not start. */
async function run(args: readonly string[]): Promise<number | undefined> {
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  if (args.includes('--configuration')) {
    process.stdout.write(configurationPage());
    return 0;
  }
  const unknown = args.find((arg) => arg !== '--exit-with-parent');
  if (unknown !== undefined) {
    process.stderr.write(`Unknown option ${unknown}. See --help.\n`);
    return 2;
  }
  try {
    const config = loadConfig(environment);
    const logger = createLogger({ service: 'standalone', level: config.process.logLevel });
    const { url, managementPort, shutdown } = await startStandalone(config, logger);
    stopOnSignals(shutdown, process, (code) => process.exit(code));
    if (args.includes('--exit-with-parent')) {
      process.stdin.on(
        'end',
        () => void shutdown.run('the parent is gone').then((clean) => process.exit(clean ? 0 : 1)),
      );
      process.stdin.resume();
    }
    // For whoever started this process, whatever the log level: only this process can say where it listens.
    process.stdout.write(`${JSON.stringify({ event: 'serving', url, managementPort })}\n`);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(
      error instanceof ConfigurationError ? `${error.message}\n` : `Tolem could not start: ${scrubText(reason)}\n`,
    );
    return 1;
  }
}

const exitCode = await run(process.argv.slice(2));
// Pools of a half-started process would keep it alive.
if (exitCode !== undefined) process.exit(exitCode);
