import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { anyFreePort } from '../../processes/ports.ts';
import { isAlive, waitForExit } from '../../processes/running-process.ts';
import { checkFreeSpace } from './postgres-home.ts';
import { canReach } from './postgres-identity.ts';
import { forgetPostgres, type RunningPostgres, startPostgres } from './postgres.ts';

// Whole servers start and stop in many tests.
jest.setTimeout(120_000);

const STARTER = join(import.meta.dirname, '../../../test/programs/start-postgres.ts');

async function query(adminUrl: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function processesWith(text: string): Promise<string[]> {
  const child = spawn('ps', ['-eo', 'pid=,args=']);
  let all = '';
  child.stdout.on('data', (chunk: Buffer) => (all += chunk.toString()));
  await once(child, 'close');
  return all.split('\n').filter((line) => line.includes(text));
}

/** What still runs once a guard that was let go of has had the time to end. */
async function leftWith(text: string): Promise<string[]> {
  const running = await processesWith(text);
  const ended = await Promise.all(running.map((line) => waitForExit(Number.parseInt(line, 10), 15_000)));
  return running.filter((_line, no) => ended[no] !== true);
}

describe('the PostgreSQL of one machine', () => {
  let dataDir = '';
  const running: RunningPostgres[] = [];

  const start = async (options: Partial<Parameters<typeof startPostgres>[0]> = {}): Promise<RunningPostgres> => {
    const postgres = await startPostgres({ dataDir, ...options });
    running.push(postgres);
    return postgres;
  };

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tolem-postgres-spec-'));
    await chmod(dataDir, 0o711);
  });
  afterEach(async () => {
    for (const postgres of running.splice(0)) await postgres.stop();
  });
  afterAll(() => forgetPostgres(dataDir));

  it('keeps what was committed from one start to the next, forces commits to disk and listens on loopback only', async () => {
    const first = await start();
    expect(await query(first.adminUrl, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(first.adminUrl, 'SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    expect(await query(first.adminUrl, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    await query(first.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start();
    expect(await query(second.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('compares letters the same way on every machine', async () => {
    const { adminUrl } = await start();
    expect(await query(adminUrl, "SELECT lower('ТӨЛЕМ') AS low, upper('қазақ') AS up")).toEqual([
      { low: 'төлем', up: 'ҚАЗАҚ' },
    ]);
  });

  it('leaves no process behind when it is stopped, and stopping twice is harmless', async () => {
    const postgres = await start();
    expect(isAlive(postgres.pid)).toBe(true);
    await postgres.stop();
    await postgres.stop();
    expect(await leftWith(dataDir)).toEqual([]);
  });

  it('a wrong password does not get in, and the right one is readable by its owner only', async () => {
    const postgres = await start();
    expect((await stat(join(dataDir, 'superuser-password'))).mode & 0o777).toBe(0o600);
    const wrong = new URL(postgres.adminUrl);
    wrong.password = 'postgres';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('uses the port that was asked for, and names it when it is taken', async () => {
    const port = await anyFreePort();
    const postgres = await start({ port });
    expect(postgres.port).toBe(port);
    await postgres.stop();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      await expect(start({ port })).rejects.toThrow(`port ${port}`);
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
  });

  it('a server whose parent was killed is stopped by the next start, with what it had committed', async () => {
    const parent = spawn(process.execPath, [STARTER, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const orphan = JSON.parse(line.toString()) as { pid: number; adminUrl: string };
    await query(orphan.adminUrl, 'CREATE TABLE orphaned AS SELECT 7 AS answer');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(isAlive(orphan.pid)).toBe(true);
    const steps: string[] = [];
    const postgres = await start({ onProgress: (step) => steps.push(step) });
    expect(steps[0]).toContain('an earlier run had left');
    expect(isAlive(orphan.pid)).toBe(false);
    expect(await query(postgres.adminUrl, 'SELECT answer FROM orphaned')).toEqual([{ answer: 7 }]);
  });

  it('a server whose parent was killed ends by itself when nobody comes', async () => {
    const parent = spawn(process.execPath, [STARTER, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { pid } = JSON.parse(line.toString()) as { pid: number };
    parent.kill('SIGKILL');
    expect(await waitForExit(pid, 15_000)).toBe(true);
  });

  it('comes back after the server itself was killed', async () => {
    const first = await start();
    await query(first.adminUrl, 'CREATE TABLE survived AS SELECT 1 AS answer');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start();
    expect(await query(second.adminUrl, 'SELECT answer FROM survived')).toEqual([{ answer: 1 }]);
  });

  it('a lock file whose process id belongs to another program does not stop a start, nor that program', async () => {
    await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n${join(dataDir, 'cluster')}\n`);
    const postgres = await start();
    expect(await query(postgres.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.each([
    ['its version file is missing', 'PG_VERSION'],
    ['its control file is missing', 'global/pg_control'],
  ])('a broken data folder says what to do: %s', async (why, file) => {
    const path = join(dataDir, 'cluster', file);
    await rename(path, `${path}.aside`);
    try {
      await expect(start({ remedy: 'run it afresh' })).rejects.toThrow(
        `The data folder ${dataDir} is broken (${why}): run it afresh.`,
      );
    } finally {
      await rename(`${path}.aside`, path);
    }
  });

  it('a password file of another cluster is a broken data folder, and no server is left running', async () => {
    const path = join(dataDir, 'superuser-password');
    await rename(path, `${path}.aside`);
    await writeFile(path, `${'0'.repeat(48)}\n`);
    try {
      await expect(start()).rejects.toThrow(/is broken \(.*password authentication failed/);
      expect(await leftWith(dataDir)).toEqual([]);
    } finally {
      await rename(`${path}.aside`, path);
    }
  });

  it('a control file of nonsense is a broken data folder, told in one sentence', async () => {
    const path = join(dataDir, 'cluster', 'global/pg_control');
    const kept = await readFile(path);
    await writeFile(path, Buffer.alloc(kept.length, 1), { flag: 'r+' });
    try {
      const failure = await start().catch((error: unknown) => String(error));
      expect(failure).toMatch(
        /^PlainFailure: The data folder .* is broken \(.*\): run "npm start -- --fresh" to forget it\.$/,
      );
    } finally {
      await writeFile(path, kept, { flag: 'r+' });
    }
    const postgres = await start();
    expect(await query(postgres.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('an initialisation cut in the middle is begun again', async () => {
    const cut = await mkdtemp(join(tmpdir(), 'tolem-postgres-spec-'));
    await chmod(cut, 0o711);
    try {
      await writeFile(join(cut, 'cluster.partial'), 'half a cluster');
      const postgres = await startPostgres({ dataDir: cut, durable: false });
      running.push(postgres);
      expect(await query(postgres.adminUrl, 'SHOW fsync')).toEqual([{ fsync: 'off' }]);
      await postgres.stop();
    } finally {
      await forgetPostgres(cut);
    }
    await expect(stat(cut)).rejects.toThrow('ENOENT');
  });

  it('works in a folder that is closed to others, as root too, and is gone with that folder', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'tolem-postgres-spec-'));
    const inside = join(closed, 'postgres');
    try {
      expect((await stat(closed)).mode & 0o777).toBe(0o700);
      const first = await startPostgres({ dataDir: inside, durable: false });
      running.push(first);
      await query(first.adminUrl, 'CREATE TABLE kept AS SELECT 1 AS answer');
      await first.stop();
      const second = await startPostgres({ dataDir: inside, durable: false });
      running.push(second);
      expect(await query(second.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 1 }]);
      await second.stop();
      await rm(inside, { recursive: true });
      const third = await startPostgres({ dataDir: inside, durable: false });
      running.push(third);
      await expect(query(third.adminUrl, 'SELECT answer FROM kept')).rejects.toThrow('does not exist');
      await third.stop();
    } finally {
      await forgetPostgres(inside);
      await rm(closed, { recursive: true });
    }
  });

  it('refuses before it writes anything when the disk is full', async () => {
    await expect(checkFreeSpace(dataDir, Number.MAX_SAFE_INTEGER)).rejects.toThrow(/^The disk is full at .* MB left/);
    await checkFreeSpace(dataDir, 1);
  });
});

describe('folders that another user can reach', () => {
  it('one closed folder on the way is enough to be unreachable', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tolem-reach-'));
    try {
      const stranger = { uid: 54_321, gid: 54_321 };
      await chmod(folder, 0o700);
      expect(await canReach(join(folder, 'not', 'there', 'yet'), stranger)).toBe(false);
      await chmod(folder, 0o711);
      expect(await canReach(join(folder, 'not', 'there', 'yet'), stranger)).toBe(true);
      const { uid, gid } = await stat(folder);
      await chmod(folder, 0o077);
      expect(await canReach(folder, { uid, gid })).toBe(false);
      await chmod(folder, 0o707);
      expect(await canReach(folder, { uid: stranger.uid, gid })).toBe(false);
    } finally {
      await chmod(folder, 0o700);
      await rm(folder, { recursive: true });
    }
  });
});
