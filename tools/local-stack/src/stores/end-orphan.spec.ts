import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isAlive } from '../processes/running-process.ts';
import { endOrphan } from './end-orphan.ts';

describe('what an earlier run has left', () => {
  let folder = '';
  let left: ChildProcess;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-orphan-'));
    const stubborn = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1_000); console.log("ready")';
    left = spawn(process.execPath, ['-e', stubborn, '--', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (left.stdout !== null) await once(left.stdout, 'data');
    await writeFile(join(folder, 'store.pid'), `${left.pid}\nmore\n`);
  });
  afterEach(async () => {
    left.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  const end = (isOurs: (commandLine: string) => boolean, signals: readonly NodeJS.Signals[]): Promise<boolean> =>
    endOrphan({
      title: 'store',
      pidFile: join(folder, 'store.pid'),
      isOurs,
      endings: signals.map((signal) => [signal, 500]),
    });
  const inFolder = (commandLine: string): boolean => commandLine.includes(folder);

  it('is ended by force when it does not end in order, and its pid file goes with it', async () => {
    expect(await end(inFolder, ['SIGTERM', 'SIGKILL'])).toBe(true);
    expect(isAlive(left.pid ?? 0)).toBe(false);
    await expect(access(join(folder, 'store.pid'))).rejects.toThrow('ENOENT');
    expect(await end(inFolder, ['SIGTERM'])).toBe(false);
  });

  it('is told by name when it does not end at all, and stays known', async () => {
    await expect(end(inFolder, ['SIGTERM'])).rejects.toThrow(
      `A store left by an earlier run (process ${left.pid}) does not end: end it and run again.`,
    );
    await access(join(folder, 'store.pid'));
  });

  it('is not what has got its process id since: that one lives, and the pid file that names it goes', async () => {
    expect(await end((commandLine) => commandLine.includes('another folder'), ['SIGKILL'])).toBe(false);
    expect(isAlive(left.pid ?? 0)).toBe(true);
    await expect(access(join(folder, 'store.pid'))).rejects.toThrow('ENOENT');
  });
});
