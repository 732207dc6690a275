import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { makeAuthority, makeClient, makeServer } from './certificate-maker.ts';
import type { Made } from './certificate-maker.ts';

const DAY_MS = 86_400_000;

/** Paths of everything that stands under `DIR/tls`, PEM throughout. */
export interface TlsFiles {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  /** The partner's certificate and key, issued by `ca`. */
  readonly cert: string;
  readonly key: string;
  /** A certificate of another authority, for tests of refusal. */
  readonly foreignCert: string;
  readonly foreignKey: string;
  /** Issued by `ca` but expired, for tests of refusal. */
  readonly expiredCert: string;
  readonly expiredKey: string;
}

/**
 * The certificates of the simulated bank: made at the first start, used again later, made anew as a whole when one is
 * missing, broken, expired within a day or does not name a host that the server answers for.
 */
export async function tlsFiles(folder: string, hosts: readonly string[], nowMs = Date.now()): Promise<TlsFiles> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files: TlsFiles = {
    ca: join(folder, 'ca.pem'),
    serverCert: join(folder, 'server.pem'),
    serverKey: join(folder, 'server-key.pem'),
    cert: join(folder, 'client.pem'),
    key: join(folder, 'client-key.pem'),
    foreignCert: join(folder, 'foreign.pem'),
    foreignKey: join(folder, 'foreign-key.pem'),
    expiredCert: join(folder, 'expired.pem'),
    expiredKey: join(folder, 'expired-key.pem'),
  };
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts])];
  if (!usable(files, names, nowMs)) await make(files, names, nowMs);
  return files;
}

async function make(files: TlsFiles, names: readonly string[], nowMs: number): Promise<void> {
  const authority = await makeAuthority('Sandbox Bank Root CA', nowMs);
  const foreign = await makeAuthority('Sandbox Foreign Root CA', nowMs);
  const general = names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
  const [server, client, stranger, expired] = await Promise.all([
    makeServer(authority, general, nowMs),
    makeClient(authority, 'partner.sandbox.invalid', nowMs),
    makeClient(foreign, 'stranger.sandbox.invalid', nowMs),
    makeClient(authority, 'expired.sandbox.invalid', nowMs - 10 * DAY_MS, 5),
  ]);
  write(files.ca, authority.pem.certificatePem);
  writePair(files.serverCert, files.serverKey, server);
  writePair(files.cert, files.key, client);
  writePair(files.foreignCert, files.foreignKey, stranger);
  writePair(files.expiredCert, files.expiredKey, expired);
}

function usable(files: TlsFiles, names: readonly string[], nowMs: number): boolean {
  try {
    const ca = new X509Certificate(readFileSync(files.ca));
    const server = pair(files.serverCert, files.serverKey);
    const client = pair(files.cert, files.key);
    const expired = pair(files.expiredCert, files.expiredKey);
    pair(files.foreignCert, files.foreignKey);
    const lasting = [ca, server, client].every((one) => Date.parse(one.validTo) > nowMs + DAY_MS);
    const issued = [server, client, expired].every((one) => one.verify(ca.publicKey));
    const named = names.every(
      (name) => (isIP(name) === 0 ? server.checkHost(name) : server.checkIP(name)) !== undefined,
    );
    return lasting && issued && named;
  } catch {
    // A file that is missing or cannot be read: all are made anew.
    return false;
  }
}

function pair(certificatePath: string, keyPath: string): X509Certificate {
  const certificate = new X509Certificate(readFileSync(certificatePath));
  if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(keyPath)))) throw new Error('not a pair');
  return certificate;
}

function writePair(certificatePath: string, keyPath: string, { pem }: Made): void {
  write(certificatePath, pem.certificatePem);
  write(keyPath, pem.privateKeyPem);
}

function write(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
}
