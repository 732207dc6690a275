import { describe, expect, it } from '@jest/globals';
import { egressBench, SECRET, shortly } from './egress-bench.ts';
import { refusal, startProxy } from './test-proxy.ts';
import type { ProxyAnswer, TestProxy } from './test-proxy.ts';
import { answerOk, createAuthority } from './tls-fixtures.ts';

const { server, egress, ask, afterwards } = egressBench();

async function proxy(answer?: ProxyAnswer): Promise<TestProxy> {
  const started = await startProxy(answer);
  afterwards(() => started.close());
  return started;
}

describe('a forward proxy', () => {
  it('carries TLS end to end, and sees nothing but the address', async () => {
    const target = await server(answerOk);
    const { url, name, asked } = await proxy();
    const client = egress({ exit: { proxies: [url] } });
    expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(new RegExp(`^CONNECT 127\\.0\\.0\\.1:${target.port} HTTP/1\\.1\r\n`));
    expect(asked[0]).toContain(`Basic ${Buffer.from('user:pa ss').toString('base64')}`);
    expect(asked[0]).not.toContain(SECRET);
    expect(client.stats()).toMatchObject({
      pools: [{ place: { address: target.url, proxy: name } }],
      proxies: [{ proxy: name, up: true }],
    });
  });

  it('may itself be spoken to over TLS, under an authority of its own', async () => {
    const target = await server(answerOk);
    const authority = await createAuthority('Proxies');
    const { certificatePem: cert, privateKeyPem: key } = await authority.issue('proxy');
    const secure = await startProxy('tunnel', { cert, key });
    afterwards(() => secure.close());
    const trusting = egress({ exit: { proxies: [secure.url], caPem: authority.certificatePem } });
    expect(shortly(await trusting.request(ask(target.url)))).toBe('answered: 200');
    const wary = egress({ exit: { proxies: [secure.url] } });
    expect(shortly(await wary.request(ask(target.url)))).toBe('not_sent: proxy_unavailable');
    expect(target.requests()).toBe(1);
  });

  it.each(['407 Proxy Authentication Required', '403 Forbidden', '200 but not HTTP'])(
    'that gives no tunnel (%s): not sent, and nothing goes around it',
    async (status) => {
      const target = await server(answerOk);
      const { url } = await proxy(status.startsWith('200') ? 'SSH-2.0-x\r\n' : refusal(status));
      const outcome = await egress({ exit: { proxies: [url] } }).request(ask(target.url));
      expect(shortly(outcome)).toBe('not_sent: proxy_unavailable');
      expect(target.accepted()).toBe(0);
    },
  );

  it('that cannot be reached: not sent, and nothing goes around it', async () => {
    const target = await server(answerOk);
    const gone = await proxy();
    await gone.close();
    const client = egress({ exit: { proxies: [gone.url] } });
    for (let n = 0; n < 5; n += 1) {
      expect(shortly(await client.request(ask(target.url)))).toBe('not_sent: proxy_unavailable');
    }
    expect(target.accepted()).toBe(0);
  });

  it('that hangs costs no more than the time for connecting', async () => {
    const target = await server(answerOk);
    const { url } = await proxy('silent');
    const client = egress({ exit: { proxies: [url] } });
    expect(shortly(await client.request(ask(target.url, { connectTimeoutMs: 200 })))).toBe(
      'not_sent: proxy_unavailable',
    );
  });

  it.each([502, 503, 504])('that works and cannot reach the provider (%s) is not the one to blame', async (status) => {
    const target = await server(answerOk);
    const [one, two] = [await proxy(refusal(`${status} No route`)), await proxy(refusal(`${status} No route`))];
    const client = egress({ exit: { proxies: [one.url, two.url] } });
    const outcome = await client.request(ask(target.url));
    expect(shortly(outcome)).toBe('not_sent: proxy_no_route');
    expect([one.asked, two.asked].map(({ length }) => length)).toEqual([1, 1]);
    expect(client.stats().proxies.map(({ up }) => up)).toEqual([true, true]);
    expect(target.accepted()).toBe(0);
  });

  it.each([
    ['an address that is none', ['10.0.0.5:3128']],
    ['another protocol', ['socks5://10.0.0.5:1080']],
    ['a path', ['http://10.0.0.5:3128/proxy']],
    ['none at all', []],
    ['the same one twice', ['http://10.0.0.5:3128', 'http://user:password@10.0.0.5:3128/']],
    ['too many', Array.from({ length: 9 }, (_, n) => `http://10.0.0.${n}:3128`)],
  ])('is refused where it cannot be meant: %s', (_, proxies) => {
    expect(() => egress({ exit: { proxies } })).toThrow(RangeError);
  });
});
