import { describe, expect, it } from '@jest/globals';
import { egressBench, shortly } from './egress-bench.ts';
import { answerOk, until } from './tls-fixtures.ts';
import type { Behaviour } from './tls-fixtures.ts';

const { server, egress, ask, connected } = egressBench();

describe('every doubt is sent without answer', () => {
  it('a server that never answers, at the total deadline', async () => {
    const { client, target } = await connected(() => undefined);
    const outcome = await client.request(ask(target.url, { totalTimeoutMs: 200 }));
    expect(shortly(outcome)).toBe('sent_without_answer: timeout');
    expect(outcome.ms).toBeGreaterThanOrEqual(190);
    await until(() => target.open() === 0, 'the connection of the lost answer is closed');
  });

  it('a connection cut after the request', async () => {
    const target = await server((socket) => socket.destroy());
    expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: connection_closed');
    expect(target.requests()).toBe(1);
  });

  it.each<[string, Behaviour]>([
    ['with a length', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"StatusCode":0')],
    ['in chunks', (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n')],
    [
      'of a reset connection',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx', () => socket.destroy()),
    ],
  ])('an answer %s that is cut in the middle', async (_, behaviour) => {
    const target = await server(behaviour);
    expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: answer_cut');
  });

  it('an answer that drips slower than the total deadline', async () => {
    // It would take 20 s.
    const { client, target } = await connected((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
      const drip = setInterval(() => socket.write('.'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    const outcome = await client.request(ask(target.url, { totalTimeoutMs: 300 }));
    expect(shortly(outcome)).toBe('sent_without_answer: timeout');
  });

  it.each<[string, string]>([
    ['an announced length', `HTTP/1.1 200 OK\r\ncontent-length: ${2 * 1024 * 1024}\r\n\r\n`],
    ['no announced length', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('an answer of 2 MiB with %s', async (_, head) => {
    const target = await server((socket) => void socket.write(head + 'x'.repeat(2 * 1024 * 1024)));
    expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: answer_too_large');
    await until(() => target.open() === 0, 'the rest is not read');
  });

  it('an answer of exactly the limit is whole', async () => {
    const target = await server(
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"ok":true}`),
    );
    expect(shortly(await egress().request(ask(target.url, { maxAnswerBytes: 11 })))).toBe('answered: 200');
    expect(shortly(await egress().request(ask(target.url, { maxAnswerBytes: 10 })))).toBe(
      'sent_without_answer: answer_too_large',
    );
  });

  it('a header without end', async () => {
    const target = await server((socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`));
    expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: answer_too_large');
  });

  it.each(['<html>no status line</html>\r\n\r\n', '\u0000\u0001\u0002\u0003\r\n\r\n', 'HTTP/9.9 200 OK\r\n\r\n'])(
    'garbage instead of HTTP: %j',
    async (garbage) => {
      const target = await server((socket) => socket.end(garbage));
      expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: answer_malformed');
    },
  );

  it('a kept connection that the server closed is replaced, and the request arrives exactly once', async () => {
    const target = await server(answerOk);
    const client = egress();
    expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    target.closeConnections();
    await until(() => target.open() === 0, 'the server has closed');
    // Whether our side knows of the end already or finds it out while writing, there is never a second copy.
    const outcome = await client.request(ask(target.url, { path: '/second' }));
    const copies = target.received().split('POST /second').length - 1;
    if (outcome.kind === 'answered') expect(copies).toBe(1);
    else expect(copies).toBe(0);
  });

  it('a kept connection that dies at the next request is not replaced behind our back', async () => {
    const target = await server(answerOk);
    const client = egress();
    expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    target.behave((socket) => socket.destroy());
    const outcome = await client.request(ask(target.url, { method: 'GET', path: '/second', body: '' }));
    expect(shortly(outcome)).toBe('sent_without_answer: connection_closed');
    expect(target.received().split('GET /second').length - 1).toBe(1);
  });
});
