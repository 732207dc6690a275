import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress } from '../src/index.ts';
import type { ClientCredential, EgressOutcome, EgressRequest, EgressTarget } from '../src/index.ts';
import { answerOk, createAuthority, startServer, until } from './tls-fixtures.ts';
import type { Authority, Issued, TestServer } from './tls-fixtures.ts';

let bank: Authority;
let stranger: Authority;
let serverIdentity: Issued;
let good: ClientCredential;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  bank = await createAuthority('Bank CA');
  stranger = await createAuthority('Stranger CA');
  serverIdentity = await bank.issue('bank');
  good = { id: 'crt_1', version: '1', ...(await bank.issue('till')), caPem: bank.certificatePem };
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const TLS_12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const TLS_13 = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;

async function server(tls: Parameters<typeof startServer>[1] = {}, identity = serverIdentity): Promise<TestServer> {
  const started = await startServer(answerOk, {
    cert: identity.certificatePem,
    key: identity.privateKeyPem,
    ca: bank.certificatePem,
    requestCert: true,
    rejectUnauthorized: true,
    ...tls,
  });
  closing.push(() => started.close());
  return started;
}

function egress(options: ConstructorParameters<typeof Egress>[0] = {}): Egress {
  const started = new Egress(options);
  closing.push(() => started.close());
  return started;
}

function ask(baseUrl: string, target: Omit<EgressTarget, 'baseUrl'>, more: Partial<EgressRequest> = {}): EgressRequest {
  return {
    target: { baseUrl, ...target },
    method: 'POST',
    path: '/qr/create',
    body: '{"Amount":1490}',
    connectTimeoutMs: 3_000,
    totalTimeoutMs: 5_000,
    ...more,
  };
}

function shortly(outcome: EgressOutcome): string {
  return outcome.kind === 'answered' ? `answered: ${outcome.status}` : `${outcome.kind}: ${outcome.reason}`;
}

/** OpenSSL servers send an alert, those of Node close the connection. */
const REFUSED = ['not_sent: tls_refused', 'not_sent: tls_aborted'];

describe.each([
  ['TLS 1.2', TLS_12],
  ['TLS 1.3', TLS_13],
])('mutual TLS over %s', (_, version) => {
  it('a right certificate is shown to the server and the request is answered', async () => {
    const bankServer = await server(version);
    const outcome = await egress().request(ask(bankServer.url, { credential: good }));
    expect(outcome).toMatchObject({ kind: 'answered', status: 200, body: '{"ok":true}' });
    expect(bankServer.clients()).toEqual(['till']);
  });

  it('a server of an unknown authority gets no byte of the request', async () => {
    const impostor = await server(version, await stranger.issue('bank'));
    expect(shortly(await egress().request(ask(impostor.url, { credential: good })))).toBe('not_sent: tls_untrusted');
    expect(impostor.received()).toBe('');
  });

  it('a server whose certificate is out of date or names another host gets no byte of the request', async () => {
    const client = egress();
    for (const options of [{ expired: true }, { dnsName: 'other.example' }]) {
      const wrong = await server(version, await bank.issue('bank', options));
      expect(shortly(await client.request(ask(wrong.url, { credential: good })))).toBe('not_sent: tls_untrusted');
      expect(wrong.received()).toBe('');
    }
  });

  it('a server that refuses our expired certificate: not sent, and truly so', async () => {
    const bankServer = await server(version);
    const expired = { ...good, id: 'crt_2', ...(await bank.issue('till', { expired: true })) };
    expect(REFUSED).toContain(shortly(await egress().request(ask(bankServer.url, { credential: expired }))));
    expect(bankServer.received()).toBe('');
  });

  it('a server that refuses a certificate of a foreign authority: not sent, and truly so', async () => {
    const bankServer = await server(version);
    const foreign = { ...good, id: 'crt_3', ...(await stranger.issue('till')) };
    expect(REFUSED).toContain(shortly(await egress().request(ask(bankServer.url, { credential: foreign }))));
    expect(bankServer.received()).toBe('');
  });

  it('a server that wants a certificate when we have none: not sent, and truly so', async () => {
    const bankServer = await server(version);
    const outcome = await egress().request(ask(bankServer.url, { caPem: bank.certificatePem }));
    expect(REFUSED).toContain(shortly(outcome));
    expect(bankServer.received()).toBe('');
  });

  it('a request withdrawn at the last moment leaves no byte of the request at the server', async () => {
    const bankServer = await server(version);
    const client = egress();
    const outcome = await client.request(ask(bankServer.url, { credential: good }, { mayWrite: () => false }));
    expect(shortly(outcome)).toBe('not_sent: withdrawn');
    // The connection stays usable, so the next answer on it proves that all earlier bytes have been seen.
    expect(shortly(await client.request(ask(bankServer.url, { credential: good }, { path: '/second' })))).toBe(
      'answered: 200',
    );
    expect(bankServer.accepted()).toBe(1);
    expect(bankServer.received()).not.toContain('/qr/create');
  });
});

