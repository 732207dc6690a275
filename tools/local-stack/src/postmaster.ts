import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PlainFailure } from './plain-failure.ts';
import { systemErrorCode } from './system-error-code.ts';

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

/** Ends a PostgreSQL server: a fast shutdown first, an immediate one (recovered at the next start) if it takes too long. */
export async function endPostmaster(pid: number, timeoutMs = 10_000): Promise<boolean> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just gone by itself, which the wait below sees.
    }
    if (await waitForExit(pid, timeoutMs)) return true;
  }
  return false;
}

/**
 * Deals with what an earlier run left in the cluster's folder: a server that outlived its parent is stopped (its
 * settings and port may be other than those wanted now), a lock file whose process id belongs to somebody else by now
 * is removed, because PostgreSQL itself would refuse to start beside it. True if a server was stopped.
 */
export async function endOrphan(clusterDir: string): Promise<boolean> {
  const lockFile = join(clusterDir, 'postmaster.pid');
  const lock = await readFile(lockFile, 'utf8').catch(() => undefined);
  if (lock === undefined) return false;
  const pid = Number.parseInt(lock.split('\n')[0] ?? '', 10);
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) {
    await rm(lockFile, { force: true });
    return false;
  }
  if (!(await commandLineOf(pid)).includes(clusterDir)) {
    await rm(lockFile, { force: true });
    return false;
  }
  if (await endPostmaster(pid)) return true;
  throw new PlainFailure(
    `A PostgreSQL left by an earlier run (process ${pid}) does not end: stop it with "kill -QUIT ${pid}" and run again.`,
  );
}
