import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { EgressRequest } from '../src/index.ts';
import { egressBench, shortly } from './egress-bench.ts';
import { answerOk, until } from './tls-fixtures.ts';

const { server, egress, ask } = egressBench();

describe('not sent is only said when it is certain', () => {
  it('a refused connection', async () => {
    const target = await server(answerOk);
    await target.close();
    expect(shortly(await egress().request(ask(target.url)))).toBe('not_sent: connect_refused');
  });

  it('a server that hangs before the handshake, at the connect deadline', async () => {
    let closed = false;
    const silent = createServer((socket) => socket.resume().on('close', () => (closed = true)));
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    const { port } = silent.address() as AddressInfo;
    const outcome = await egress().request(ask(`https://127.0.0.1:${port}`, { connectTimeoutMs: 100 }));
    expect(shortly(outcome)).toBe('not_sent: connect_timeout');
    await until(() => closed, 'the attempt is given up');
    await new Promise((done) => silent.close(done));
  });

  it('a server that ends the connection during the handshake', async () => {
    const rude = createServer((socket) => socket.once('data', () => socket.destroy()));
    await new Promise<void>((done) => rude.listen(0, '127.0.0.1', done));
    const { port } = rude.address() as AddressInfo;
    expect(shortly(await egress().request(ask(`https://127.0.0.1:${port}`)))).toBe('not_sent: tls_aborted');
    await new Promise((done) => rude.close(done));
  });

  it('a server that speaks no TLS', async () => {
    const plain = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    await new Promise<void>((done) => plain.listen(0, '127.0.0.1', done));
    const { port } = plain.address() as AddressInfo;
    expect(shortly(await egress().request(ask(`https://127.0.0.1:${port}`)))).toBe('not_sent: tls_failed');
    await new Promise((done) => plain.close(done));
  });

  it.each([
    ['says no', () => false],
    [
      'fails',
      () => {
        throw new Error('no longer ours');
      },
    ],
  ])('a request withdrawn at the last moment because mayWrite %s', async (_, mayWrite) => {
    const target = await server(answerOk);
    expect(shortly(await egress().request(ask(target.url, { mayWrite })))).toBe('not_sent: withdrawn');
    expect(target.received()).toBe('');
  });

  it('mayWrite is asked once, only when the connection stands', async () => {
    const target = await server(answerOk);
    let openAtTheQuestion = -1;
    let questions = 0;
    const mayWrite = (): boolean => {
      openAtTheQuestion = target.open();
      questions += 1;
      return true;
    };
    expect(shortly(await egress().request(ask(target.url, { mayWrite })))).toBe('answered: 200');
    expect([openAtTheQuestion, questions]).toEqual([1, 1]);
  });

  it.each<[string, Partial<EgressRequest>]>([
    ['a path without slash', { path: 'pay' }],
    ['a query in the path', { path: '/pay?x=1' }],
    ['a header that would split the message', { headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['a header name that is none', { headers: { 'X A:': 'a' } }],
    ['a header that chooses the host', { headers: { Host: 'elsewhere.example' } }],
    ['a header that frames the body', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['a time-out of zero', { totalTimeoutMs: 0 }],
    ['a time-out that is not a number', { connectTimeoutMs: Number.NaN }],
    ['plain HTTP', { target: { baseUrl: 'http://127.0.0.1:1' } }],
    ['an address with a user', { target: { baseUrl: 'https://u:p@127.0.0.1:1' } }],
    ['no address', { target: { baseUrl: 'nonsense' } }],
  ])('a request that cannot be sent: %s', async (_, more) => {
    const target = await server(answerOk);
    expect(shortly(await egress().request(ask(target.url, more)))).toBe('not_sent: invalid_request');
    expect(target.received()).toBe('');
  });

  it('after closing', async () => {
    const target = await server(answerOk);
    const client = egress();
    await client.close();
    expect(shortly(await client.request(ask(target.url)))).toBe('not_sent: closed');
  });
});
