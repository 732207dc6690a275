/** Why it is certain that the provider saw nothing of the request. */
export type NotSentReason =
  /** The request itself cannot be sent: address, header, time-out or path out of bounds. */
  | 'invalid_request'
  /** Certificate, key or pass phrase cannot be loaded. */
  | 'credential_unusable'
  /** `mayWrite` said no. */
  | 'withdrawn'
  /** Too many requests wait for a connection already, of all shares or of this one. */
  | 'overloaded'
  /** This way to the provider failed too often in a row; `retryAfterMs` says when it will be tried again. */
  | 'breaker_open'
  /** The client is closing. */
  | 'closed'
  /** The total deadline passed while the request waited for a connection. */
  | 'timeout'
  | 'connect_timeout'
  | 'dns'
  | 'connect_refused'
  /** The connection broke before anything was written. */
  | 'connection_lost'
  /** The server's certificate does not lead to a trusted authority, is out of date or names another host. */
  | 'tls_untrusted'
  /** The server ended the handshake with an alert: usually it does not accept our certificate. */
  | 'tls_refused'
  /** The connection ended during the handshake without an alert: some servers refuse a certificate this way. */
  | 'tls_aborted'
  /** The two sides do not find a common language: no TLS, too old a version. */
  | 'tls_failed'
  /** No configured proxy gives a tunnel; nothing went around them. `retryAfterMs` says when one will be tried again. */
  | 'proxy_unavailable'
  /** The proxies work and say that the provider cannot be reached from there. */
  | 'proxy_no_route'
  /** The source address that was asked for is none of this machine's, or all its ports are in use. */
  | 'source_address_unavailable';

/** Why there is no whole answer to a request of which the provider may have seen everything. */
export type LostReason =
  | 'timeout'
  /** The connection ended before an answer began. */
  | 'connection_closed'
  /** The connection ended in the middle of the answer. */
  | 'answer_cut'
  | 'answer_too_large'
  /** What came back is not HTTP/1.1. */
  | 'answer_malformed'
  /** A TLS alert arrived after the request was written: probably refused, but not certainly. */
  | 'tls_alert';

/**
 * The three things that can become of a request. `not_sent` is only said when it is certain that no byte of the request
 * reached the network; every doubt is `sent_without_answer`. `detail` is for logs: a phase and an error code, never a
 * body, a header, a query or a credential. `ms` counts from the call.
 */
export type EgressOutcome =
  | {
      kind: 'not_sent';
      reason: NotSentReason;
      detail: string;
      ms: number;
      /** Only with `breaker_open` and `proxy_unavailable`. */
      retryAfterMs?: number;
    }
  | { kind: 'sent_without_answer'; reason: LostReason; detail: string; ms: number }
  | {
      kind: 'answered';
      status: number;
      /** Lower-case names; several values of one name are joined with `, `. */
      headers: Record<string, string>;
      body: string;
      ms: number;
    };
