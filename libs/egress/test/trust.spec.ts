import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readPfx } from '../src/index.ts';
import type { ClientCredential, PfxResult } from '../src/index.ts';
import { egressBench, shortly } from './egress-bench.ts';
import { answerOk, createAuthority, startServer } from './tls-fixtures.ts';
import type { Authority, Issued, TestServer } from './tls-fixtures.ts';

const { egress, ask, afterwards } = egressBench();
const known = getCACertificates('default');

let root: Authority;
let issuing: Authority;
let other: Authority;
let identity: Issued;

beforeAll(async () => {
  root = await createAuthority('Bank root');
  issuing = await root.subordinate('Bank issuing');
  other = await createAuthority('Well known');
  identity = await issuing.issue('bank');
});

afterEach(() => setDefaultCACertificates(known));

async function serve(options: { chain?: string; cert?: Issued } & Record<string, unknown> = {}): Promise<TestServer> {
  const { chain = '', cert = identity, ...tls } = options;
  const started = await startServer(answerOk, {
    cert: cert.certificatePem + '\n' + chain,
    key: cert.privateKeyPem,
    ...tls,
  });
  afterwards(() => started.close());
  return started;
}

async function outcomeWith(target: TestServer, caPem: string | undefined): Promise<string> {
  const trust = caPem === undefined ? {} : { caPem };
  return shortly(await egress().request(ask(target.url, { target: { baseUrl: target.url, ...trust } })));
}

describe('which servers are trusted', () => {
  it('without a list: those of the public authorities; with a list: only those of the list', async () => {
    const target = await serve({ cert: await other.issue('bank') });
    expect(await outcomeWith(target, undefined)).toBe('not_sent: tls_untrusted');
    setDefaultCACertificates([other.certificatePem]);
    expect(await outcomeWith(target, undefined)).toBe('answered: 200');
    expect(await outcomeWith(target, root.certificatePem)).toBe('not_sent: tls_untrusted');
    expect(await outcomeWith(target, `${root.certificatePem}\n${other.certificatePem}`)).toBe('answered: 200');
    expect(target.requests()).toBe(2);
  });

  it('the list may name the root, the issuing authority or the server’s own certificate', async () => {
    const whole = await serve({ chain: issuing.certificatePem });
    const alone = await serve();
    expect(await outcomeWith(whole, root.certificatePem)).toBe('answered: 200');
    expect(await outcomeWith(whole, issuing.certificatePem)).toBe('answered: 200');
    expect(await outcomeWith(alone, issuing.certificatePem)).toBe('answered: 200');
    expect(await outcomeWith(alone, `${root.certificatePem}\n${issuing.certificatePem}`)).toBe('answered: 200');
    expect(await outcomeWith(alone, identity.certificatePem)).toBe('answered: 200');
    expect(await outcomeWith(alone, root.certificatePem)).toBe('not_sent: tls_untrusted');
  });

  it('a sibling of a pinned server is not trusted', async () => {
    const sibling = await serve({ cert: await issuing.issue('bank') });
    expect(await outcomeWith(sibling, identity.certificatePem)).toBe('not_sent: tls_untrusted');
    expect(sibling.received()).toBe('');
  });

  it.each([
    ['an empty text', () => ''],
    ['no PEM', () => 'kbs_root_ca.crt'],
    ['a broken one after a good one', () => `${root.certificatePem}\n${other.certificatePem.replace(/M/g, '!')}`],
    ['one cut short', () => root.certificatePem.slice(0, 200)],
  ])('a list that cannot be read never means wider trust: %s', async (_, caPem) => {
    const target = await serve({ cert: await other.issue('bank') });
    setDefaultCACertificates([other.certificatePem]);
    expect(await outcomeWith(target, caPem())).toBe('not_sent: credential_unusable');
    expect(target.accepted()).toBe(0);
  });
});

describe('how our own key may lie in the store', () => {
  const mutual = async (): Promise<TestServer> =>
    serve({ chain: issuing.certificatePem, requestCert: true, rejectUnauthorized: true, ca: root.certificatePem });

  it('encrypted with a pass phrase; a wrong one is a credential that cannot be used', async () => {
    const target = await mutual();
    const till = await root.issue('till');
    const privateKeyPem = createPrivateKey(till.privateKeyPem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'пароль-4711' })
      .toString();
    const credential = { id: 'crt_1', version: '1', ...till, privateKeyPem, caPem: root.certificatePem };
    const outcomes = [];
    for (const passPhrase of ['пароль-4711', 'пароль-4712', '']) {
      const target1 = { baseUrl: target.url, credential: { ...credential, passPhrase, version: passPhrase } };
      outcomes.push(shortly(await egress().request(ask(target.url, { target: target1 }))));
    }
    const keyless = await egress().request(ask(target.url, { target: { baseUrl: target.url, credential } }));
    const unusable = 'not_sent: credential_unusable';
    expect([...outcomes, shortly(keyless)]).toEqual(['answered: 200', unusable, unusable, unusable]);
    expect(target.clients()).toEqual(['till']);
  });

  it('taken out of a PFX: certificate and key are shown, and the chain leads a server to its root', async () => {
    const open = (name: string): Extract<PfxResult, { ok: true }> => {
      const pfx = readPfx(readFileSync(new URL(`pfx/${name}.pfx`, import.meta.url)), 'secret-4711');
      if (!pfx.ok) throw new Error(pfx.detail);
      return pfx;
    };
    const pfx = open('elliptic');
    const [, rootPem = ''] = open('aes-chain').chainPem.split(/(?<=-----END CERTIFICATE-----\n)/);
    const mutualTls = { requestCert: true, rejectUnauthorized: true, ca: rootPem };
    const target = await serve({ chain: issuing.certificatePem, ...mutualTls });
    const credential: ClientCredential = {
      id: 'crt_1',
      version: '1',
      certificatePem: pfx.certificatePem + pfx.chainPem,
      privateKeyPem: pfx.privateKeyPem,
      caPem: root.certificatePem,
    };
    const outcome = await egress().request(ask(target.url, { target: { baseUrl: target.url, credential } }));
    expect(shortly(outcome)).toBe('answered: 200');
    expect(target.clients()).toEqual(['Till ec']);
  });
});
