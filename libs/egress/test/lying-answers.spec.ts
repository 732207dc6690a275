import { describe, expect, it } from '@jest/globals';
import type { EgressRequest } from '../src/index.ts';
import { egressBench, shortly } from './egress-bench.ts';
import { answerOk, drip, flood, until } from './tls-fixtures.ts';
import type { Behaviour } from './tls-fixtures.ts';

const { server, egress, ask, connected } = egressBench();

const say =
  (text: string): Behaviour =>
  (socket) =>
    void socket.write(text);
const sayAndEnd =
  (text: string): Behaviour =>
  (socket) =>
    void socket.end(text);

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

/** What comes of the lie, that the request arrived once, and that the next answer is the next answer. */
async function outcomeOf(
  lie: Behaviour,
  more: Partial<EgressRequest> = {},
): Promise<{ outcome: string; body: string }> {
  const { client, target } = await connected(lie);
  const outcome = await client.request(ask(target.url, { totalTimeoutMs: 400, ...more }));
  expect(target.requests()).toBe(2);
  target.behave(answerOk);
  const next = await client.request(ask(target.url, { path: '/next' }));
  expect(next).toMatchObject({ kind: 'answered', status: 200, body: '{"ok":true}' });
  expect(target.requests()).toBe(3);
  await client.close();
  await until(() => target.open() === 0, 'nothing stays open');
  return { outcome: shortly(outcome), body: outcome.kind === 'answered' ? outcome.body : '' };
}

