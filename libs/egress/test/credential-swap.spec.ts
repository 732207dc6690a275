import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import type { ClientCredential, EgressRequest } from '../src/index.ts';
import { egressBench, shortly } from './egress-bench.ts';
import { answerAfter, answerOk, createAuthority, startServer, until } from './tls-fixtures.ts';
import type { Authority, Behaviour, Issued, TestServer } from './tls-fixtures.ts';

const { egress, ask, afterwards } = egressBench();

let bank: Authority;
let other: Authority;
let identity: Issued;
const versions: ClientCredential[] = [];

beforeAll(async () => {
  bank = await createAuthority('Bank CA');
  other = await createAuthority('Other CA');
  identity = await bank.issue('bank');
  for (const version of ['1', '2', '3', '4']) {
    const issued = await bank.issue(`till ${version}`);
    versions.push({ id: 'crt_1', version, ...issued, caPem: bank.certificatePem });
  }
});

function version(n: number): ClientCredential {
  const credential = versions[n - 1];
  if (credential === undefined) throw new RangeError(`no version ${n}`);
  return credential;
}

async function bankServer(behaviour: Behaviour): Promise<TestServer> {
  const started = await startServer(behaviour, {
    cert: identity.certificatePem,
    key: identity.privateKeyPem,
    ca: bank.certificatePem,
    requestCert: true,
    rejectUnauthorized: true,
  });
  afterwards(() => started.close());
  return started;
}

function as(target: TestServer, credential: ClientCredential, path = '/pay'): EgressRequest {
  return ask(target.url, { target: { baseUrl: target.url, credential }, path, totalTimeoutMs: 10_000 });
}

const nameOf = (socket: unknown): string => String((socket as TLSSocket).getPeerCertificate().subject.CN);

describe('a certificate replaced while 200 requests run and arrive', () => {
  it.each([8, 32])(
    'fails none of them, and each is sent with the certificate of its time: %i connections',
    async (n) => {
      const log: { certificate: string; path: string }[] = [];
      const answer = answerAfter(5);
      /** The last request of each version is answered only when the next version has been seen. */
      const kept = new Map<string, () => void>();
      let keptThrough = 0;
      const target = await bankServer((socket, text) => {
        const certificate = nameOf(socket);
        const path = (text.split(' ')[1] ?? '').split('?')[0] ?? '';
        log.push({ certificate, path });
        for (const [older, release] of kept) {
          if (older === certificate) continue;
          kept.delete(older);
          keptThrough += 1;
          release();
        }
        const lastOfItsVersion = ['/by-1/49', '/by-2/99', '/by-3/149'].includes(path);
        if (lastOfItsVersion) kept.set(certificate, () => answerOk(socket, text));
        else answer(socket, text);
      });
      const client = egress({ connections: n, versions: 2 });
      const outcomes: Promise<string>[] = [];
      for (let sent = 0; sent < 200; sent += 1) {
        const now = 1 + Math.floor(sent / 50);
        outcomes.push(client.request(as(target, version(now), `/by-${now}/${sent}`)).then(shortly));
        await new Promise((next) => setImmediate(next));
      }
      expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['answered: 200']));
      expect(new Set(log.map(({ path }) => path)).size).toBe(200);
      expect(log).toHaveLength(200);
      for (const { certificate, path } of log) expect(path).toContain(`/by-${certificate.replace('till ', '')}/`);
      expect(keptThrough).toBe(3);
      await client.close();
      await until(() => target.open() === 0, 'no connection is left');
    },
  );
});

describe('several versions side by side', () => {
  it('two versions used by turns keep one connection each', async () => {
    const target = await bankServer(answerOk);
    const client = egress();
    for (let n = 0; n < 20; n += 1) {
      expect(shortly(await client.request(as(target, version(1 + (n % 2)))))).toBe('answered: 200');
    }
    expect(target.accepted()).toBe(2);
    expect(target.clients()).toEqual(['till 1', 'till 2']);
  });

  it('two lists of trusted authorities used by turns keep one connection each, and neither lends its trust', async () => {
    const target = await bankServer(answerOk);
    const client = egress();
    const wider = { ...version(1), caPem: `${bank.certificatePem}\n${other.certificatePem}` };
    for (let n = 0; n < 10; n += 1) {
      expect(shortly(await client.request(as(target, n % 2 === 0 ? version(1) : wider)))).toBe('answered: 200');
    }
    expect(target.accepted()).toBe(2);
    const foreign = { ...version(1), caPem: other.certificatePem };
    expect(shortly(await client.request(as(target, foreign)))).toBe('not_sent: tls_untrusted');
    expect(target.requests()).toBe(10);
  });

  it('there are never more than the limit: the one not used for longest goes', async () => {
    const target = await bankServer(answerOk);
    const client = egress({ versions: 2 });
    for (const n of [1, 2, 1, 3]) {
      expect(shortly(await client.request(as(target, version(n))))).toBe('answered: 200');
    }
    await until(() => target.open() === 2, 'the connection of version 2 is closed');
    expect(client.stats().pools.map(({ place }) => place.credentialVersion)).toEqual(['1', '3']);
    expect(shortly(await client.request(as(target, version(1))))).toBe('answered: 200');
    expect(target.accepted()).toBe(3);
  });

  it('a version that nobody uses any more is forgotten after a while', async () => {
    const target = await bankServer(answerOk);
    const clock = new ManualClock();
    const client = egress({ clock, poolIdleMs: 60_000 });
    const used = (): unknown[] => client.stats().pools.map(({ place }) => place.credentialVersion);
    await client.request(as(target, version(1)));
    clock.advance(40_000);
    await client.request(as(target, version(2)));
    expect(used()).toEqual(['1', '2']);
    clock.advance(20_001);
    await client.request(as(target, version(2)));
    expect(used()).toEqual(['2']);
    await until(() => target.open() === 1, 'its connection is closed');
  });
});
