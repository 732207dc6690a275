import type { NotSentReason } from './egress-outcome.ts';

/**
 * A connection that was not made. The code is one of our own on purpose: undici reconnects for ever after some of its own
 * codes, and treats a wrong host name specially.
 */
export class ConnectError extends Error {
  readonly code = 'TOLEM_CONNECT';

  constructor(
    readonly reason: NotSentReason,
    readonly detail: string,
  ) {
    super(detail);
    this.name = 'ConnectError';
  }
}

/**
 * The error code when it is a plain word (`ECONNRESET`, `ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE`), else a stand-in:
 * messages may quote what was sent and are never passed on.
 */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return /^[A-Za-z0-9_/-]{1,80}$/.test(error.code) ? error.code : 'UNNAMED_ERROR';
  }
  return 'UNNAMED_ERROR';
}

/** @param phase `connecting` before TCP stands, `tls` from then to the end of the handshake. */
export function connectErrorOf(error: unknown, phase: 'connecting' | 'tls'): ConnectError {
  if (error instanceof ConnectError) return error;
  const code = codeOf(error);
  return new ConnectError(
    phase === 'connecting' ? tcpReason(code) : tlsReason(code),
    `${phase === 'tls' ? 'TLS handshake' : 'connecting'}: ${code}`,
  );
}

function tcpReason(code: string): NotSentReason {
  if (code === 'ECONNREFUSED') return 'connect_refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_FAIL') return 'dns';
  if (code === 'ETIMEDOUT') return 'connect_timeout';
  if (code === 'EADDRNOTAVAIL') return 'source_address_unavailable';
  return 'connection_lost';
}

const BROKEN_CONNECTION = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ENETDOWN', 'EHOSTUNREACH']);

function tlsReason(code: string): NotSentReason {
  if (isTlsAlert(code)) return 'tls_refused';
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO' || code === 'UNNAMED_ERROR') return 'tls_failed';
  if (BROKEN_CONNECTION.has(code)) return 'tls_aborted';
  // What is left are the codes of certificate verification (CERT_HAS_EXPIRED, ERR_TLS_CERT_ALTNAME_INVALID, …).
  return 'tls_untrusted';
}

export function isTlsAlert(code: string): boolean {
  return code.startsWith('ERR_SSL_') && code.includes('ALERT');
}