describe('answers that lie about their length', () => {
  it('a length that is too short: the rest is dropped with the connection and is nobody’s answer', async () => {
    const rest = 'true}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged';
    expect(await outcomeOf(say(`${OK}content-length: 6\r\n\r\n{"ok":${rest}`))).toEqual({
      outcome: 'answered: 200',
      body: '{"ok":',
    });
  });

  it.each<[string, Behaviour, string]>([
    ['too long, and the server waits', say(`${OK}content-length: 50\r\n\r\n{"ok":true}`), 'timeout'],
    ['too long, and the server ends', sayAndEnd(`${OK}content-length: 50\r\n\r\n{"ok":true}`), 'answer_cut'],
    ['two lengths', say(`${OK}content-length: 11\r\ncontent-length: 5\r\n\r\n{"ok":true}`), 'answer_cut'],
    ['a list of lengths', say(`${OK}content-length: 11, 5\r\n\r\n{"ok":true}`), 'answer_cut'],
    ['a negative length', say(`${OK}content-length: -1\r\n\r\n{"ok":true}`), 'answer_malformed'],
    ['a length beyond 64 bits', say(`${OK}content-length: 99999999999999999999\r\n\r\nx`), 'answer_cut'],
    ['a length in hexadecimal', say(`${OK}content-length: 0xb\r\n\r\n{"ok":true}`), 'answer_malformed'],
    [
      'a length and chunks',
      say(`${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
      'answer_cut',
    ],
  ])('%s', async (_, lie, reason) => {
    expect((await outcomeOf(lie)).outcome).toBe(`sent_without_answer: ${reason}`);
  });
});

describe('chunks that are none', () => {
  it.each<[string, string, string]>([
    ['a size that is no number', 'zz\r\nhello\r\n0\r\n\r\n', 'answer_malformed'],
    ['a negative size', '-5\r\nhello\r\n0\r\n\r\n', 'answer_malformed'],
    ['a size beyond 64 bits', 'fffffffffffffffffff\r\nhello\r\n', 'answer_malformed'],
    ['more than the size says', '2\r\nhello\r\n0\r\n\r\n', 'answer_malformed'],
    ['no end of line', '5hello0', 'answer_malformed'],
    ['no last chunk', '5\r\nhello\r\n', 'timeout'],
    ['a chunk that never comes', 'ffff\r\nhello', 'timeout'],
  ])('%s', async (_, chunks, reason) => {
    expect((await outcomeOf(say(CHUNKED + chunks))).outcome).toBe(`sent_without_answer: ${reason}`);
  });

  it('a body of 200 000 chunks of one byte each is read like any other', async () => {
    const piece = '1\r\nx\r\n'.repeat(200_000);
    const { outcome, body } = await outcomeOf(say(`${CHUNKED}${piece}0\r\n\r\n`), { totalTimeoutMs: 10_000 });
    expect(outcome).toBe('answered: 200');
    expect(body).toHaveLength(200_000);
  });

  it('and one byte more than the limit is too large, in whatever pieces it comes', async () => {
    const lie = say(`${CHUNKED}${'1\r\nx\r\n'.repeat(101)}0\r\n\r\n`);
    expect((await outcomeOf(lie, { maxAnswerBytes: 100 })).outcome).toBe('sent_without_answer: answer_too_large');
  });
});

describe('answers without measure', () => {
  it('16 bodies of 100 MB at once are cut, and neither memory nor network pays for them', async () => {
    const sent: { bytes: number }[] = [];
    const target = await server((socket) => {
      socket.write(`${OK}\r\n`);
      sent.push(flood(socket, 100 * 1024 * 1024));
    });
    const client = egress();
    const before = process.memoryUsage();
    let most = 0;
    const watch = setInterval(() => {
      const { arrayBuffers, external } = process.memoryUsage();
      most = Math.max(most, arrayBuffers + external - before.arrayBuffers - before.external);
    }, 5);
    const requests = Array.from({ length: 16 }, () => client.request(ask(target.url, { totalTimeoutMs: 15_000 })));
    const outcomes = await Promise.all(requests);
    clearInterval(watch);
    expect(new Set(outcomes.map(shortly))).toEqual(new Set(['sent_without_answer: answer_too_large']));
    await until(() => target.open() === 0, 'all are cut');
    expect(sent).toHaveLength(16);
    const written = sent.reduce((sum, { bytes }) => sum + bytes, 0);
    // 1 MiB for each is wanted; what lies in the buffers of the kernel comes on top.
    expect(written).toBeLessThan(16 * 12 * 1024 * 1024);
    expect(most).toBeLessThan(128 * 1024 * 1024);
  });

  it.each<[string, Behaviour, string]>([
    ['a header of 20 000 lines', say(`${OK}${'a: b\r\n'.repeat(20_000)}\r\n`), 'answer_too_large'],
    ['a header name without end', say(`${OK}${'n'.repeat(200_000)}`), 'answer_too_large'],
    ['a header value without end', say(`${OK}n: ${'v'.repeat(200_000)}`), 'answer_too_large'],
    ['a status line without end', say(`HTTP/1.1 200 ${'O'.repeat(200_000)}`), 'timeout'],
    ['trailers without end', say(`${CHUNKED}0\r\n${'a: b\r\n'.repeat(20_000)}`), 'answer_too_large'],
    [
      'lines that end with a line feed only',
      say('HTTP/1.1 200 OK\ncontent-length: 11\n\n{"ok":true}'),
      'answer_malformed',
    ],
    ['a folded header', say(`${OK}a: b\r\n c\r\ncontent-length : 0\r\n\r\n`), 'answer_malformed'],
    ['HTTP/2 frames', say('\u0000\u0000\u0012\u0004\u0000\u0000\u0000\u0000\u0000\r\n\r\n'), 'answer_malformed'],
  ])('%s', async (_, lie, reason) => {
    expect((await outcomeOf(lie)).outcome).toBe(`sent_without_answer: ${reason}`);
  });

  // Each would go on for a minute: nothing but that deadline ends it before the spec gives up.
  it.each<[string, string]>([
    ['in the status line', `HTTP/1.1 200 OK${', and this is a long story'.repeat(300)}`],
    ['in the header', `${OK}x-story: ${'long '.repeat(1_200)}`],
    ['in the chunks', CHUNKED + '1\r\nx\r\n'.repeat(1_000)],
  ])('an answer that drips byte by byte %s ends at the total deadline', async (_, text) => {
    expect((await outcomeOf((socket) => drip(socket, text, 10))).outcome).toBe('sent_without_answer: timeout');
  });

  it('an answer that drips but ends in time is whole', async () => {
    const text = `${OK}content-length: 11\r\n\r\n{"ok":true}`;
    const { body } = await outcomeOf((socket) => drip(socket, text, 1), { totalTimeoutMs: 5_000 });
    expect(body).toBe('{"ok":true}');
  });
});

describe('interim answers', () => {
  const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';

  it('a thousand of them before the answer are passed over', async () => {
    const { outcome, body } = await outcomeOf((socket, text) => {
      socket.write(hints.repeat(1_000));
      answerOk(socket, text);
    });
    expect([outcome, body]).toEqual(['answered: 200', '{"ok":true}']);
  });

  it('without an answer after them they are none', async () => {
    expect((await outcomeOf(say(hints))).outcome).toBe('sent_without_answer: timeout');
    expect((await outcomeOf(sayAndEnd(hints))).outcome).toBe('sent_without_answer: connection_closed');
  });

  it.each([
    ['100 that nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'],
  ])('%s is a doubt, never an answer', async (_, text) => {
    const { outcome } = await outcomeOf(say(`${text}${OK}content-length: 11\r\n\r\n{"ok":true}`));
    expect(outcome).toBe('sent_without_answer: connection_closed');
  });
});
