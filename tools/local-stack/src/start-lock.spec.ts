import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isAlive } from './postmaster.ts';
import { StartLock } from './start-lock.ts';

describe('one start per folder', () => {
  let folder = '';
  let path = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-lock-'));
    path = join(folder, 'start.lock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const someone = async (name: string): Promise<{ pid: number; ended: Promise<unknown> }> => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60000)', name], { env: { NODE_OPTIONS: '' } });
    const ended = once(child, 'exit');
    await once(child, 'spawn');
    return { pid: child.pid ?? 0, ended };
  };
  const leave = (lock: object | string): Promise<void> =>
    writeFile(path, typeof lock === 'string' ? lock : JSON.stringify(lock));

  it('is refused while another start runs, and free again when that one has ended', async () => {
    const other = await someone('tools/local-stack/dist/start.js');
    await leave({ pid: other.pid, children: [] });
    await expect(StartLock.take(path)).rejects.toThrow(`process ${other.pid}`);
    process.kill(other.pid, 'SIGKILL');
    await other.ended;
    const lock = await StartLock.take(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ pid: process.pid, children: [] });
    await lock.release();
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('a process id that belongs to another program by now does not count', async () => {
    const stranger = await someone('a-text-editor');
    try {
      await leave({ pid: stranger.pid, children: [] });
      await StartLock.take(path);
      expect(isAlive(stranger.pid)).toBe(true);
    } finally {
      process.kill(stranger.pid, 'SIGKILL');
    }
  });

  it('ends the children that a killed start left, and nobody who only has such a process id', async () => {
    const [left, stranger] = await Promise.all([someone('tools/sandbox/dist/main.js'), someone('a-text-editor')]);
    try {
      await leave({
        pid: 2 ** 22 + 1,
        children: [left, stranger].map(({ pid }) => ({ name: 'sandbox', pid, script: 'tools/sandbox/dist/main.js' })),
      });
      const steps: string[] = [];
      await StartLock.take(path, (step) => steps.push(step));
      expect(steps).toEqual(['waiting for the sandbox that a killed start had left']);
      expect([left.pid, stranger.pid].map(isAlive)).toEqual([false, true]);
    } finally {
      process.kill(stranger.pid, 'SIGKILL');
    }
  });

  it('a lock cut in the middle of writing is no obstacle', async () => {
    await leave('{"pid": 12');
    const lock = await StartLock.take(path);
    await lock.addChild({ name: 'sandbox', pid: 77, script: 's.js' });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      pid: process.pid,
      children: [{ name: 'sandbox', pid: 77, script: 's.js' }],
    });
  });
});
