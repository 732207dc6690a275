import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { egressBench, shortly } from './egress-bench.ts';
import { answerOk, startServer } from './tls-fixtures.ts';

const { server, egress, ask, afterwards } = egressBench();

/** A server that notes where its callers come from. */
async function callers(): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const noting = createServer((request, response) => {
    seen.push(request.socket.remoteAddress ?? 'nowhere');
    response.end('{}');
  });
  await new Promise<void>((done) => noting.listen(0, '127.0.0.1', done));
  afterwards(() => new Promise((done) => noting.close(() => done())));
  return { url: `http://127.0.0.1:${(noting.address() as AddressInfo).port}`, seen };
}

describe('a source address', () => {
  it('is where every connection comes from, over TLS as well', async () => {
    const { url, seen } = await callers();
    const plain = egress({ exit: { sourceAddress: '127.0.0.2' }, allowPlainHttp: true });
    expect(shortly(await plain.request({ ...ask(url), target: { baseUrl: url } }))).toBe('answered: 200');
    expect(seen).toEqual(['127.0.0.2']);
    const target = await server(answerOk);
    expect(shortly(await plain.request(ask(target.url)))).toBe('answered: 200');
  });

  it('that this machine does not have sends nothing from another one', async () => {
    const target = await startServer(answerOk);
    afterwards(() => target.close());
    const client = egress({ exit: { sourceAddress: '203.0.113.7' }, allowPlainHttp: true });
    const outcome = await client.request({ ...ask(target.url), target: { baseUrl: target.url } });
    expect(shortly(outcome)).toBe('not_sent: source_address_unavailable');
    expect(target.accepted()).toBe(0);
  });

  it.each(['', 'localhost', '10.0.0.5:80', '10.0.0.256'])('is refused where it is none: %p', (sourceAddress) => {
    expect(() => egress({ exit: { sourceAddress } })).toThrow(RangeError);
  });
});
