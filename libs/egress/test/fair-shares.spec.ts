import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { EgressOutcome } from '../src/index.ts';
import { egressBench, shortly } from './egress-bench.ts';
import { answerOk, until } from './tls-fixtures.ts';
import type { TestServer } from './tls-fixtures.ts';

const { server, egress, ask } = egressBench();

/** A server that answers one request at a time, when told to, and remembers in which order they came. */
async function patient(): Promise<{ target: TestServer; order: string[]; release(): void; all(): void }> {
  const order: string[] = [];
  let held: Socket[] = [];
  let open = false;
  const target = await server((socket, text) => {
    order.push((text.split(' ')[1] ?? '').split('?')[0] ?? '');
    if (open) answerOk(socket, text);
    else held.push(socket);
  });
  const release = (): void => {
    const [first, ...rest] = held;
    held = rest;
    if (first !== undefined) answerOk(first, '');
  };
  return {
    target,
    order,
    release,
    all: () => {
      open = true;
      while (held.length > 0) release();
    },
  };
}

describe('organizations that share one certificate', () => {
  it('take turns: one with 60 requests waiting holds up another by one request at most', async () => {
    const { target, order, release, all } = await patient();
    const client = egress({ connections: 1 });
    const send = (share: string, n: number): Promise<EgressOutcome> =>
      client.request(ask(target.url, { share, path: `/${share}/${n}`, totalTimeoutMs: 10_000 }));
    const running = Array.from({ length: 60 }, (_, n) => send('busy', n));
    await until(() => order.length === 1, 'the first request of the busy one runs');
    running.push(send('quiet', 0), send('calm', 0), send('quiet', 1));
    for (let n = 2; n <= 7; n += 1) {
      release();
      await until(() => order.length === n, 'the next request arrives');
    }
    expect(order).toEqual(['/busy/0', '/busy/1', '/quiet/0', '/calm/0', '/busy/2', '/quiet/1', '/busy/3']);
    all();
    expect(new Set((await Promise.all(running)).map(shortly))).toEqual(new Set(['answered: 200']));
    const busy = order.filter((path) => path.startsWith('/busy/'));
    expect(busy).toEqual(Array.from({ length: 60 }, (_, n) => `/busy/${n}`));
  });

  it('may hold a bounded number of places each, and one at its limit leaves the others theirs', async () => {
    const { target, order, all } = await patient();
    const client = egress({ connections: 1, waiting: 10, waitingPerShare: 3 });
    const send = (share: string): Promise<EgressOutcome> => client.request(ask(target.url, { share }));
    const busy = Array.from({ length: 6 }, () => send('busy'));
    await until(() => order.length === 1, 'one runs');
    expect(client.stats().pools).toMatchObject([{ connections: 1, running: 1, waiting: 3, waitingShares: 1 }]);
    const quiet = [send('quiet'), send('quiet')];
    expect(client.stats().pools).toMatchObject([{ waiting: 5, waitingShares: 2 }]);
    all();
    expect((await Promise.all(busy)).map(shortly)).toEqual([
      ...Array.from({ length: 4 }, () => 'answered: 200'),
      'not_sent: overloaded',
      'not_sent: overloaded',
    ]);
    expect((await Promise.all(quiet)).map(shortly)).toEqual(['answered: 200', 'answered: 200']);
    expect(client.stats()).toMatchObject({ answered: 6, notSent: { overloaded: 2 } });
  });

  it('get in although others have filled all places: the newest of the longest line makes room and was never sent', async () => {
    const { target, order, all } = await patient();
    const client = egress({ connections: 1, waiting: 4, waitingPerShare: 4 });
    const send = (share: string, n: number): Promise<EgressOutcome> =>
      client.request(ask(target.url, { share, path: `/${share}/${n}` }));
    const busy = Array.from({ length: 5 }, (_, n) => send('busy', n));
    await until(() => order.length === 1, 'one runs');
    const quiet = send('quiet', 0);
    expect(shortly((await Promise.all(busy.slice(4)))[0] as EgressOutcome)).toBe('not_sent: overloaded');
    all();
    expect(shortly(await quiet)).toBe('answered: 200');
    expect((await Promise.all(busy)).map(shortly).filter((outcome) => outcome === 'answered: 200')).toHaveLength(4);
    expect(order).not.toContain('/busy/4');
  });
});
