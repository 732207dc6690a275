import {
  ConfigurationError,
  createLogger,
  type Environment,
  loadTogether,
  scrubText,
  stopOnSignals,
} from '@tolem/observability';
import { TolemError } from '@tolem/domain';
import { hostProcess, processConfig, type ProcessHost } from './host-process.ts';

/** What a process runs, as its `main.ts` tells it. */
export interface ProcessProgram {
  /** In logs and traces, and in the line that says that it serves. */
  readonly name: string;
  /** One sentence for `--help`. */
  readonly about: string;
  /** Options without a value: what each prints before the process ends. */
  readonly pages?: Readonly<Record<string, { readonly help: string; readonly print: () => string }>>;
  /** Reads the configuration. @throws ConfigurationError that names every mistake. */
  configure(environment: Environment): (host: ProcessHost) => Promise<{ readonly url?: string }>;
}

const EXIT_WITH_PARENT = '--exit-with-parent';

/** The whole life of a process, from its arguments to its exit code. Returns once it serves. */
export async function runProcess(
  program: ProcessProgram,
  args: readonly string[],
  environment: Environment,
): Promise<void> {
  const exitCode = await begin(program, args, environment);
  // Pools of a half-started process would keep it alive.
  if (exitCode !== undefined) process.exit(exitCode);
}

/** Resolves with an exit code where the process has nothing more to do or could not start. */
async function begin(
  program: ProcessProgram,
  args: readonly string[],
  environment: Environment,
): Promise<number | undefined> {
  const { name, pages = {} } = program;
  if (args.includes('--help')) {
    process.stdout.write(helpOf(program));
    return 0;
  }
  const page = args.map((arg) => pages[arg]).find((found) => found !== undefined);
  if (page !== undefined) {
    process.stdout.write(page.print());
    return 0;
  }
  const unknown = args.find((arg) => arg !== EXIT_WITH_PARENT);
  if (unknown !== undefined) {
    process.stderr.write(`Unknown option ${unknown}. See --help.\n`);
    return 2;
  }
  try {
    const config = loadTogether(environment, {
      process: (from) => processConfig.load(from),
      start: (from) => program.configure(from),
    });
    const logger = createLogger({ service: name, level: config.process.logLevel });
    const running = await hostProcess(name, config.process, logger, config.start);
    stopOnSignals(running.shutdown, process, (code) => process.exit(code));
    if (args.includes(EXIT_WITH_PARENT)) {
      process.stdin.on('end', () => void stop(running.shutdown, 'the parent is gone', 0));
      process.stdin.resume();
    }
    // For whoever started this process, whatever the log level: only this process can say where it listens.
    const { url, managementPort } = running;
    process.stdout.write(`${JSON.stringify({ event: 'serving', service: name, url, managementPort })}\n`);
    return undefined;
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
    return 1;
  }
}

/** For trouble that only a new process gets out of: stops in order and ends with code 1, so that somebody starts it again. */
export function endBecause(error: Error, { shutdown, logger }: Pick<ProcessHost, 'shutdown' | 'logger'>): void {
  logger.error({ err: error }, 'this process cannot go on and ends');
  void stop(shutdown, 'it cannot go on', 1);
}

async function stop(shutdown: ProcessHost['shutdown'], reason: string, code: number): Promise<void> {
  const clean = await shutdown.run(reason);
  process.exit(clean ? code : 1);
}

function reasonOf(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (error instanceof TolemError) return error.publicMessage;
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `Tolem could not start: ${scrubText(reason)}`;
}

function helpOf({ about, pages = {} }: ProcessProgram): string {
  const options = [
    [EXIT_WITH_PARENT, 'stop when standard input ends, that is, when whoever started this process is gone'],
    ...Object.entries(pages).map(([option, { help }]) => [option, help]),
  ].map(([option = '', help = '']) => `  ${option.padEnd(20)} ${help}`);
  const usage = [EXIT_WITH_PARENT, ...Object.keys(pages), '--help'].map((option) => `[${option}]`).join(' ');
  return `${about}

Usage: node main.js ${usage}

${options.join('\n')}

Configuration comes from TOLEM_* variables; docs/configuration.md lists them.
`;
}
