import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { ProcessLog } from './process-log.ts';
import { untilAborted } from './until-aborted.ts';

const KILL_WAIT_MS = 5_000;
const LOG_POLL_MS = 50;
const SHOWN_LINES = 15;
const SHOWN_CHARACTERS = 400;

export interface ChildOptions {
  /** What people call it. */
  name: string;
  /** The Node script to run, as an absolute path. */
  script: string;
  args: string[];
  cwd: string;
  /** Added to what it inherits. */
  env: Record<string, string>;
  /** What it takes of our own environment; all of it if left out. */
  inherited?: NodeJS.ProcessEnv;
  /** Both of its streams go there. */
  logFile: string;
}

/**
 * A process of ours. It has a process group of its own, so that Ctrl-C in the terminal reaches only us and we end
 * everything in order; its standard input is a pipe that ends when we are gone, however we went.
 */
export class Child {
  readonly name: string;
  readonly script: string;
  readonly pid: number;
  readonly logFile: string;
  /** Settles when the process has ended, with how it ended. */
  readonly exited: Promise<string>;
  private readonly process: ChildProcess;
  private readonly log: ProcessLog;

  private constructor(options: ChildOptions, process: ChildProcess, log: ProcessLog) {
    this.name = options.name;
    this.script = options.script;
    this.logFile = options.logFile;
    this.process = process;
    this.log = log;
    this.pid = process.pid ?? 0;
    this.exited = new Promise((resolve) => {
      process.once('exit', (code, signal) => resolve(signal === null ? `code ${code ?? 0}` : `signal ${signal}`));
    });
  }

  static async start(options: ChildOptions): Promise<Child> {
    const log = await ProcessLog.begin(options.logFile);
    const streams = await log.open();
    try {
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', options.script, ...options.args],
        {
          cwd: options.cwd,
          env: { ...(options.inherited ?? process.env), ...options.env },
          stdio: ['pipe', streams.fd, streams.fd],
          detached: true,
        },
      );
      // A pipe to a process that has ended breaks; its end is told by `exited`.
      child.stdin?.on('error', () => undefined);
      const started = new Child(options, child, log);
      await once(child, 'spawn');
      return started;
    } finally {
      await streams.close();
    }
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** A failure that names the process, how it ended, its last words and where the rest of them is. */
  async ended(how: string): Promise<PlainFailure> {
    const lines = (await this.log.said('last')).trimEnd().split('\n').slice(-SHOWN_LINES);
    const said = lines.map((line) => line.slice(0, SHOWN_CHARACTERS)).join('\n');
    return new PlainFailure(
      `${said === '' ? '' : `${said}\n\n`}The ${this.name} ended by itself (${how}); its log is ${this.logFile}`,
    );
  }

  /** Waits until one of its output's lines means something to `understand`. */
  async lineThat<T>(
    understand: (line: string) => T | undefined,
    what: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const running = this.running;
      for (const line of (await this.log.said('first')).split('\n').slice(0, -1)) {
        const found = understand(line);
        if (found !== undefined) return found;
      }
      if (!running) throw await this.ended(await this.exited);
      if (performance.now() > deadline) {
        throw new PlainFailure(
          `The ${this.name} has not ${what} within ${timeoutMs / 1000} s; its log is ${this.logFile}`,
        );
      }
      await pause(LOG_POLL_MS, undefined, { signal });
    }
  }

  /** SIGTERM, then SIGKILL after `graceMs` or as soon as `hurry` says so. No process is left. */
  async stop(graceMs: number, hurry: AbortSignal, signal: NodeJS.Signals = 'SIGTERM'): Promise<'clean' | 'killed'> {
    if (!this.running) return 'clean';
    this.process.kill(signal);
    // One that is held (SIGSTOP) hears of it only when it goes on.
    this.process.kill('SIGCONT');
    const timeout = AbortSignal.timeout(graceMs);
    const patience = AbortSignal.any([timeout, hurry]);
    if ((await Promise.race([this.exited, untilAborted(patience)])) !== undefined) return 'clean';
    this.process.kill('SIGKILL');
    await Promise.race([this.exited, pause(KILL_WAIT_MS, undefined, { ref: false })]);
    return 'killed';
  }
}
