import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { isAlive, waitForExit } from '../../processes/running-process.ts';
import { PlainFailure } from '../../terminal/plain-failure.ts';
import { cacheFolder, redisBinary } from './redis-binary.ts';
import { type RedisOptions, type RunningRedis, startRedis } from './redis.ts';

const PROGRAM = join(import.meta.dirname, '../../redis-program.ts');

let dataDir: string;
const running: RunningRedis[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tolem-redis-spec-'));
}, 200_000);
afterEach(async () => {
  await Promise.all(running.splice(0).map((redis) => redis.stop()));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function start(options: Partial<RedisOptions> = {}): Promise<RunningRedis> {
  const redis = await startRedis({ dataDir, ...options });
  running.push(redis);
  return redis;
}

/** Says one line to a Redis and gives the whole answer. */
async function ask(port: number, command: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(`${command}\r\nQUIT\r\n`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('a Redis of this machine', () => {
  it('answers where it says, evicts nothing, keeps nothing on disk, and leaves no process when it is stopped', async () => {
    const redis = await start();
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
    expect(await ask(redis.port, 'SET key value')).toContain('+OK');
    const info = await ask(redis.port, 'INFO');
    expect(info).toContain(`process_id:${redis.pid}\r`);
    expect(info).toContain('maxmemory_policy:noeviction');
    expect(info).toContain('aof_enabled:0');
    expect(await ask(redis.port, 'CONFIG GET save')).toContain('$0');
    expect(await ask(redis.port, 'CONFIG GET bind')).toMatch(/\r\n127\.0\.0\.1\r\n/);
    await redis.stop();
    await redis.exited;
    expect(isAlive(redis.pid)).toBe(false);
    expect(await readdir(dataDir)).toEqual(['redis.log']);
  });

  it('is empty and healthy after it was killed, on the port that is asked for', async () => {
    const first = await start();
    await ask(first.port, 'SET key value');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start({ port: first.port });
    expect(second.port).toBe(first.port);
    expect(await ask(second.port, 'DBSIZE')).toContain(':0');
  });

  it('says in one sentence that its port is taken, and never takes a stranger for itself', async () => {
    const stranger = createServer((socket) => socket.on('data', () => socket.write('+PONG\r\n')));
    stranger.listen({ port: 0, host: '127.0.0.1' });
    await once(stranger, 'listening');
    const address = stranger.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await expect(start({ port })).rejects.toThrow(PlainFailure);
      await expect(start({ port })).rejects.toThrow(
        /^Redis could not be started on port \d+ \(Failed listening on port/,
      );
    } finally {
      stranger.close();
    }
  });

  it('ends when the process that started it is killed', async () => {
    const own = await mkdtemp(join(tmpdir(), 'tolem-redis-spec-'));
    const env = { ...process.env, NODE_OPTIONS: '' };
    const parent = spawn(process.execPath, ['--conditions=@tolem/source', PROGRAM, own], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    try {
      const [line] = await once(createInterface({ input: parent.stdout }), 'line');
      const { pid, port } = JSON.parse(String(line)) as { pid: number; port: number };
      expect(await ask(port, 'PING')).toContain('+PONG');
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      expect(await waitForExit(pid, 30_000)).toBe(true);
    } finally {
      parent.kill('SIGKILL');
      await rm(own, { recursive: true, force: true });
    }
  }, 60_000);

  it('that an earlier run has left is ended before another one starts in its folder', async () => {
    const first = await start();
    const said: string[] = [];
    const second = await start({ port: first.port, onProgress: (step) => said.push(step) });
    expect(said).toContain('stopped the Redis that an earlier run had left');
    expect(isAlive(first.pid)).toBe(false);
    expect(await readFile(join(dataDir, 'redis.pid'), 'utf8')).toContain(String(second.pid));
  });
});

describe('the program of Redis', () => {
  it('is fetched once and kept where TOLEM_CACHE_DIR says', async () => {
    expect(cacheFolder({ TOLEM_CACHE_DIR: '/var/cache/tolem' })).toBe('/var/cache/tolem');
    expect(cacheFolder({})).toMatch(/\.cache.tolem$/);
    expect(await redisBinary()).toBe(await redisBinary());
  });

  it('that cannot be had is asked for by the names of the packages to install', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'tolem-redis-spec-'));
    try {
      const missing = redisBinary({ PATH: empty, TOLEM_CACHE_DIR: empty });
      await expect(missing).rejects.toThrow(PlainFailure);
      await expect(missing).rejects.toThrow(/apt-get install redis-server.*apt-get install maven/);
      expect(await readdir(join(empty, 'redis'))).toEqual([]);
    } finally {
      await rm(empty, { recursive: true, force: true });
    }
  });
});
