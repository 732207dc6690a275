import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions, TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

x509.cryptoProvider.set(webcrypto);

export interface Issued {
  certificatePem: string;
  privateKeyPem: string;
}

export interface Authority extends Issued {
  issue(commonName: string, options?: { expired?: boolean; dnsName?: string }): Promise<Issued>;
  /** An authority that this one vouches for. */
  subordinate(name: string): Promise<Authority>;
}

let serial = 0;
const nextSerial = (): string => (serial += 1).toString(16).padStart(4, '0');

const DAY_MS = 86_400_000;
const AUTHORITY = {
  notBefore: new Date(Date.now() - 400 * DAY_MS),
  notAfter: new Date(Date.now() + 400 * DAY_MS),
  signingAlgorithm: EC,
  extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
};

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);

/** A certificate authority of its own, made in memory. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const options = { ...AUTHORITY, serialNumber: nextSerial(), name: `CN=${name}`, keys };
  return authorityOf(await x509.X509CertificateGenerator.createSelfSigned(options), keys);
}

async function authorityOf(own: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<Authority> {
  return {
    certificatePem: own.toString('pem'),
    privateKeyPem: await pemOfKey(keys.privateKey),
    async subordinate(name) {
      const below = await newKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        ...AUTHORITY,
        serialNumber: nextSerial(),
        subject: `CN=${name}`,
        issuer: own.subject,
        publicKey: below.publicKey,
        signingKey: keys.privateKey,
      });
      return authorityOf(certificate, below);
    },
    async issue(commonName, options = {}) {
      const leaf = await newKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: nextSerial(),
        subject: `CN=${commonName}`,
        issuer: own.subject,
        notBefore: new Date(Date.now() - 200 * DAY_MS),
        notAfter: new Date(Date.now() + (options.expired === true ? -1 : 200) * DAY_MS),
        signingAlgorithm: EC,
        publicKey: leaf.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            options.dnsName === undefined
              ? { type: 'ip', value: '127.0.0.1' }
              : { type: 'dns', value: options.dnsName },
          ]),
        ],
      });
      return { certificatePem: certificate.toString('pem'), privateKeyPem: await pemOfKey(leaf.privateKey) };
    },
  };
}

/** What a test server does with the request bytes seen so far on one connection; called at every chunk. */
export type Behaviour = (socket: Socket, text: string) => void;

export interface TestServer {
  url: string;
  port: number;
  /** Every byte of HTTP that reached the server, all connections together, decrypted. */
  received(): string;
  /** Number of complete requests seen. */
  requests(): number;
  /** TCP connections accepted so far, and open now. */
  accepted(): number;
  open(): number;
  mostOpen(): number;
  /** Common names of the client certificates of secured connections. */
  clients(): string[];
  behave(behaviour: Behaviour): void;
  closeConnections(): void;
  close(): Promise<void>;
}

export const answerOk: Behaviour = (socket) => {
  socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}');
};

/** Answers after a while, as a bank does that has work. */
export function answerAfter(ms: number, behaviour: Behaviour = answerOk): Behaviour {
  return (socket, text) => void setTimeout(() => behaviour(socket, text), ms);
}

/** Writes one byte at a time until the other side has enough. */
export function drip(socket: Socket, text: string, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < text.length) socket.write(text.charAt(at));
    else clearInterval(timer);
    at += 1;
  }, everyMs);
  socket.on('close', () => clearInterval(timer));
}

/** Writes as fast as the other side takes it, and tells how much went into the socket. */
export function flood(socket: Socket, totalBytes: number): { bytes: number } {
  const piece = Buffer.alloc(64 * 1024, 'x');
  const written = { bytes: 0 };
  const more = (): void => {
    while (written.bytes < totalBytes && !socket.destroyed) {
      written.bytes += piece.length;
      if (!socket.write(piece)) return;
    }
  };
  socket.on('drain', more);
  more();
  return written;
}

/** A server that speaks raw bytes, so that it can misbehave: with TLS when `tls` is given. */
export async function startServer(initial: Behaviour, tls?: TlsOptions): Promise<TestServer> {
  let behaviour = initial;
  let received = '';
  let requests = 0;
  let accepted = 0;
  let mostOpen = 0;
  const clients: string[] = [];
  const raw = new Set<Socket>();
  const serve = (socket: Socket): void => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      received += chunk.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      requests += 1;
      const whole = text;
      text = '';
      behaviour(socket, whole);
    });
  };
  const server: Server = tls === undefined ? createTcpServer(serve) : createTlsServer(tls, secured);
  function secured(socket: TLSSocket): void {
    const name: unknown = socket.getPeerCertificate().subject?.CN;
    if (typeof name === 'string') clients.push(name);
    serve(socket);
  }
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    raw.add(socket);
    mostOpen = Math.max(mostOpen, raw.size);
    socket.on('error', () => undefined).on('close', () => raw.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    received: () => received,
    requests: () => requests,
    accepted: () => accepted,
    open: () => raw.size,
    mostOpen: () => mostOpen,
    clients: () => clients,
    behave: (next) => (behaviour = next),
    closeConnections: () => raw.forEach((socket) => socket.destroy()),
    async close() {
      raw.forEach((socket) => socket.destroy());
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

/** Waits for a condition, with a deadline. */
export async function until(condition: () => boolean, what: string, deadlineMs = 5_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((next) => setImmediate(next));
  }
}
