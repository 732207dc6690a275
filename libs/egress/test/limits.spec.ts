import { describe, expect, it } from '@jest/globals';
import { egressBench, shortly } from './egress-bench.ts';
import { answerOk, until } from './tls-fixtures.ts';

const { server, egress, ask } = egressBench();

describe('limits', () => {
  it('200 requests at once open no more connections than allowed, and all are answered', async () => {
    const target = await server(answerOk);
    const client = egress({ connections: 8 });
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => client.request(ask(target.url))));
    expect(outcomes.filter((outcome) => outcome.kind === 'answered')).toHaveLength(200);
    expect(target.mostOpen()).toBe(8);
    expect(target.accepted()).toBe(8);
    expect(target.requests()).toBe(200);
  });

  it('a request whose deadline passes in the queue is not sent, now or later', async () => {
    const held: (() => void)[] = [];
    const target = await server((socket, text) => void held.push(() => answerOk(socket, text)));
    const client = egress({ connections: 1 });
    const first = client.request(ask(target.url));
    await until(() => held.length === 1, 'the first request has arrived');
    const second = await client.request(ask(target.url, { path: '/second', totalTimeoutMs: 50 }));
    expect(shortly(second)).toBe('not_sent: timeout');
    const third = client.request(ask(target.url, { path: '/third' }));
    held[0]?.();
    expect(shortly(await first)).toBe('answered: 200');
    await until(() => held.length === 2, 'the third request has arrived');
    held[1]?.();
    expect(shortly(await third)).toBe('answered: 200');
    expect(target.received()).not.toContain('/second');
  });

  it('more requests than may wait are refused at once', async () => {
    const target = await server(() => undefined);
    const client = egress({ connections: 1, waiting: 1 });
    const first = client.request(ask(target.url));
    const second = client.request(ask(target.url, { totalTimeoutMs: 200 }));
    expect(shortly(await client.request(ask(target.url)))).toBe('not_sent: overloaded');
    expect(shortly(await second)).toBe('not_sent: timeout');
    target.closeConnections();
    expect(shortly(await first)).toBe('sent_without_answer: connection_closed');
  });

  it('connections that fail give their places back', async () => {
    const target = await server((socket) => socket.destroy());
    const client = egress({ connections: 2, breakerFailures: 100 });
    const lost = await Promise.all(Array.from({ length: 20 }, () => client.request(ask(target.url))));
    expect(new Set(lost.map(shortly))).toEqual(new Set(['sent_without_answer: connection_closed']));
    expect(target.mostOpen()).toBeLessThanOrEqual(3);
    target.behave(answerOk);
    expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
  });

  it('the address not used for longest is closed when there are too many, and works again when asked', async () => {
    const targets = [await server(answerOk), await server(answerOk), await server(answerOk)];
    const client = egress({ pools: 2 });
    for (const target of targets) expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    await until(() => targets[0]?.open() === 0, 'the oldest is closed');
    expect(targets[1]?.open()).toBe(1);
    expect(shortly(await client.request(ask(targets[0]?.url ?? '')))).toBe('answered: 200');
  });

  it('closing lets running and waiting requests finish', async () => {
    const held: (() => void)[] = [];
    const target = await server((socket, text) => void held.push(() => answerOk(socket, text)));
    const client = egress({ connections: 1 });
    const running = [client.request(ask(target.url)), client.request(ask(target.url))];
    await until(() => held.length === 1, 'the first request has arrived');
    const closed = client.close();
    held[0]?.();
    await until(() => held.length === 2, 'the second request has arrived');
    held[1]?.();
    expect((await Promise.all(running)).map(shortly)).toEqual(['answered: 200', 'answered: 200']);
    await closed;
    await until(() => target.open() === 0, 'nothing stays open');
  });
});
