import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import type { Egress, EgressOptions, ProxyChange } from '../src/index.ts';
import { egressBench, shortly } from './egress-bench.ts';
import { refusal, startProxy } from './test-proxy.ts';
import type { TestProxy } from './test-proxy.ts';
import { answerOk, createAuthority } from './tls-fixtures.ts';

const { server, egress, ask, afterwards } = egressBench();

interface TwoProxies {
  readonly first: TestProxy;
  readonly second: TestProxy;
  readonly clock: ManualClock;
  /** What was told of the proxies, as `first down`. */
  readonly told: string[];
  readonly client: Egress;
}

async function twoProxies(options: EgressOptions = {}): Promise<TwoProxies> {
  const [first, second] = [await startProxy(), await startProxy()];
  afterwards(() => first.close());
  afterwards(() => second.close());
  const clock = new ManualClock();
  const told: string[] = [];
  const onProxy = ({ proxy, up }: ProxyChange): void => {
    told.push(`${proxy === first.name ? 'first' : 'second'} ${up ? 'up' : 'down'}`);
  };
  const exit = { proxies: [first.url, second.url] };
  return { first, second, clock, told, client: egress({ clock, exit, onProxy, proxyPauseMs: 1_000, ...options }) };
}

describe('two proxies', () => {
  it.each<[string, (first: TestProxy) => Promise<void> | void]>([
    ['is gone', (first) => first.close()],
    ['refuses the tunnel', (first) => first.answer(refusal('403 Forbidden'))],
    ['stays silent', (first) => first.answer('silent')],
  ])('stand in for each other: when the first %s the second carries the same request, once', async (_, trouble) => {
    const target = await server(answerOk);
    const { first, second, told, client } = await twoProxies();
    await trouble(first);
    let asked = 0;
    const mayWrite = (): boolean => (asked += 1) > 0;
    const request = ask(target.url, { connectTimeoutMs: 3_000, mayWrite });
    expect(shortly(await client.request(request))).toBe('answered: 200');
    expect([target.requests(), asked, second.asked.length]).toEqual([1, 1, 1]);
    expect(told).toEqual(['first down']);
    expect(client.stats().proxies.map(({ up }) => up)).toEqual([false, true]);
  });

  it('leave a proxy that failed alone for a while, try it with one request, and go back to it when it works', async () => {
    const target = await server(answerOk);
    const { first, second, clock, told, client } = await twoProxies({ connections: 1 });
    const send = async (): Promise<string> => shortly(await client.request(ask(target.url)));
    first.answer(refusal('407 Proxy Authentication Required'));
    for (let n = 0; n < 3; n += 1) expect(await send()).toBe('answered: 200');
    expect(first.asked).toHaveLength(1);
    clock.advance(1_000);
    for (let n = 0; n < 3; n += 1) expect(await send()).toBe('answered: 200');
    expect(first.asked).toHaveLength(2);
    clock.advance(1_999);
    expect(await send()).toBe('answered: 200');
    expect(first.asked).toHaveLength(2);
    first.answer('tunnel');
    clock.advance(1);
    for (let n = 0; n < 3; n += 1) expect(await send()).toBe('answered: 200');
    expect([first.asked.length, second.asked.length]).toEqual([3, 1]);
    expect(told).toEqual(['first down', 'first up']);
  });

  it('that are both away stop everything, say when it is tried again, and are told of once each', async () => {
    const target = await server(answerOk);
    const { first, second, clock, told, client } = await twoProxies();
    await first.close();
    second.answer(refusal('403 Forbidden'));
    for (let n = 0; n < 3; n += 1) {
      const outcome = await client.request(ask(target.url));
      expect(shortly(outcome)).toBe('not_sent: proxy_unavailable');
      if (n > 0) expect(outcome).toMatchObject({ retryAfterMs: 1_000 });
    }
    clock.advance(1_000);
    expect(shortly(await client.request(ask(target.url)))).toBe('not_sent: proxy_unavailable');
    expect(target.accepted()).toBe(0);
    expect(second.asked).toHaveLength(2);
    expect(told).toEqual(['first down', 'second down']);
    second.answer('tunnel');
    clock.advance(60_000);
    expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    expect(told).toEqual(['first down', 'second down', 'second up']);
  });

  it('never carry the same request twice: what was written through the first is not sent through the second', async () => {
    const target = await server((socket) => socket.destroy());
    const { first, second, client } = await twoProxies();
    expect(shortly(await client.request(ask(target.url)))).toBe('sent_without_answer: connection_closed');
    expect([first.asked.length, second.asked.length, target.requests()]).toEqual([1, 0, 1]);
  });

  it('are no remedy for a provider that refuses us: its word is the same through both', async () => {
    const target = await server(answerOk);
    const { second, client } = await twoProxies();
    const stranger = (await createAuthority('Stranger')).certificatePem;
    const request = ask(target.url, { target: { baseUrl: target.url, caPem: stranger } });
    expect(shortly(await client.request(request))).toBe('not_sent: tls_untrusted');
    expect(second.asked).toHaveLength(0);
    expect(client.stats().proxies.map(({ up }) => up)).toEqual([true, true]);
  });

  it('take over what waits for a connection through the one that fails', async () => {
    const target = await server(answerOk);
    const { first, second, client } = await twoProxies({ connections: 1 });
    first.answer('silent');
    const six = Array.from({ length: 6 }, () => client.request(ask(target.url, { connectTimeoutMs: 3_000 })));
    expect((await Promise.all(six)).map(shortly)).toEqual(Array.from({ length: 6 }, () => 'answered: 200'));
    expect([first.asked.length, second.asked.length, target.requests()]).toEqual([1, 1, 6]);
  });

  it('share the time for connecting, and the whole request keeps its deadline', async () => {
    const target = await server(answerOk);
    const { first, second, client } = await twoProxies({ clock: new ManualClock() });
    first.answer('silent');
    second.answer('silent');
    const request = ask(target.url, { connectTimeoutMs: 60_000, totalTimeoutMs: 300 });
    expect(shortly(await client.request(request))).toBe('not_sent: timeout');
    expect([first.asked.length, second.asked.length, target.accepted()]).toEqual([1, 0, 0]);
  });

  it('have a breaker of each way besides: a provider that is away through both opens both', async () => {
    const target = await server(answerOk);
    await target.close();
    const { first, second, client } = await twoProxies({ breakerFailures: 2 });
    first.answer(refusal('502 Bad Gateway'));
    second.answer(refusal('502 Bad Gateway'));
    const outcomes: string[] = [];
    for (let n = 0; n < 4; n += 1) outcomes.push(shortly(await client.request(ask(target.url))));
    expect(outcomes).toEqual([
      'not_sent: proxy_no_route',
      'not_sent: proxy_no_route',
      'not_sent: breaker_open',
      'not_sent: breaker_open',
    ]);
    expect([first.asked.length, second.asked.length]).toEqual([2, 2]);
  });

  it('a way whose breaker is open does not keep a request from the other proxy', async () => {
    const target = await server(answerOk);
    const { first, client } = await twoProxies({ breakerFailures: 2 });
    first.answer(refusal('502 Bad Gateway'));
    for (let n = 0; n < 5; n += 1) expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    expect(first.asked).toHaveLength(2);
  });

  it('cannot fail each other by what their listener throws', async () => {
    const target = await server(answerOk);
    const { first, client } = await twoProxies({
      onProxy: () => {
        throw new Error('the log is full');
      },
    });
    await first.close();
    expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
  });
});
