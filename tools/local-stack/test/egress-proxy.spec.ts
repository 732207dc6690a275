import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startEgressProxy } from '../egress-proxy/egress-proxy.ts';

const PROGRAM = fileURLToPath(new URL('../egress-proxy/egress-proxy.ts', import.meta.url));
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server that says where its callers come from. */
async function target(): Promise<{ authority: string; port: number; accepted: () => number }> {
  let accepted = 0;
  const server: Server = createTcpServer((socket: Socket) => {
    accepted += 1;
    socket.on('error', () => undefined);
    socket.once('data', (chunk: Buffer) => socket.end(`${socket.remoteAddress ?? ''} ${chunk.toString()}`));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => new Promise((done) => server.close(() => done())));
  const { port } = server.address() as AddressInfo;
  return { authority: `127.0.0.1:${port}`, port, accepted: () => accepted };
}

/** What comes back through a tunnel to `authority`: the other side's words, or the proxy's status. */
function through(proxyUrl: string, authority: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(proxyUrl);
    const asking = request({ host: hostname, port, method: 'CONNECT', path: authority, agent: false });
    asking.on('error', reject);
    asking.on('connect', ({ statusCode }, socket) => {
      if (statusCode !== 200) {
        socket.destroy();
        return resolve(String(statusCode));
      }
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('error', reject).on('end', () => resolve(text));
      socket.write('hello');
    });
    asking.end();
  });
}

function program(...argv: string[]): { child: ChildProcess; line: Promise<string>; errors: () => string } {
  const child = spawn(process.execPath, [PROGRAM, ...argv], { stdio: ['pipe', 'pipe', 'pipe'] });
  closing.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const line = once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text));
  line.catch(() => undefined);
  return { child, line, errors: () => errors };
}

describe('the egress proxy', () => {
  it('as a program: tunnels leave from its own source address, and it ends with its parent', async () => {
    const { authority } = await target();
    const { child, line } = program('--allow', authority, '--source-address', '127.0.0.2', '--exit-with-parent');
    const ready: unknown = JSON.parse(await line);
    expect(ready).toEqual({ event: 'ready', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
    expect(await through((ready as { url: string }).url, authority)).toBe('127.0.0.2 hello');
    child.stdin?.end();
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('reaches nothing but the targets of its list', async () => {
    const [wanted, other] = [await target(), await target()];
    const proxy = await startEgressProxy({ allow: [wanted.authority] });
    closing.push(() => proxy.close());
    expect(await through(proxy.url, other.authority)).toBe('403');
    expect(await through(proxy.url, `127.0.0.1.nip.io:${wanted.port}`)).toBe('403');
    expect(await through(proxy.url, '127.0.0.1')).toBe('400');
    expect(await through(proxy.url, wanted.authority)).toBe('127.0.0.1 hello');
    expect([other.accepted(), proxy.counts()]).toEqual([0, { opened: 1, refused: 2 }]);
  });

  it('carries CONNECT only: a plain request is refused', async () => {
    const server = createServer((_, response) => response.end('secret'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closing.push(() => new Promise((done) => server.close(() => done())));
    const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const proxy = await startEgressProxy({ allow: [authority] });
    closing.push(() => proxy.close());
    const { hostname, port } = new URL(proxy.url);
    const status = await new Promise((resolve, reject) => {
      const asking = request({ host: hostname, port, path: `http://${authority}/`, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asking.on('error', reject).end();
    });
    expect(status).toBe(405);
  });

  it('says 502 where the target is away, and closes with tunnels open', async () => {
    const { authority } = await target();
    const gone = createTcpServer();
    await new Promise<void>((done) => gone.listen(0, '127.0.0.1', done));
    const goneAt = `127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise<void>((done) => gone.close(() => done()));
    const proxy = await startEgressProxy({ allow: [authority, goneAt] });
    expect(await through(proxy.url, goneAt)).toBe('502');
    const idle = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    await once(idle, 'connect');
    const ended = once(idle, 'close');
    await proxy.close();
    await ended;
  });

  it.each([
    [[], '--allow is needed'],
    [['--allow', 'everywhere'], 'HOST:PORT'],
    [['--allow', 'a:1', '--host', '0.0.0.0'], 'loopback'],
    [['--allow', 'a:1', '--port', '70000'], '--port'],
    [['--allow', 'a:1', '--source-address', 'here'], '--source-address'],
    [['--allow', 'a:1', '--verbose'], '--verbose'],
  ])('does not start with %j, and says why in one sentence', async (argv, words) => {
    const { child, errors } = program(...argv);
    expect((await once(child, 'close'))[0]).toBe(2);
    expect(errors()).toContain(words);
    expect(errors().trim().split('\n')).toHaveLength(1);
  });
});
