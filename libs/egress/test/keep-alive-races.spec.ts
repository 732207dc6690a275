import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { EgressOutcome } from '../src/index.ts';
import { egressBench } from './egress-bench.ts';
import { answerOk, createAuthority, startServer, until } from './tls-fixtures.ts';
import type { Authority, Issued, TestServer } from './tls-fixtures.ts';

const { egress, ask, afterwards } = egressBench();

let authority: Authority;
let identity: Issued;
beforeAll(async () => {
  authority = await createAuthority('CA');
  identity = await authority.issue('server');
});

/** Repeatable, unlike Math.random: the same rounds in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % sides;
  };
}

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await new Promise((next) => setImmediate(next));
}

/** How a server takes leave of a connection on which nothing is asked at the moment, or so it believes. */
const LEAVES: readonly ((socket: Socket) => void)[] = [
  (socket) => void socket.end(),
  (socket) => void socket.destroy(),
  // Node cannot reset a connection under TLS.
  (socket) => void (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy()),
];

async function unreliable(tls: boolean, roll: (sides: number) => number): Promise<TestServer> {
  const started = await startServer(
    (socket, text) => {
      answerOk(socket, text);
      const leave = LEAVES[roll(4)];
      if (leave === undefined) return;
      // Into the gap between this answer and the next request, or right onto it.
      // Only once: Node loses the `close` event of a socket that is reset while it is ending.
      void turns(roll(6)).then(() => (socket.writableEnded || socket.destroyed ? undefined : leave(socket)));
    },
    tls ? { cert: identity.certificatePem, key: identity.privateKeyPem } : undefined,
  );
  afterwards(() => started.close());
  return started;
}

/** Every request has a number; the server's own record says how often each arrived. */
function copies(target: TestServer): Map<string, number> {
  const seen = new Map<string, number>();
  for (const [, id = ''] of target.received().matchAll(/(?:GET|POST|PUT|DELETE) (\/r\/\d+)[? ]/g)) {
    seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  return seen;
}

const METHODS = ['POST', 'GET', 'PUT', 'DELETE'] as const;

describe.each([
  ['TLS', true, 400],
  ['plain TCP, where the gap is smallest', false, 1_200],
])('a server that closes idle connections while requests are being written, %s', (_, tls, rounds) => {
  it.each([1, 4])('no request is sent twice, and none that arrived is called not sent: %i at once', async (atOnce) => {
    const roll = dice(4_711 + atOnce);
    const target = await unreliable(tls, roll);
    // Breakers aside: every single round is to reach the network.
    const client = egress({ connections: atOnce, breakerFailures: 1_000_000, allowPlainHttp: !tls });
    const way = { baseUrl: target.url, caPem: authority.certificatePem };
    const outcomes = new Map<string, EgressOutcome>();
    const bodies = ['{"Amount":1490}', `{"Amount":1490,"Comment":"${'x'.repeat(40_000)}"}`];
    const worker = async (first: number): Promise<void> => {
      for (let n = first; n < rounds; n += atOnce) {
        const path = `/r/${n}`;
        const method = METHODS[roll(METHODS.length)] ?? 'POST';
        const body = method === 'GET' ? {} : { body: bodies[roll(2)] ?? '' };
        const { body: _none, ...rest } = ask(target.url, { target: way, path, method, totalTimeoutMs: 5_000 });
        outcomes.set(path, await client.request({ ...rest, ...body }));
        await turns(roll(6));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, (_none, first) => worker(first)));
    await client.close();
    await until(() => target.open() === 0, 'all connections are over, so everything that was sent has arrived');

    const seen = copies(target);
    const tally = { answered: 0, lost: 0, not_sent: 0 };
    for (const [path, outcome] of outcomes) {
      const arrived = seen.get(path) ?? 0;
      if (outcome.kind === 'answered') {
        tally.answered += 1;
        expect({ path, arrived }).toEqual({ path, arrived: 1 });
        expect(outcome.body).toBe('{"ok":true}');
      } else if (outcome.kind === 'not_sent') {
        tally.not_sent += 1;
        expect({ path, arrived }).toEqual({ path, arrived: 0 });
      } else {
        tally.lost += 1;
        expect(arrived).toBeLessThanOrEqual(1);
      }
    }
    expect(outcomes.size).toBe(rounds);
    // The race did take place, and most rounds passed it.
    expect(target.accepted()).toBeGreaterThan(rounds / 10);
    expect(tally.answered).toBeGreaterThan(rounds / 2);
    expect(tally.lost).toBeGreaterThan(0);
  });
});
