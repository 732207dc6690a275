import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../../..');
const ROOMS = ['libs/domain', 'tools/sandbox'];
const DEADLINE_MS = 15_000;
const URL_FORM = /^https:\/\/127\.0\.0\.1:\d+$/;

/** The command as it is delivered: compiled by the same compiler and settings as the build, run by plain Node. */
describe('the sandbox as a process', () => {
  let home: string;
  const children: ChildProcess[] = [];

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'tolem-sandbox-main-'));
    const compiler = join(ROOT, 'node_modules/@swc/cli/bin/swc.js');
    for (const room of ROOMS) {
      mkdirSync(join(home, room), { recursive: true });
      cpSync(join(ROOT, room, 'package.json'), join(home, room, 'package.json'));
      const config = ['--config-file', join(ROOT, '.swcrc'), '--ignore', '**/*.spec.ts', '--quiet'];
      const args = [compiler, 'src', '-d', join(home, room, 'dist'), '--strip-leading-paths', ...config];
      execFileSync(process.execPath, args, { cwd: join(ROOT, room), timeout: 60_000, env: {} });
    }
    mkdirSync(join(home, 'node_modules/@tolem'), { recursive: true });
    symlinkSync(join(home, 'libs/domain'), join(home, 'node_modules/@tolem/domain'));
    for (const name of ['@peculiar', 'reflect-metadata', 'zod']) {
      symlinkSync(join(ROOT, 'node_modules', name), join(home, 'node_modules', name));
    }
  }, 60_000);
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  function run(...args: string[]): ChildProcess {
    const main = join(home, 'tools/sandbox/dist/main.js');
    const child = spawn(process.execPath, [main, ...args], { stdio: 'pipe', env: {} });
    children.push(child);
    return child;
  }

  function start(...args: string[]): ChildProcess {
    return run('--data', join(home, 'data'), '--control-port', '0', '--r3-port', '0', ...args);
  }

  async function ready(child: ChildProcess): Promise<Record<string, unknown> & { control: string }> {
    if (child.stdout === null) throw new Error('no output');
    const [line] = (await once(createInterface({ input: child.stdout }), 'line', deadline())) as [string];
    return JSON.parse(line) as Record<string, unknown> & { control: string };
  }

  async function ended(child: ChildProcess): Promise<number | null> {
    if (child.exitCode !== null) return child.exitCode;
    const [code] = (await once(child, 'exit', deadline())) as [number | null];
    return code;
  }

  function deadline(): { signal: AbortSignal } {
    return { signal: AbortSignal.timeout(DEADLINE_MS) };
  }

  it('says in one line where it listens and where its certificates are, and stops cleanly when told to', async () => {
    const child = start();
    const told = await ready(child);
    expect(told).toEqual({
      event: 'ready',
      control: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      kaspi: {
        r1: expect.stringMatching(URL_FORM),
        r2: expect.stringMatching(URL_FORM),
        r3: expect.stringMatching(URL_FORM),
      },
      tls: {
        ca: join(home, 'data/tls/ca.pem'),
        cert: join(home, 'data/tls/client.pem'),
        key: join(home, 'data/tls/client-key.pem'),
      },
    });
    expect(await (await fetch(`${told.control}/health`)).json()).toMatchObject({ status: 'ok' });
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(0);
  }, 30_000);

  it('ends with its parent when asked to, and not otherwise', async () => {
    const bound = start('--exit-with-parent');
    await ready(bound);
    bound.stdin?.end();
    expect(await ended(bound)).toBe(0);
    const free = start();
    const { control } = await ready(free);
    free.stdin?.end();
    expect((await fetch(`${control}/health`)).status).toBe(200);
    expect(free.exitCode).toBeNull();
  }, 30_000);

  it('names a port that is in use and ends with 1', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const child = run('--data', join(home, 'data'), '--control-port', '0', '--r3-port', String(port));
    const said = once(child.stderr ?? child, 'data', deadline());
    expect(await ended(child)).toBe(1);
    expect(String((await said)[0])).toBe(
      `sandbox: Port ${port} on 127.0.0.1 is in use: free it or choose another --r3-port.\n`,
    );
    taken.close();
  }, 30_000);

  it('says in one sentence that its folder cannot be used', async () => {
    const child = run('--data', join(home, 'tools/sandbox/package.json'), '--control-port', '0', '--r3-port', '0');
    const said = once(child.stderr ?? child, 'data', deadline());
    expect(await ended(child)).toBe(1);
    expect(String((await said)[0])).toMatch(
      /^sandbox: The folder .*package\.json cannot be used \(.+\): choose another --data\.\n$/,
    );
  }, 30_000);

  it('explains itself, and says in one sentence what is wrong with its options', async () => {
    const help = run('--help');
    const text = once(help.stdout ?? help, 'data', deadline());
    expect(await ended(help)).toBe(0);
    expect(String((await text)[0])).toContain('--r3-port');
    const wrong = run('--colour');
    const complaint = once(wrong.stderr ?? wrong, 'data', deadline());
    expect(await ended(wrong)).toBe(1);
    expect(String((await complaint)[0])).toMatch(/^sandbox: Unknown option '--colour'.*\n$/);
  }, 30_000);

  it('knows after a kill what it knew before', async () => {
    const first = start();
    const before = await ready(first);
    const autopilot = { kaspi: { scan_ms: 7, confirm_ms: 8 } };
    const body = JSON.stringify(autopilot);
    expect((await fetch(`${before.control}/autopilot`, { method: 'PUT', body })).status).toBe(200);
    first.kill('SIGKILL');
    await ended(first);
    const after = await ready(start());
    expect(await (await fetch(`${after.control}/health`)).json()).toMatchObject({
      kaspi: { autopilot: autopilot.kaspi },
    });
  }, 30_000);
});
