import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox } from '../src/index.ts';
import type { Sandbox, SandboxOptions } from '../src/index.ts';

describe('the ports of the schemes', () => {
  let folders: string[];
  let running: Sandbox[];
  let taken: Server;

  beforeEach(async () => {
    folders = [];
    running = [];
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
  });
  afterEach(async () => {
    await Promise.all(running.map((sandbox) => sandbox.close()));
    taken.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  async function start(options: Partial<SandboxOptions>): Promise<Sandbox> {
    const folder = mkdtempSync(join(tmpdir(), 'tolem-ports-'));
    folders.push(folder);
    const sandbox = await startSandbox({ dataFolder: folder, controlPort: 0, ...options });
    running.push(sandbox);
    return sandbox;
  }
  async function freePort(): Promise<number> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    return port;
  }

  it('never meet: two banks stand side by side with only the port of scheme 3 chosen', async () => {
    const [first, second] = [await start({ r3Port: await freePort() }), await start({ r3Port: await freePort() })];
    const urls = [first, second].flatMap(({ r1Url, r2Url, r3Url }) => [r1Url, r2Url, r3Url]);
    expect(new Set(urls).size).toBe(6);
  });

  it('that are asked for and taken stop the start in one sentence that names the option', async () => {
    const { port } = taken.address() as AddressInfo;
    for (const scheme of ['r1', 'r2', 'r3'] as const) {
      const told = start({ r3Port: 0, [`${scheme}Port`]: port });
      await expect(told).rejects.toThrow(
        `Port ${port} on 127.0.0.1 is in use: free it or choose another --${scheme}-port.`,
      );
    }
  });
});
