import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chooseLogs, followLogs, listLogs } from '../../src/commands/stack-logs.ts';
import { stackStatus } from '../../src/commands/stack-status.ts';
import { stopStack } from '../../src/commands/stop-stack.ts';
import { isAlive, waitForExit } from '../../src/processes/running-process.ts';
import { Progress } from '../../src/terminal/progress.ts';
import { forgetStack } from '../../src/tolem-folder/forget.ts';
import { type LocalJson, readLocalJson } from '../../src/tolem-folder/local-json.ts';
import { type StackFolder, stackFolder, tolemFolder } from '../../src/tolem-folder/tolem-folder.ts';
import { openStage } from '../../src/demos/demo-stage.ts';
import { DEMOS } from '../../src/demos/demos.ts';
import { StartedProgram } from './started-program.ts';

const PROGRAM = join(import.meta.dirname, '../programs/run-stack.ts');
/** Cold, on a machine that others use too. */
const START_MS = 150_000;
/** Guards wait some seconds, and a store may take some to end. */
const END_MS = 45_000;

const heard: string[] = [];
const progress = new Progress({ isTerminal: false, write: (text) => void heard.push(text) });

describe('npm run stack with two of every service', () => {
  let root = '';
  let folder: StackFolder = stackFolder(tolemFolder(''));
  let running: StartedProgram | undefined;
  let first: LocalJson | undefined;

  const start = async (args: readonly string[]): Promise<StartedProgram> => {
    const started = new StartedProgram(PROGRAM, root, args, {}, START_MS);
    running = started;
    await started.says('how they are');
    return started;
  };
  const pidsOf = (local: LocalJson | undefined): number[] => (local?.stack?.processes ?? []).map(({ pid }) => pid);

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tolem-stack-'));
    await chmod(root, 0o711);
    folder = stackFolder(tolemFolder(join(root, '.tolem')));
    await start(['--replicas', 'kaspi=2,gateway=2', '--egress-proxy']);
    first = await readLocalJson(folder.local);
  }, START_MS);
  afterAll(async () => {
    if (running !== undefined && running.process.exitCode === null && running.process.signalCode === null) {
      await running.stop();
    }
    await forgetStack(folder);
    await rm(root, { recursive: true });
  }, END_MS);

  it('pays the demo payment across the processes and tells programs where everything is', () => {
    expect(running?.text).toMatch(
      /✓ PostgreSQL[\s\S]*✓ Redis[\s\S]*✓ Sandbox[\s\S]*✓ Migrations[\s\S]*✓ Kafka[\s\S]*✓ Topics[\s\S]*✓ Services: gateway 1, gateway 2, kaspi 1, kaspi 2[\s\S]*in all: succeeded/,
    );
    expect(first?.mode).toBe('distributed');
    expect(first?.stack?.gateways).toHaveLength(2);
    expect(first?.gateway).toBe(first?.stack?.gateways[0]);
    const names = first?.stack?.processes.map(({ name, replica }) => `${name} ${replica}`);
    expect(names).toEqual([
      ...['gateway 1', 'gateway 2', 'kaspi 1', 'kaspi 2'],
      ...['postgres 1', 'kafka 1', 'redis 1', 'sandbox 1', 'egress proxy 1'],
    ]);
    expect(new Set(pidsOf(first)).size).toBe(9);
    expect(pidsOf(first).every(isAlive)).toBe(true);
  });

  it('the bank serves scheme 3 to the address of the proxy alone, through which the demo payment was paid', async () => {
    const list = await fetch(`${first?.sandbox.control ?? ''}/kaspi/allowed_addresses`);
    expect(await list.json()).toEqual({ addresses: ['127.0.0.2'] });
    expect(first?.stack?.egress_proxy).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it(
    'npm run demo -- kaspi_qr works against it, and the bank’s books agree',
    async () => {
      if (first === undefined) throw new Error('nothing serves');
      let text = '';
      const output = { isTerminal: false, write: (more: string) => void (text += more) };
      const good = await DEMOS.kaspi_qr.play(openStage(first, output, new AbortController().signal), 149_000);
      expect(text).toMatch(
        /is on the till[\s\S]*in all: succeeded\nThe bank's books\n {4}payment \d+ of .*: Processed\n$/,
      );
      expect(good).toBe(true);
    },
    START_MS,
  );

  it('another gateway answers for the same payments', async () => {
    const headers = { authorization: `Bearer ${first?.api_key ?? ''}` };
    const listed = (first?.stack?.gateways ?? []).map(async (url) => {
      const answer = await fetch(`${url}/v1/organizations`, { headers });
      return [answer.status, await answer.text()];
    });
    const [one, other] = await Promise.all(listed);
    expect(one?.[0]).toBe(200);
    expect(other).toEqual(one);
  });

  it('tells how all of it is, and finds the logs of a service and of one replica', async () => {
    const { text, whole } = await stackStatus(folder);
    expect(text.trim().split('\n')).toHaveLength(10);
    expect(text).toMatch(/kaspi 2 +\d+ +yes +\d+ MiB +http:\/\/127\.0\.0\.1:\d+\n/);
    expect(text).toMatch(/egress proxy +\d+ +yes +\d+ MiB +http:\/\/127\.0\.0\.1:\d+\n/);
    expect(whole).toBe(true);

    const logs = await listLogs(folder);
    expect(chooseLogs(logs, 'kaspi').map(({ name }) => name)).toEqual(['kaspi-1', 'kaspi-2']);
    expect(logs.map(({ name }) => name)).toEqual(expect.arrayContaining(['kafka', 'postgres', 'redis', 'sandbox']));
    const enough = new AbortController();
    let said = '';
    await followLogs(
      chooseLogs(logs, 'kaspi-2'),
      (news) => {
        said += news;
        if (said.includes('"serving"')) enough.abort();
      },
      AbortSignal.any([enough.signal, AbortSignal.timeout(END_MS)]),
    );
    expect(said).toContain('"service":"kaspi"');
  });

  it('leaves the house to one at a time', async () => {
    const second = new StartedProgram(PROGRAM, root, ['--no-demo']);
    expect(await second.ended).toBe(1);
    expect(second.text).toMatch(/Tolem already runs from this folder \(npm run stack, process \d+\)/);
    expect(pidsOf(first).every(isAlive)).toBe(true);
  });

  it('killed with -9, it leaves no process behind, Kafka and Redis included', async () => {
    running?.process.kill('SIGKILL');
    await running?.ended;
    const gone = await Promise.all(pidsOf(first).map((pid) => waitForExit(pid, END_MS)));
    expect(gone).toEqual(pidsOf(first).map(() => true));
    expect(await stackStatus(folder)).toEqual({ text: 'Nothing runs here: npm run stack\n', whole: false });
  }, 60_000);

  it(
    'comes back with its data, and a stop from elsewhere ends all of it',
    async () => {
      const again = await start(['--no-demo']);
      expect(again.text).toContain('Demo chain: kept');
      const second = await readLocalJson(folder.local);
      expect(second?.tenant).toBe(first?.tenant);
      await stopStack(folder, progress);
      expect(heard.join('')).toContain('✓ Stopping the stack');
      expect(await again.ended).toBe(0);
      expect(pidsOf(second).some(isAlive)).toBe(false);
      expect(await stat(folder.local).catch(() => undefined)).toBeUndefined();
      await stopStack(folder, progress);
      expect(heard.at(-1)).toBe('Nothing runs here.\n');
    },
    START_MS,
  );

  it(
    'begins anew with --fresh: another chain, and nothing of what was stored',
    async () => {
      const fresh = await start(['--fresh', '--no-demo']);
      expect(fresh.text).toMatch(/✓ Forgetting what earlier starts stored[\s\S]*Demo chain: made/);
      const third = await readLocalJson(folder.local);
      expect(third?.tenant).not.toBe(first?.tenant);
      const known = await fetch(`${third?.gateway ?? ''}/v1/organizations`, {
        headers: { authorization: `Bearer ${first?.api_key ?? ''}` },
      });
      expect(known.status).toBe(401);
      expect(await fresh.stop()).toBe(0);
    },
    START_MS,
  );
});
