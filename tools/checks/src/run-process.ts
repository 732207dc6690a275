import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';

export type ProcessEnd =
  | { kind: 'exited'; code: number; output: string }
  | { kind: 'killed'; signal: string; output: string }
  /** Ended by us, with everything it had started. */
  | { kind: 'stopped'; reason: string; output: string }
  | { kind: 'not_started'; detail: string };

export interface ProcessOrder {
  command: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  /** Takes only what the others leave of the processors. */
  gentle?: boolean;
  /** Sees every piece of output as it comes. */
  onText?: (text: string) => void;
  /** Looks for a line after which the process gets `graceMs` to end by itself. */
  endsAfter?: { pattern: RegExp; graceMs: number; reason: string };
}

const KEPT_CHARACTERS = 400_000;
const KILL_AFTER_MS = 5_000;
/** Time for what is still in the pipe once the process has ended. */
const DRAIN_MS = 1_000;
const running = new Set<number>();

/** Ends a process and everything it started; true when there was something to end. */
const signalGroup = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false; // The group has ended already: that is what was wanted.
  }
};

/** Whatever it starts inherits it. A process that has ended already gives way enough. */
const giveWay = (pid: number): void => {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not every machine lets us; then it is merely not gentle.
  }
};

/** Ends every process that this module started and that still runs. */
export const stopRunningProcesses = (): void => {
  for (const pid of running) signalGroup(pid, 'SIGTERM');
};

/**
 * Runs a process in a group of its own until it ends, or until `timeoutMs` have passed, and tells how it went. Never
 * throws; leaves no process of the group behind. Keeps the last 400,000 characters of what it printed.
 */
export const runProcess = async (order: ProcessOrder): Promise<ProcessEnd> => {
  const child = spawn(order.command, order.args, {
    cwd: order.cwd,
    env: order.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    return { kind: 'not_started', detail: error.message };
  }
  running.add(pid);
  if (order.gentle === true) giveWay(pid);

  let output = '';
  let stopped: string | undefined;
  const timers: NodeJS.Timeout[] = [];
  const stop = (reason: string): void => {
    stopped ??= reason;
    signalGroup(pid, 'SIGTERM');
    timers.push(setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER_MS));
  };
  timers.push(setTimeout(() => stop(`did not end within ${Math.round(order.timeoutMs / 1000)} s`), order.timeoutMs));

  let awaited = order.endsAfter;
  const take = (text: string): void => {
    output = (output + text).slice(-KEPT_CHARACTERS);
    order.onText?.(text);
    if (awaited?.pattern.test(output.slice(-2_000)) === true) {
      const { graceMs, reason } = awaited;
      awaited = undefined;
      timers.push(setTimeout(() => stop(reason), graceMs));
    }
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);

  // "exit" decides, not "close": a grandchild that keeps the pipe open must not keep us waiting for long.
  const closed = once(child, 'close');
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  await Promise.race([closed, new Promise((resolve) => timers.push(setTimeout(resolve, DRAIN_MS)))]);
  for (const timer of timers) clearTimeout(timer);
  signalGroup(pid, 'SIGKILL');
  child.stdout.destroy();
  child.stderr.destroy();
  running.delete(pid);
  if (stopped !== undefined) return { kind: 'stopped', reason: stopped, output };
  return code === null ? { kind: 'killed', signal: signal ?? 'unknown', output } : { kind: 'exited', code, output };
};
