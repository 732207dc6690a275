import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import type { BreakerChange, EgressOptions } from '../src/index.ts';
import { egressBench, SECRET, shortly } from './egress-bench.ts';
import { answerOk, createAuthority, until } from './tls-fixtures.ts';

const { server, egress, ask, afterwards } = egressBench();

function watched(options: EgressOptions = {}): { clock: ManualClock; changes: string[]; options: EgressOptions } {
  const clock = new ManualClock();
  const changes: string[] = [];
  const onBreaker = ({ place, state, retryAfterMs }: BreakerChange): void => {
    changes.push(`${new URL(place.address).port} ${state} ${retryAfterMs}`);
  };
  return { clock, changes, options: { clock, onBreaker, breakerFailures: 3, breakerPauseMs: 500, ...options } };
}

describe('a provider that cannot be reached', () => {
  it('is asked no more after failures in a row; then one probe, and with its success all', async () => {
    const target = await server((socket) => socket.destroy());
    const { clock, changes, options } = watched();
    const client = egress(options);
    for (let n = 0; n < 3; n += 1) {
      expect(shortly(await client.request(ask(target.url)))).toBe('sent_without_answer: connection_closed');
    }
    expect(await client.request(ask(target.url))).toEqual({
      kind: 'not_sent',
      reason: 'breaker_open',
      detail: 'this way to the provider failed too often in a row',
      ms: 0,
      retryAfterMs: 500,
    });
    expect(target.requests()).toBe(3);
    target.behave(answerOk);
    clock.advance(500);
    const five = await Promise.all(Array.from({ length: 5 }, () => client.request(ask(target.url))));
    expect(five.map(shortly)).toEqual(['answered: 200', ...Array.from({ length: 4 }, () => 'not_sent: breaker_open')]);
    expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    expect(target.requests()).toBe(5);
    expect(changes).toEqual([`${target.port} open 500`, `${target.port} half_open 500`, `${target.port} closed 0`]);
    expect(client.stats()).toMatchObject({
      answered: 2,
      sentWithoutAnswer: { connection_closed: 3 },
      notSent: { breaker_open: 5 },
      breakersOpened: 1,
      pools: [{ place: { address: target.url }, connections: 1, running: 0, waiting: 0, breaker: 'closed' }],
    });
  });

  it('opens nobody else’s breaker: another address, another certificate, another version', async () => {
    const target = await server(answerOk);
    const healthy = await server(answerOk);
    await target.close();
    const { options } = watched();
    const client = egress(options);
    const till = await (await createAuthority('CA')).issue('till');
    const outcomeAs = async (more: object): Promise<string> =>
      shortly(await client.request(ask(target.url, { target: { ...ask(target.url).target, ...more } })));
    const first = { credential: { id: 'crt_1', version: '1', ...till } };
    for (let n = 0; n < 3; n += 1) expect(await outcomeAs(first)).toBe('not_sent: connect_refused');
    expect(await outcomeAs(first)).toBe('not_sent: breaker_open');
    expect(shortly(await client.request(ask(healthy.url)))).toBe('answered: 200');
    expect(await outcomeAs({})).toBe('not_sent: connect_refused');
    expect(await outcomeAs({ credential: { ...first.credential, id: 'crt_2' } })).toBe('not_sent: connect_refused');
    expect(await outcomeAs({ credential: { ...first.credential, version: '2' } })).toBe('not_sent: connect_refused');
    expect(await outcomeAs(first)).toBe('not_sent: breaker_open');
  });

  it('in whatever way the connection fails: refused, no handshake, no answer, an answer cut or garbled', async () => {
    const silent = createServer((socket) => socket.resume().on('error', () => undefined));
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    afterwards(() => new Promise((done) => silent.close(() => done())));
    const mute = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const closed = await server(answerOk);
    await closed.close();
    const hanging = await server(() => undefined);
    const cutting = await server((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx'));
    const garbling = await server((socket) => socket.end('no HTTP\r\n\r\n'));
    const { options } = watched({ breakerFailures: 2 });
    const client = egress(options);
    for (const [url, totalTimeoutMs, expected] of [
      [closed.url, 10_000, 'not_sent: connect_refused'],
      // The total deadline is the shorter one: a provider that hangs in the handshake counts all the same.
      [mute, 100, 'not_sent: timeout'],
      // Long enough to connect on a busy machine.
      [hanging.url, 1_000, 'sent_without_answer: timeout'],
      [cutting.url, 10_000, 'sent_without_answer: answer_cut'],
      [garbling.url, 10_000, 'sent_without_answer: answer_malformed'],
    ] as const) {
      const request = ask(url, { connectTimeoutMs: 5_000, totalTimeoutMs });
      expect(shortly(await client.request(request))).toBe(expected);
      expect(shortly(await client.request(request))).toBe(expected);
      expect(shortly(await client.request(request))).toBe('not_sent: breaker_open');
    }
  });

  it('releases at once those who wait for a connection, and none of them was sent', async () => {
    const held: Socket[] = [];
    const target = await server((socket) => void held.push(socket));
    const { options } = watched();
    const client = egress({ ...options, connections: 3 });
    const running = Array.from({ length: 3 }, () => client.request(ask(target.url)));
    await until(() => held.length === 3, 'three run');
    const waiting = Array.from({ length: 10 }, (_, n) => client.request(ask(target.url, { path: `/waiting/${n}` })));
    // Closing one lane after the other would send the waiting ones on new connections: all three at once.
    target.behave((socket) => socket.destroy());
    for (const socket of held) socket.destroy();
    expect(new Set((await Promise.all(running)).map(shortly))).toEqual(
      new Set(['sent_without_answer: connection_closed']),
    );
    const rest = (await Promise.all(waiting)).map(shortly);
    expect(rest.filter((outcome) => outcome === 'not_sent: breaker_open').length).toBeGreaterThanOrEqual(7);
    const sent = rest.filter((outcome) => outcome !== 'not_sent: breaker_open').length;
    expect(target.received().split('/waiting/').length - 1).toBeLessThanOrEqual(sent);
    expect(client.stats().pools).toMatchObject([{ waiting: 0, breaker: 'open' }]);
  });
});

describe('what is no failure of the way to the provider opens nothing', () => {
  it.each<[string, string]>([
    ['refusals and errors of HTTP', 'HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n'],
    ['business refusals', 'HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{"StatusCode":-99}'],
    ['answers that are no JSON', 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>'],
    ['answers that are too large', 'HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n'],
  ])('%s', async (_, answer) => {
    const target = await server((socket) => void socket.write(answer));
    const { changes, options } = watched();
    const client = egress(options);
    for (let n = 0; n < 12; n += 1) await client.request(ask(target.url));
    expect(target.requests()).toBe(12);
    expect(changes).toEqual([]);
  });

  it('requests withdrawn, out of bounds, refused for want of places or tired of waiting', async () => {
    const target = await server(() => undefined);
    const { changes, options } = watched();
    const client = egress({ ...options, connections: 1, waiting: 1 });
    for (let n = 0; n < 5; n += 1) await client.request(ask(target.url, { mayWrite: () => false }));
    for (let n = 0; n < 5; n += 1) await client.request(ask(target.url, { headers: { Host: 'x' } }));
    const running = client.request(ask(target.url));
    await until(() => target.requests() === 1, 'one runs');
    for (let n = 0; n < 5; n += 1) {
      const waiting = client.request(ask(target.url, { totalTimeoutMs: 20 }));
      expect(shortly(await client.request(ask(target.url)))).toBe('not_sent: overloaded');
      expect(shortly(await waiting)).toBe('not_sent: timeout');
    }
    expect(changes).toEqual([]);
    target.closeConnections();
    await running;
  });
});

describe('what is told about breakers and pools', () => {
  it('names the way without a password, and a listener that throws harms nothing', async () => {
    const target = await server(answerOk);
    await target.close();
    const places: unknown[] = [];
    const client = egress({
      breakerFailures: 1,
      onBreaker: ({ place }) => {
        places.push(place);
        throw new Error('the metrics are down');
      },
    });
    const request = ask(target.url);
    expect(shortly(await client.request(request))).toBe('not_sent: connect_refused');
    expect(shortly(await client.request(request))).toBe('not_sent: breaker_open');
    expect(places).toEqual([{ address: target.url }]);
    expect(JSON.stringify(client.stats())).not.toContain(SECRET);
  });
});
