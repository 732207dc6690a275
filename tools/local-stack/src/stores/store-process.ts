import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { ProcessLog } from '../processes/process-log.ts';
import { type Ending, endProcess } from '../processes/running-process.ts';
import { guardOver } from './guard.ts';

const PROBE_EVERY_MS = 50;

export interface StoreOptions {
  /** Absolute path of the folder that holds everything of this store; made if absent. */
  dataDir: string;
  /** TCP port on 127.0.0.1; any free one if left out. */
  port?: number;
  onProgress?: (step: string) => void;
}

export interface RunningStore {
  port: number;
  pid: number;
  logFile: string;
  /** Settles when the server's process has ended, for whatever reason. */
  exited: Promise<void>;
  /** In order, or by force when that takes too long. No process is left. */
  stop(): Promise<void>;
}

export interface StoreProgram {
  command: string;
  args: readonly string[];
  /** Whose process it is, where, and with what environment. */
  as: { cwd?: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number };
  logFile: string;
  /** Holds its process id in the first line as long as it runs. */
  pidFile: string;
  /** How it is ended: in order, then by force. */
  endings: readonly [Ending, Ending];
}

/** Our secrets are not for a store to know, and its own variables (by how they begin) not for us to set by accident. */
export const storeEnvironment = (...own: readonly string[]): NodeJS.ProcessEnv => {
  const hidden = ['TOLEM_', 'NODE_OPTIONS', 'npm_', ...own];
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !hidden.some((start) => name.startsWith(start))),
  );
};

/**
 * The server of a store. It has a process group of its own, which keeps the terminal's Ctrl-C away: it stops last, when its
 * clients are gone. A guard ends it when we are killed.
 */
export class StoreProcess {
  readonly pid: number;
  readonly exited: Promise<void>;
  private readonly program: StoreProgram;
  private readonly server: ChildProcess;
  private readonly log: ProcessLog;
  private readonly guard: ChildProcess | undefined;

  private constructor(program: StoreProgram, server: ChildProcess, log: ProcessLog) {
    this.program = program;
    this.server = server;
    this.log = log;
    this.pid = server.pid ?? 0;
    this.exited = new Promise((resolve) => server.once('exit', () => resolve()));
    this.guard = guardOver(this.pid, program);
  }

  static async start(program: StoreProgram): Promise<StoreProcess> {
    const log = await ProcessLog.begin(program.logFile);
    const streams = await log.open();
    try {
      const server = spawn(program.command, program.args, {
        ...program.as,
        stdio: ['ignore', streams.fd, streams.fd],
        detached: true,
      });
      await once(server, 'spawn');
      server.unref();
      return new StoreProcess(program, server, log);
    } finally {
      await streams.close();
    }
  }

  private get running(): boolean {
    return this.server.exitCode === null && this.server.signalCode === null;
  }

  /** What it has written since it was started: the first 256 KiB, or the last. */
  said(which: 'first' | 'last'): Promise<string> {
    return this.log.said(which);
  }

  /** Asks it until it is ready. Whoever holds a taken port may answer too, so it must still run once the answer came. */
  async untilReady(isReady: () => Promise<boolean>, timeoutMs: number): Promise<'ready' | 'ended' | 'late'> {
    const deadline = performance.now() + timeoutMs;
    while (this.running) {
      if ((await isReady()) && this.running) return 'ready';
      if (performance.now() > deadline) return 'late';
      await pause(PROBE_EVERY_MS);
    }
    return 'ended';
  }

  /** No process is left. Harmless when it has ended already. */
  async stop(): Promise<void> {
    this.guard?.kill('SIGKILL');
    // Held again, or our process could end before it hears of the end.
    this.server.ref();
    if (this.running) await endProcess(this.pid, this.program.endings);
    await this.exited;
  }
}