describe('TLS floor and credentials', () => {
  it('a fatal alert during the handshake is named as a refusal', async () => {
    // alert(21), TLS 1.2, two bytes: fatal(2), bad_certificate(42) (RFC 8446 §6.2).
    const alert = Buffer.from([21, 3, 3, 0, 2, 2, 42]);
    const refusing = createServer((socket) =>
      socket.once('data', () => socket.end(alert)).on('error', () => undefined),
    );
    await new Promise<void>((done) => refusing.listen(0, '127.0.0.1', done));
    closing.push(() => new Promise<void>((done) => refusing.close(() => done())));
    const { port } = refusing.address() as AddressInfo;
    const outcome = await egress().request(ask(`https://127.0.0.1:${port}`, { credential: good }));
    expect(outcome).toMatchObject({ kind: 'not_sent', reason: 'tls_refused' });
    expect(outcome).toHaveProperty('detail', expect.stringContaining('BAD_CERTIFICATE'));
  });

  it('a TLS 1.3 server that sends no session tickets is used after a bounded wait', async () => {
    const { SSL_OP_NO_TICKET } = (await import('node:crypto')).constants;
    const bankServer = await server({ ...TLS_13, secureOptions: SSL_OP_NO_TICKET });
    const outcome = await egress({ certificateVerdictMs: 50 }).request(ask(bankServer.url, { credential: good }));
    expect(shortly(outcome)).toBe('answered: 200');
  });

  it('a refusal in TLS 1.3 that comes after the request was written is never called not sent', async () => {
    const bankServer = await server(TLS_13);
    const foreign = { ...good, id: 'crt_4', ...(await stranger.issue('till')) };
    // With the shortest wait the verdict may come before or after writing: both outcomes are honest, others are not.
    for (let round = 0; round < 10; round += 1) {
      const client = egress({ certificateVerdictMs: 1 });
      const outcome = await client.request(ask(bankServer.url, { credential: foreign }));
      expect([...REFUSED, 'sent_without_answer: tls_alert', 'sent_without_answer: connection_closed']).toContain(
        shortly(outcome),
      );
    }
    expect(bankServer.requests()).toBe(0);
  });

  it('a server below TLS 1.2 is refused before anything is sent', async () => {
    const old = await server({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    // A client without our floor gets through: it is the floor that refuses, not a server that is broken.
    const willing = connect({
      port: old.port,
      host: '127.0.0.1',
      cert: good.certificatePem,
      key: good.privateKeyPem,
      ca: bank.certificatePem,
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await once(willing, 'secureConnect');
    expect(willing.getProtocol()).toBe('TLSv1.1');
    willing.destroy();
    const outcome = await egress().request(ask(old.url, { credential: good }));
    expect(outcome.kind).toBe('not_sent');
    expect(['tls_refused', 'tls_failed']).toContain(outcome.kind === 'not_sent' ? outcome.reason : '');
    expect(old.received()).toBe('');
  });

  it('a key that does not belong to the certificate, or broken PEM, is a credential that cannot be used', async () => {
    const bankServer = await server();
    const client = egress();
    const mixed = { ...good, id: 'crt_5', privateKeyPem: serverIdentity.privateKeyPem };
    const broken = { ...good, id: 'crt_6', certificatePem: 'no PEM at all' };
    for (const credential of [mixed, broken]) {
      const outcome = await client.request(ask(bankServer.url, { credential }));
      expect(shortly(outcome)).toBe('not_sent: credential_unusable');
      expect(JSON.stringify(outcome)).not.toContain('PEM at all');
    }
    expect(bankServer.accepted()).toBe(0);
  });

  it('a replaced credential is used by the next request while a running one finishes on the old one', async () => {
    const bankServer = await server();
    const client = egress({ keepAliveMs: 100 });
    let release: () => void = () => undefined;
    bankServer.behave((socket, text) => {
      if (text.includes('/slow')) release = () => answerOk(socket, text);
      else answerOk(socket, text);
    });
    const running = client.request(ask(bankServer.url, { credential: good }, { path: '/slow' }));
    await until(() => bankServer.requests() === 1, 'the slow request has arrived');
    const renewed = { ...good, version: '2', ...(await bank.issue('till renewed')) };
    expect(shortly(await client.request(ask(bankServer.url, { credential: renewed })))).toBe('answered: 200');
    expect(bankServer.clients()).toEqual(['till', 'till renewed']);
    release();
    expect(shortly(await running)).toBe('answered: 200');
    await until(() => bankServer.open() === 0, 'the connections are closed when nobody needs them');
  });
});
