import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { egressBench, SECRET, shortly } from './egress-bench.ts';
import { answerOk } from './tls-fixtures.ts';

const { server, egress, ask, afterwards } = egressBench();

describe('a forward proxy', () => {
  interface Proxy {
    url: string;
    asked: string[];
  }

  async function proxy(answer: string): Promise<Proxy> {
    const asked: string[] = [];
    const sockets = new Set<Socket>();
    const forwarder = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', (head: Buffer) => {
        asked.push(head.toString('latin1'));
        socket.write(answer);
        const port = Number(/^CONNECT 127\.0\.0\.1:(\d+) /.exec(head.toString('latin1'))?.[1]);
        if (!answer.includes(' 200 ')) return socket.end();
        const onward = connect(port, '127.0.0.1');
        sockets.add(onward);
        onward.on('error', () => undefined);
        socket.pipe(onward).pipe(socket);
      });
    });
    await new Promise<void>((done) => forwarder.listen(0, '127.0.0.1', done));
    afterwards(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => forwarder.close(() => done()));
    });
    return { url: `http://user:pa%20ss@127.0.0.1:${(forwarder.address() as AddressInfo).port}`, asked };
  }

  it('carries TLS end to end, and sees nothing but the address', async () => {
    const target = await server(answerOk);
    const { url, asked } = await proxy('HTTP/1.1 200 Connection established\r\n\r\n');
    const request = ask(target.url);
    const client = egress();
    const viaProxy = { ...request, target: { ...request.target, proxyUrl: url } };
    expect(shortly(await client.request(viaProxy))).toBe('answered: 200');
    expect(shortly(await client.request(viaProxy))).toBe('answered: 200');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(new RegExp(`^CONNECT 127\\.0\\.0\\.1:${target.port} HTTP/1\\.1\r\n`));
    expect(asked[0]).toContain(`Basic ${Buffer.from('user:pa ss').toString('base64')}`);
    expect(asked[0]).not.toContain(SECRET);
  });

  it('that refuses the tunnel: not sent', async () => {
    const target = await server(answerOk);
    const { url } = await proxy('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    const request = ask(target.url);
    const outcome = await egress().request({ ...request, target: { ...request.target, proxyUrl: url } });
    expect(shortly(outcome)).toBe('not_sent: proxy_refused');
    expect(target.accepted()).toBe(0);
  });

  it('that cannot be reached: not sent', async () => {
    const target = await server(answerOk);
    const gone = await server(answerOk);
    await gone.close();
    const request = ask(target.url);
    const proxyUrl = `http://127.0.0.1:${gone.port}`;
    const outcome = await egress().request({ ...request, target: { ...request.target, proxyUrl } });
    expect(shortly(outcome)).toBe('not_sent: proxy_unreachable');
  });
});
