import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { anyFreePort } from '../../src/processes/ports.ts';
import { isAlive, waitForExit } from '../../src/processes/running-process.ts';
import { forgetPostgres } from '../../src/stores/postgres/postgres.ts';
import { readLocalJson } from '../../src/tolem-folder/local-json.ts';
import { tolemFolder, type TolemFolder } from '../../src/tolem-folder/tolem-folder.ts';
import { StartedProgram } from './started-program.ts';

const PROGRAM = join(import.meta.dirname, '../programs/run-house.ts');

// Whole programs start and stop in every test.
jest.setTimeout(120_000);

interface Lock {
  pid: number;
  children: { name: string; pid: number }[];
}

let root = '';
let folder: TolemFolder = tolemFolder('');
const starts: StartedProgram[] = [];

const start = (args: readonly string[] = [], env: Record<string, string> = {}): StartedProgram => {
  const started = new StartedProgram(PROGRAM, root, args, env);
  starts.push(started);
  return started;
};
const order = async (): Promise<string[]> => (await readFile(join(root, 'order.log'), 'utf8')).trim().split('\n');
const lock = async (): Promise<Lock> => JSON.parse(await readFile(folder.lock, 'utf8')) as Lock;
const pidOf = async (name: string): Promise<number> =>
  (await lock()).children.find((child) => child.name === name)?.pid ?? 0;
const postgresPid = async (): Promise<number> =>
  Number.parseInt(await readFile(join(folder.postgres, 'cluster/postmaster.pid'), 'utf8'), 10);
const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined;

async function makeFolder(): Promise<void> {
  root = await mkdtemp(join(tmpdir(), 'tolem-house-'));
  await chmod(root, 0o711);
  folder = tolemFolder(join(root, '.tolem'));
}
async function removeFolder(): Promise<void> {
  await forgetPostgres(folder.postgres);
  await rm(root, { recursive: true });
}
async function stopAll(): Promise<void> {
  for (const started of starts.splice(0)) {
    if (started.process.exitCode === null && started.process.signalCode === null) await started.stop();
  }
}

describe('npm start in a new folder', () => {
  beforeEach(makeFolder);
  afterEach(async () => {
    await stopAll();
    await removeFolder();
  });

  it('serves after a paid demo payment, and a stop ends services, sandbox and PostgreSQL in this order', async () => {
    const first = start();
    await first.says('Tolem serves at');
    expect(first.text).toMatch(
      /✓ PostgreSQL[\s\S]*✓ Sandbox bank[\s\S]*✓ Migrations[\s\S]*✓ Demo chain: made[\s\S]*in all: succeeded[\s\S]*Tolem serves at/,
    );
    const local = await readLocalJson(folder.local);
    expect(local).toMatchObject({ mode: 'embedded', desk: 'desk-01', ru: null });
    expect((await stat(folder.local)).mode & 0o777).toBe(0o600);
    expect((await fetch(`${local?.gateway ?? ''}/v1/nothing`)).status).toBe(401);
    const pids = [await pidOf('gateway'), await pidOf('sandbox'), await postgresPid()];

    expect(await first.stop()).toBe(0);
    expect(await order()).toEqual([
      'sandbox started',
      'migrated tolem',
      'services started',
      'services asked',
      'sandbox asked',
    ]);
    expect(first.text).toMatch(/Stopping the services[\s\S]*Stopping the sandbox[\s\S]*Stopping PostgreSQL/);
    expect(pids.map(isAlive)).toEqual([false, false, false]);
    expect(await exists(folder.local)).toBe(false);
    expect(await exists(folder.lock)).toBe(false);
  });

  it('a port that was asked for and is taken is named, and nothing is started', async () => {
    const port = await anyFreePort();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const house = start(['--port', String(port)]);
      expect(await house.ended).toBe(1);
      expect(house.text).toContain(`Port ${port} is taken`);
      expect(await exists(folder.postgres)).toBe(false);
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
  });

  it('what is in the way of the folder is named', async () => {
    await mkdir(folder.dir);
    await writeFile(folder.logs, 'a file where a folder belongs');
    const house = start();
    expect(await house.ended).toBe(1);
    expect(house.text).toContain('EEXIST');
  });
});

