import { describe, expect, it } from '@jest/globals';
import { egressBench, SECRET, shortly } from './egress-bench.ts';
import { answerOk } from './tls-fixtures.ts';

const { server, egress, ask } = egressBench();

describe('an answered request', () => {
  it('arrives as it was given, with prefix, path, query, headers and body', async () => {
    const target = await server(answerOk);
    const request = ask(`${target.url}/r3/v01/`, { query: { phone: '+7 700', x: 'a&b' } });
    expect(shortly(await egress().request(request))).toBe('answered: 200');
    expect(target.received()).toContain('POST /r3/v01/pay?phone=%2B7+700&x=a%26b HTTP/1.1\r\n');
    expect(target.received()).toContain(`X-Token: ${SECRET}\r\n`);
    expect(target.received()).toContain(`\r\n\r\n{"DeviceToken":"${SECRET}"}`);
  });

  it('gives status, lower-case headers and text, whatever the status', async () => {
    const target = await server((socket) =>
      socket.end('HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nпозже'),
    );
    expect(await egress().request(ask(target.url))).toMatchObject({
      kind: 'answered',
      status: 503,
      headers: { 'retry-after': '7', 'set-cookie': 'a=1, b=2' },
      body: 'позже',
    });
  });

  it('a redirect is an answer and is not followed', async () => {
    const target = await server((socket) =>
      socket.write('HTTP/1.1 302 Found\r\nlocation: https://elsewhere.example/\r\ncontent-length: 0\r\n\r\n'),
    );
    expect(shortly(await egress().request(ask(target.url)))).toBe('answered: 302');
    expect(target.requests()).toBe(1);
  });

  it('an interim answer is not mistaken for the answer', async () => {
    const target = await server((socket, text) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n');
      answerOk(socket, text);
    });
    expect(shortly(await egress().request(ask(target.url)))).toBe('answered: 200');
  });

  it('a second answer on the same connection never becomes the answer of the next request', async () => {
    let first = true;
    const target = await server((socket, text) => {
      if (first)
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nAHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nB');
      else answerOk(socket, text);
      first = false;
    });
    const client = egress();
    expect(await client.request(ask(target.url))).toMatchObject({ body: 'A' });
    expect(await client.request(ask(target.url))).toMatchObject({ body: '{"ok":true}' });
  });

  it('requests one after another share a connection', async () => {
    const target = await server(answerOk);
    const client = egress();
    for (let n = 0; n < 5; n += 1) expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    expect(target.accepted()).toBe(1);
  });
});
