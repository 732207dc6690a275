import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { proxyAddress, readPfx, readPrivateKey } from '../src/index.ts';
import type { BreakerChange, ClientCredential, EgressOutcome, EgressRequest } from '../src/index.ts';
import { egressBench } from './egress-bench.ts';
import { createAuthority } from './tls-fixtures.ts';
import type { Authority, Behaviour } from './tls-fixtures.ts';

const { server, egress, ask } = egressBench();

const SECRETS = {
  passPhrase: 'pass-phrase-4711',
  proxyPassword: 'proxy-password-4711',
  header: 'header-token-4711',
  query: '77010004711',
  body: 'device-token-4711',
  answer: 'answer-secret-4711',
};

let bank: Authority;
let credential: ClientCredential;
let forbidden: string[];

beforeAll(async () => {
  bank = await createAuthority('CA');
  const till = await bank.issue('till');
  const encrypted = createPrivateKey(till.privateKeyPem)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: SECRETS.passPhrase })
    .toString();
  credential = { id: 'crt_1', version: '1', ...till, privateKeyPem: encrypted, passPhrase: SECRETS.passPhrase };
  const linesOf = (pem: string): string[] => pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  forbidden = [
    ...Object.values(SECRETS),
    ...[SECRETS.proxyPassword, `gate:${SECRETS.proxyPassword}`].map((text) => Buffer.from(text).toString('base64')),
    ...linesOf(till.privateKeyPem),
    ...linesOf(encrypted),
  ];
});

function expectClean(what: unknown): void {
  const texts = [inspect(what, { depth: 10, showHidden: true }), JSON.stringify(what)];
  for (const text of texts) for (const secret of forbidden) expect(text).not.toContain(secret);
}

function full(url: string, more: Partial<EgressRequest> = {}): EgressRequest {
  return ask(url, {
    query: { phone: SECRETS.query },
    headers: { 'X-Token': SECRETS.header },
    body: JSON.stringify({ DeviceToken: SECRETS.body }),
    totalTimeoutMs: 300,
    connectTimeoutMs: 300,
    ...more,
  });
}

const echo =
  (before: string): Behaviour =>
  (socket, text) =>
    void socket.end(`${before}${text}${SECRETS.answer}\r\n\r\n`);

describe('no secret leaves through what is told of a request', () => {
  it.each<[string, Behaviour]>([
    ['no answer', () => undefined],
    ['a cut connection', (socket) => void socket.destroy()],
    ['the request itself for an answer', echo('')],
    ['it as a status line', echo('HTTP/1.1 ')],
    ['it as a header name', echo('HTTP/1.1 200 OK\r\n')],
    ['it as a header value', echo('HTTP/1.1 200 OK\r\ncontent-length: ')],
    ['it as a chunk', echo('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')],
    ['it in an answer cut short', echo('HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n')],
    ['it in an answer too large', echo('HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n')],
  ])('a server that gives %s', async (_, behaviour) => {
    const target = await server(behaviour);
    const changes: BreakerChange[] = [];
    const client = egress({ breakerFailures: 2, onBreaker: (change) => changes.push(change) });
    const { caPem = '' } = ask(target.url).target;
    const way = { baseUrl: target.url, credential: { ...credential, caPem } };
    for (let n = 0; n < 3; n += 1) {
      const outcome = await client.request(full(target.url, { target: way }));
      expect(outcome.kind).not.toBe('answered');
      expectClean([outcome, changes, client.stats(), client]);
    }
  });

  it.each<[string, (url: string) => Partial<EgressRequest>]>([
    ['an unknown authority', (baseUrl) => ({ target: { baseUrl, credential } })],
    [
      'a wrong pass phrase',
      (baseUrl) => ({ target: { baseUrl, credential: { ...credential, passPhrase: SECRETS.proxyPassword } } }),
    ],
    [
      'a broken key',
      (baseUrl) => ({
        target: { baseUrl, credential: { ...credential, privateKeyPem: credential.privateKeyPem.slice(0, 400) } },
      }),
    ],
    [
      'secrets in the place of certificates',
      (baseUrl) => ({ target: { baseUrl, credential: { ...credential, caPem: SECRETS.body } } }),
    ],
    ['an address with a password', () => ({ target: { baseUrl: `https://u:${SECRETS.body}@127.0.0.1:1` } })],
    ['a header that splits', () => ({ headers: { 'X-Token': `${SECRETS.header}\r\nX: ${SECRETS.body}` } })],
    ['a header name that is none', () => ({ headers: { [`${SECRETS.header}\n`]: SECRETS.body } })],
    ['a query in the path', () => ({ path: `/pay?token=${SECRETS.query}` })],
    [
      'mayWrite that throws secrets',
      () => ({
        mayWrite: () => {
          throw new Error(SECRETS.body);
        },
      }),
    ],
  ])('a request that fails on our side: %s', async (_, more) => {
    const target = await server(echo(''));
    const client = egress({ breakerFailures: 1 });
    const outcomes: EgressOutcome[] = [];
    for (let n = 0; n < 2; n += 1) outcomes.push(await client.request(full(target.url, more(target.url))));
    for (const { kind } of outcomes) expect(kind).toBe('not_sent');
    expectClean([outcomes, client.stats(), client]);
  });

  it('a proxy that repeats what it was told', async () => {
    const proxy = await server(echo('HTTP/1.1 407 '));
    const plain = proxy.url.replace('https', 'http');
    const proxies = [plain.replace('://', `://gate:${SECRETS.proxyPassword}@`)];
    const told: unknown[] = [];
    const client = egress({ exit: { proxies }, onProxy: (change) => told.push(change) });
    for (let n = 0; n < 4; n += 1) {
      const outcome = await client.request(
        full('https://bank.example', { target: { baseUrl: 'https://bank.example' } }),
      );
      expect(outcome.kind).toBe('not_sent');
      expectClean(outcome);
    }
    expect(told).toHaveLength(1);
    expectClean([told, client.stats(), client]);
  });

  it.each([`socks://gate:${SECRETS.proxyPassword}@127.0.0.1:1`, `http://gate:%zz${SECRETS.proxyPassword}@127.0.0.1:1`])(
    'a proxy address that is none: %#',
    (url) => {
      expectClean(proxyAddress(url));
      expect(() => egress({ exit: { proxies: [url] } })).toThrow(RangeError);
      expect(() => egress({ exit: { proxies: [url] } })).not.toThrow(SECRETS.proxyPassword);
    },
  );

  it('an upload that is refused', () => {
    expectClean(readPrivateKey(credential.privateKeyPem, SECRETS.proxyPassword));
    expectClean(readPrivateKey(`${credential.privateKeyPem.slice(0, 300)}\n-----END ENCRYPTED PRIVATE KEY-----`, 'x'));
    expectClean(readPfx(Buffer.from(credential.privateKeyPem), SECRETS.passPhrase));
  });
});