describe('npm start in a folder that it has run in', () => {
  // Made once: a new PostgreSQL costs more than everything else.
  beforeAll(async () => {
    await makeFolder();
    const first = start(['--no-demo']);
    await first.says('Tolem serves at');
    await first.stop();
  });
  afterEach(stopAll);
  afterAll(removeFolder);

  it('a second start keeps data and chain on the port that it is asked for', async () => {
    const first = start(['--no-demo']);
    await first.says('Tolem serves at');
    expect(first.text).not.toContain('Kaspi QR payment');
    const before = await readLocalJson(folder.local);
    await rows(folder, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();

    const port = await anyFreePort();
    const second = start(['--no-demo', '--port', String(port)]);
    await second.says(`Tolem serves at http://127.0.0.1:${port}`);
    expect(second.text).toContain('Demo chain: kept');
    expect(await rows(folder, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    const kept = await readLocalJson(folder.local);
    expect([kept?.tenant, kept?.operator_key]).toEqual([before?.tenant, before?.operator_key]);
    expect(kept?.docs).toBe(`http://127.0.0.1:${port}/docs`);
  });

  it('data without the secrets that close it is refused until --fresh forgets it', async () => {
    const first = start(['--no-demo']);
    await first.says('Tolem serves at');
    const before = await readLocalJson(folder.local);
    await rows(folder, 'CREATE TABLE closed AS SELECT 42 AS answer');
    await first.stop();

    await writeFile(folder.secrets, 'broken');
    const broken = start(['--no-demo']);
    expect(await broken.ended).toBe(1);
    expect(broken.text).toContain(`${folder.secrets} is broken: run "npm start -- --fresh"`);
    await rm(folder.secrets);
    const missing = start(['--no-demo']);
    expect(await missing.ended).toBe(1);
    expect(missing.text).toContain(`${folder.secrets} is missing`);

    const fresh = start(['--no-demo', '--fresh']);
    await fresh.says('Tolem serves at');
    expect((await readLocalJson(folder.local))?.operator_key).not.toBe(before?.operator_key);
    await expect(rows(folder, 'SELECT answer FROM closed')).rejects.toThrow('"closed" does not exist');
  });

  it('another start of the same folder is refused in one sentence while one runs', async () => {
    const first = start(['--no-demo']);
    await first.says('Tolem serves at');
    const second = start(['--no-demo']);
    expect(await second.ended).toBe(1);
    expect(second.text.trim()).toBe(
      `PlainFailure: Tolem already runs from this folder (npm start, process ${first.process.pid ?? 0}): use it, or stop it with Ctrl-C in its terminal.`,
    );
    expect(await exists(folder.local)).toBe(true);
  });

  it('a start that was killed takes its children with it, and the next one serves with its data', async () => {
    const first = start(['--no-demo']);
    await first.says('Tolem serves at');
    const before = await readLocalJson(folder.local);
    const children = [await pidOf('gateway'), await pidOf('sandbox')];
    first.process.kill('SIGKILL');
    await first.ended;
    for (const pid of children) expect(await waitForExit(pid, 10_000)).toBe(true);
    expect((await order()).slice(-2).sort()).toEqual(['sandbox orphaned', 'services orphaned']);

    const second = start(['--no-demo']);
    await second.says('Tolem serves at');
    expect((await readLocalJson(folder.local))?.tenant).toBe(before?.tenant);
  });

  it.each([
    ['gateway', 'gateway', 'standalone.log'],
    ['sandbox', 'sandbox', 'sandbox.log'],
  ])('when the %s dies everything is stopped, and the way to its log is told', async (_name, child, log) => {
    const house = start(['--no-demo']);
    await house.says('Tolem serves at');
    const postgres = await postgresPid();
    process.kill(await pidOf(child), 'SIGKILL');
    expect(await house.ended).toBe(1);
    expect(house.text).toContain(`The ${child} ended by itself (signal SIGKILL); its log is ${join(folder.logs, log)}`);
    expect(isAlive(postgres)).toBe(false);
    expect(await exists(folder.local)).toBe(false);
  });

  it('when PostgreSQL dies everything is stopped, and the way to its log is told', async () => {
    const house = start(['--no-demo']);
    await house.says('Tolem serves at');
    const services = await pidOf('gateway');
    process.kill(await postgresPid(), 'SIGKILL');
    expect(await house.ended).toBe(1);
    expect(house.text).toMatch(/PostgreSQL ended by itself \(.*\); its log is .*postgres\.log/);
    expect(isAlive(services)).toBe(false);
  });

  it('services that cannot start are shown with their last words', async () => {
    const house = start([], { STUB_FAILS: 'services' });
    expect(await house.ended).toBe(1);
    expect(house.text).toContain('the services cannot start today');
    expect(house.text).toContain('The gateway ended by itself (code 7)');
  });

  it('a demo payment that is not paid makes the start fail', async () => {
    const house = start([], { STUB_STORY: 'processing,declined' });
    expect(await house.ended).toBe(1);
    expect(house.text).toMatch(/The demo payment pay_\d+ ended as declined .*log is .*standalone\.log/);
    expect(await exists(folder.local)).toBe(false);
  });

  it('a stop in the middle of a start leaves nothing running', async () => {
    const house = start([], { STUB_STORY: 'processing' });
    await house.says('requires_customer');
    const pids = [await pidOf('gateway'), await pidOf('sandbox'), await postgresPid()];
    expect(await house.stop()).toBe(0);
    expect(pids.map(isAlive)).toEqual([false, false, false]);
  });
});

async function rows(folder: TolemFolder, sql: string): Promise<unknown[]> {
  const lines = (await readFile(join(folder.postgres, 'cluster/postmaster.pid'), 'utf8')).split('\n');
  const password = (await readFile(join(folder.postgres, 'superuser-password'), 'utf8')).trim();
  const client = new pg.Client({
    host: '127.0.0.1',
    port: Number(lines[3]),
    user: 'postgres',
    password,
    database: 'tolem',
  });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
