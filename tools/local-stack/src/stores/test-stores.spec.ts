import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { isAlive } from '../processes/running-process.ts';
import { openTestStores, type TestStores } from './test-stores.ts';

describe('the stores of a test run', () => {
  const started: { pid: number; dataDir: string }[] = [];
  let stores: TestStores | undefined;

  afterEach(async () => {
    await stores?.close();
    started.length = 0;
  });

  /** A store that is a process which does nothing, beside one that cannot be had. */
  async function open(): Promise<TestStores> {
    stores = await openTestStores({
      kafka: async (dataDir) => {
        const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
        await once(child, 'spawn');
        const pid = child.pid ?? 0;
        started.push({ pid, dataDir });
        await writeFile(join(dataDir, 'data'), 'of this run');
        const exited = once(child, 'exit').then(() => undefined);
        return { address: `127.0.0.1:${pid}`, pid, exited, stop: () => exited };
      },
      redis: () => Promise.reject(new Error('install redis-server')),
    });
    return stores;
  }
  const ask = async (name: string): Promise<{ status: number; said: string }> => {
    const response = await fetch(`${stores?.url ?? ''}/${name}`);
    return { status: response.status, said: await response.text() };
  };

  it('are started by the first who asks, and by nobody before', async () => {
    await open();
    expect(started).toEqual([]);
    const answers = await Promise.all([ask('kafka'), ask('kafka'), ask('kafka')]);
    expect(started).toHaveLength(1);
    for (const answer of answers) expect(answer).toEqual({ status: 200, said: `127.0.0.1:${started[0]?.pid}` });
  });

  it('leave no process and no folder behind', async () => {
    const opened = await open();
    await ask('kafka');
    const [{ pid, dataDir } = { pid: 0, dataDir: '' }] = started;
    expect(isAlive(pid)).toBe(true);
    await opened.close();
    expect(isAlive(pid)).toBe(false);
    await expect(access(dataDir)).rejects.toThrow('ENOENT');
  });

  it('are started again for who asks after one has died', async () => {
    await open();
    const first = await ask('kafka');
    process.kill(started[0]?.pid ?? 0, 'SIGKILL');
    const next = await waitFor('another one', async () => {
      const answer = await ask('kafka');
      return answer.said === first.said ? undefined : answer;
    });
    expect(next).toEqual({ status: 200, said: `127.0.0.1:${started[1]?.pid}` });
  });

  it('say why there is none, and know no others', async () => {
    await open();
    expect(await ask('redis')).toEqual({ status: 500, said: 'install redis-server' });
    expect(await ask('mysql')).toEqual({ status: 404, said: '' });
    expect(await ask('constructor')).toEqual({ status: 404, said: '' });
  });
});
