import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ConnectError } from './connect-error.ts';
import type { EgressRequest, EgressTarget } from './egress-request.ts';
import type { Route } from './open-connection.ts';

const DEFAULT_MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_TIMEOUT_MS = 10 * 60_000;

/** Headers that frame the message or choose the host: they are the engine's, a caller cannot set them. */
const FRAMING_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'proxy-authorization',
]);

export interface WireRequest {
  origin: string;
  method: EgressRequest['method'];
  /** Prefix of the base address, path and query. */
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  connectTimeoutMs: number;
  /** Of those, how many a proxy may take to give a tunnel. */
  tunnelTimeoutMs: number;
  totalTimeoutMs: number;
  maxAnswerBytes: number;
  mayWrite: (() => boolean) | undefined;
}

export class InvalidEgressRequest extends Error {}

/** @throws InvalidEgressRequest with a message that is safe to log. */
export function wireRequestOf(request: EgressRequest, allowPlainHttp: boolean): WireRequest {
  const base = baseUrlOf(request.target, allowPlainHttp);
  if (!request.path.startsWith('/') || /[?#\s]/.test(request.path)) {
    throw new InvalidEgressRequest('the path must start with / and carry no query, fragment or space');
  }
  checkBound('connectTimeoutMs', request.connectTimeoutMs, MAX_TIMEOUT_MS);
  checkBound('totalTimeoutMs', request.totalTimeoutMs, MAX_TIMEOUT_MS);
  const maxAnswerBytes = request.maxAnswerBytes ?? DEFAULT_MAX_ANSWER_BYTES;
  checkBound('maxAnswerBytes', maxAnswerBytes, 64 * 1024 * 1024);
  const query = new URLSearchParams(request.query ?? {}).toString();
  return {
    origin: base.origin,
    method: request.method,
    path: base.pathname.replace(/\/+$/, '') + request.path + (query === '' ? '' : `?${query}`),
    headers: headersOf(request.headers ?? {}),
    body: request.body,
    connectTimeoutMs: request.connectTimeoutMs,
    tunnelTimeoutMs: request.connectTimeoutMs,
    totalTimeoutMs: request.totalTimeoutMs,
    maxAnswerBytes,
    mayWrite: request.mayWrite,
  };
}

/**
 * Parses certificate and key once per pool. TLS 1.2 is the floor; verification of the server is always on.
 * @throws InvalidEgressRequest when an address is malformed, ConnectError `credential_unusable` when the PEM is.
 */
export function routeOf(target: EgressTarget, allowPlainHttp: boolean): Route {
  const base = baseUrlOf(target, allowPlainHttp);
  const secure = base.protocol === 'https:';
  return {
    host: unbracketed(base.hostname),
    port: base.port === '' ? (secure ? 443 : 80) : Number(base.port),
    ...(secure ? { secureContext: secureContextOf(target) } : {}),
  };
}

function baseUrlOf(target: EgressTarget, allowPlainHttp: boolean): URL {
  const url = URL.parse(target.baseUrl);
  if (url === null) throw new InvalidEgressRequest('the base address is not a URL');
  const plain = url.protocol === 'http:';
  if (url.protocol !== 'https:' && !(plain && allowPlainHttp)) {
    throw new InvalidEgressRequest('the base address must begin with https://');
  }
  if (plain && target.credential !== undefined) {
    throw new InvalidEgressRequest('a client certificate needs a base address that begins with https://');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new InvalidEgressRequest('the base address may carry neither user, query nor fragment');
  }
  return url;
}

function secureContextOf({ credential, caPem }: EgressTarget): NonNullable<Route['secureContext']> {
  const trustedPem = credential?.caPem ?? caPem;
  try {
    if (trustedPem !== undefined) checkTrusted(trustedPem);
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(credential === undefined ? {} : { cert: credential.certificatePem, key: credential.privateKeyPem }),
      ...(credential?.passPhrase === undefined ? {} : { passphrase: credential.passPhrase }),
      ...(trustedPem === undefined ? {} : { ca: trustedPem, allowPartialTrustChain: true }),
    });
  } catch {
    throw new ConnectError(
      'credential_unusable',
      'certificate, private key, pass phrase and trusted authorities do not load together',
    );
  }
}

/**
 * Node falls back to the public authorities when the list is an empty text and skips what it cannot read: a list that is
 * broken must not mean wider trust or a riddle.
 */
function checkTrusted(trustedPem: string): void {
  const certificates = trustedPem.match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]*-----END/g) ?? [];
  if (certificates.length === 0) throw new Error('no certificate');
  for (const pem of certificates) new X509Certificate(`${pem} CERTIFICATE-----\n`);
}

function headersOf(headers: Record<string, string>): Record<string, string> {
  const wire: Record<string, string> = { 'accept-encoding': 'identity' };
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (FRAMING_HEADERS.has(lower)) throw new InvalidEgressRequest(`the header ${lower} cannot be set by the caller`);
    // Values beyond printable ASCII would change on their way through latin1.
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new InvalidEgressRequest('a header value is not printable ASCII');
    // Written exactly as spelled: some providers compare header names with their case.
    if (lower === 'accept-encoding') delete wire['accept-encoding'];
    wire[name] = value;
  }
  return wire;
}

function checkBound(name: string, value: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > max) {
    throw new InvalidEgressRequest(`${name} must be a whole number from 1 to ${max}`);
  }
}

/** A host as sockets take it: `[::1]` without its brackets. */
export function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
