import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemErrorCode } from '../terminal/system-error-code.ts';

const run = promisify(execFile);

/** Nobody may be there to collect an ended orphan (a container whose first process does not), yet it has ended. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.charAt(line.lastIndexOf(')') + 2) === 'Z';
  } catch {
    return false;
  }
}

/** Answers whether a process with this id runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** The command line of a running process, empty when it cannot be read. Process ids are reused, names are not. */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw.replaceAll('\0', ' ').trim();
  }
  if (process.platform === 'win32') return '';
  return run('ps', ['-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
}

/** Waits until a process is gone; false when it still lives after `timeoutMs`. */
export async function waitForExit(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await pause(25);
  }
  return true;
}

/** A signal, and how long its process may take to end of it. */
export type Ending = readonly [signal: NodeJS.Signals, timeoutMs: number];

/** Sends one signal after another until the process is gone; false when it still lives after the last. */
export async function endProcess(pid: number, endings: readonly Ending[]): Promise<boolean> {
  for (const [signal, timeoutMs] of endings) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just gone by itself, which the wait below sees.
    }
    if (await waitForExit(pid, timeoutMs)) return true;
  }
  return false;
}
