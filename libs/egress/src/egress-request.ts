/**
 * What we show a provider to prove who we are, as PEM text. `id` and `version` name it in the connection pools: a new
 * version is used by the next request, while requests that run finish on the old one.
 */
export interface ClientCredential {
  id: string;
  version: string;
  certificatePem: string;
  privateKeyPem: string;
  /** Pass phrase of the private key, when it is encrypted. */
  passPhrase?: string;
  /**
   * When given, only servers whose chain ends in one of these certificates (roots, intermediate ones or the server's own)
   * are trusted; else the public list of Node.
   */
  caPem?: string;
}

export interface EgressTarget {
  /** `https://host[:port][/prefix]`; `path` is appended to the prefix. */
  baseUrl: string;
  credential?: ClientCredential;
  /** Trusted authorities for a provider that asks for no certificate; `credential.caPem` goes before it. */
  caPem?: string;
}

export interface EgressRequest {
  target: EgressTarget;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Starts with `/`; carries no query. */
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: string;
  /**
   * From the moment a connection is being opened for this request to the end of the TLS handshake, in milliseconds. Where
   * there are several proxies they share it: a proxy that stays silent must leave time for the next.
   */
  connectTimeoutMs: number;
  /** From the call to the last byte of the answer, waiting for a free connection included, in milliseconds. */
  totalTimeoutMs: number;
  /**
   * Whose request this is among those that use the same address, credential and proxy: the organization's connection.
   * Requests that wait for a connection are served in turn between shares, and each share may hold a bounded number of
   * places. Requests without a share form one of their own.
   */
  share?: string;
  /** Bytes of the answer's body; 1 MiB when absent. */
  maxAnswerBytes?: number;
  /**
   * Asked at the last moment before the first byte of the request goes to the socket; `false` (or an exception) withdraws
   * the request and nothing is sent. It is asked at most once and never after the outcome is known.
   */
  mayWrite?: () => boolean;
}
