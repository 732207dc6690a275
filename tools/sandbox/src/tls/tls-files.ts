import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { PARTNER_DAYS, makeAuthority, makeClient, makeServer } from './certificate-maker.ts';
import type { Made } from './certificate-maker.ts';

const DAY_MS = 86_400_000;

/** Paths of everything that stands under `DIR/tls`, PEM throughout. */
export interface TlsFiles {
  /** What a client trusts: root and intermediate together. */
  readonly ca: string;
  readonly root: string;
  readonly rootKey: string;
  readonly intermediate: string;
  readonly intermediateKey: string;
  /** With the intermediate behind it. */
  readonly serverCert: string;
  readonly serverKey: string;
  /** The partner's certificate and key for scheme 3, issued by the intermediate. */
  readonly cert: string;
  readonly key: string;
  /** A certificate of another authority, for tests of refusal. */
  readonly foreignCert: string;
  readonly foreignKey: string;
  /** Issued by the intermediate but expired, for tests of refusal. */
  readonly expiredCert: string;
  readonly expiredKey: string;
  /** Of the organization 260360000051 for scheme 2. */
  readonly organizationCert: string;
  readonly organizationKey: string;
}

const DEMO_BIN = '260360000051';

/**
 * The certificates of the simulated bank: made at the first start, used again later, made anew as a whole when one is
 * missing, broken, expired within a day or does not name a host that the server answers for.
 */
export async function tlsFiles(folder: string, hosts: readonly string[], nowMs = Date.now()): Promise<TlsFiles> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files: TlsFiles = {
    ca: join(folder, 'ca.pem'),
    root: join(folder, 'kbs_root_ca.crt'),
    rootKey: join(folder, 'kbs_root_ca-key.pem'),
    intermediate: join(folder, 'kbs_ca.crt'),
    intermediateKey: join(folder, 'kbs_ca-key.pem'),
    serverCert: join(folder, 'server.pem'),
    serverKey: join(folder, 'server-key.pem'),
    cert: join(folder, 'client.pem'),
    key: join(folder, 'client-key.pem'),
    foreignCert: join(folder, 'foreign.pem'),
    foreignKey: join(folder, 'foreign-key.pem'),
    expiredCert: join(folder, 'expired.pem'),
    expiredKey: join(folder, 'expired-key.pem'),
    organizationCert: join(folder, 'organization.pem'),
    organizationKey: join(folder, 'organization-key.pem'),
  };
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts])];
  if (!usable(files, names, nowMs)) await make(files, names, nowMs);
  return files;
}

async function make(files: TlsFiles, names: readonly string[], nowMs: number): Promise<void> {
  const root = await makeAuthority('Sandbox Bank Root CA', nowMs);
  const authority = await makeAuthority('Sandbox Bank Issuing CA', nowMs, root);
  const foreign = await makeAuthority('Sandbox Foreign Root CA', nowMs);
  const general = names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
  const [server, client, stranger, expired, organization] = await Promise.all([
    makeServer(authority, general, nowMs),
    makeClient(authority, 'partner.sandbox.invalid', nowMs),
    makeClient(foreign, 'stranger.sandbox.invalid', nowMs),
    makeClient(authority, 'expired.sandbox.invalid', nowMs - 10 * DAY_MS, 5),
    makeClient(authority, 'organization.sandbox.invalid', nowMs, PARTNER_DAYS, DEMO_BIN),
  ]);
  write(files.ca, root.pem.certificatePem + authority.pem.certificatePem);
  writePair(files.root, files.rootKey, root);
  writePair(files.intermediate, files.intermediateKey, authority);
  write(files.serverCert, server.pem.certificatePem + authority.pem.certificatePem);
  write(files.serverKey, server.pem.privateKeyPem);
  writePair(files.cert, files.key, client);
  writePair(files.foreignCert, files.foreignKey, stranger);
  writePair(files.expiredCert, files.expiredKey, expired);
  writePair(files.organizationCert, files.organizationKey, organization);
}

function usable(files: TlsFiles, names: readonly string[], nowMs: number): boolean {
  try {
    const root = pair(files.root, files.rootKey);
    const ca = pair(files.intermediate, files.intermediateKey);
    const bundle = readFileSync(files.root, 'utf8') + readFileSync(files.intermediate, 'utf8');
    if (readFileSync(files.ca, 'utf8') !== bundle || !ca.verify(root.publicKey)) return false;
    const organization = pair(files.organizationCert, files.organizationKey);
    const server = pair(files.serverCert, files.serverKey);
    const client = pair(files.cert, files.key);
    const expired = pair(files.expiredCert, files.expiredKey);
    pair(files.foreignCert, files.foreignKey);
    const lasting = [root, ca, server, client, organization].every((one) => Date.parse(one.validTo) > nowMs + DAY_MS);
    const issued = [server, client, expired, organization].every((one) => one.verify(ca.publicKey));
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
