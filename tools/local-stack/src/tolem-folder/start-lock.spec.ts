import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isAlive } from '../processes/running-process.ts';
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
    await leave({ pid: other.pid, command: 'npm run stack', children: [] });
    expect(await StartLock.holder(path)).toEqual({ pid: other.pid, command: 'npm run stack' });
    await expect(StartLock.take(path, 'npm start')).rejects.toThrow(`npm run stack, process ${other.pid}`);
    process.kill(other.pid, 'SIGKILL');
    await other.ended;
    const lock = await StartLock.take(path, 'npm start');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      pid: process.pid,
      command: 'npm start',
      children: [],
    });
    await lock.release();
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('a process id that belongs to another program by now does not count', async () => {
    const stranger = await someone('a-text-editor');
    try {
      await leave({ pid: stranger.pid, children: [] });
      await StartLock.take(path, 'npm start');
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
      await StartLock.take(path, 'npm start', (step) => steps.push(step));
      expect(steps).toEqual(['waiting for the sandbox that a killed start had left']);
      expect([left.pid, stranger.pid].map(isAlive)).toEqual([false, true]);
    } finally {
      process.kill(stranger.pid, 'SIGKILL');
    }
  });

  it('a lock cut in the middle of writing is no obstacle', async () => {
    await leave('{"pid": 12');
    const lock = await StartLock.take(path, 'npm start');
    await lock.addChild({ name: 'sandbox', pid: 77, script: 's.js' });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      pid: process.pid,
      command: 'npm start',
      children: [{ name: 'sandbox', pid: 77, script: 's.js' }],
    });
  });

  it('names exactly the children that run, however many come and go at once, and is gone once released', async () => {
    const lock = await StartLock.take(path, 'npm run stack');
    const children = Array.from({ length: 20 }, (_, at) => ({
      name: `kaspi ${at}`,
      pid: 5_000_000 + at,
      script: 'm.js',
    }));
    await Promise.all(children.map((child) => lock.addChild(child)));
    await Promise.all(children.slice(0, 15).map(({ pid }) => lock.removeChild(pid)));
    const held = JSON.parse(await readFile(path, 'utf8')) as { children: unknown[] };
    expect(held.children).toEqual(children.slice(15));
    const late = lock.removeChild(children[15]?.pid ?? 0);
    await lock.release();
    await late;
    await lock.removeChild(children[16]?.pid ?? 0);
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect(await StartLock.holder(path)).toBeUndefined();
  });
});
