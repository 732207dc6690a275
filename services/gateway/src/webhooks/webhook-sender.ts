import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import { Inject, Injectable } from '@nestjs/common';
import { mayReach } from './address-rules.ts';
import type { ResolveHost } from './resolve-host.ts';
import { RESOLVE_HOST, WEBHOOK_SETTINGS, type WebhookSettings } from './webhook-settings.ts';
import { hostOf } from './webhook-url.ts';

export type SendError = 'timeout' | 'address_refused' | 'host_unknown' | 'tls' | 'connection' | 'aborted';

export type SendOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | undefined }
  | { readonly kind: 'failed'; readonly error: SendError };

/** The name of an endpoint leads somewhere that webhooks must not go. */
class AddressRefused extends Error {}

const IDLE_MS = 10_000;
/** Of an answer only the status counts; so much of its body is read to keep the connection, for so long. */
const MAX_ANSWER_BYTES = 64 * 1024;
const ANSWER_MS = 1_000;

/**
 * One POST to an endpoint, with a deadline over all of it. Redirects are not followed. Every address that a name resolves to is
 * checked when the connection is opened, so a name that was public at first cannot lead inside later.
 */
@Injectable()
export class WebhookSender {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor(
    @Inject(RESOLVE_HOST) private readonly resolve: ResolveHost,
    @Inject(WEBHOOK_SETTINGS) private readonly settings: WebhookSettings,
  ) {
    const pool = {
      keepAlive: true,
      maxSockets: settings.concurrency,
      maxFreeSockets: 2,
      timeout: IDLE_MS,
      scheduling: 'lifo',
    } as const;
    this.#http = new HttpAgent({ ...pool, lookup: this.#lookup(false) });
    this.#https = new HttpsAgent({
      ...pool,
      lookup: this.#lookup(true),
      minVersion: 'TLSv1.2',
      ...(settings.caPem === undefined ? {} : { ca: [...rootCertificates, settings.caPem] }),
    });
  }

  /** Cuts off whatever is still open: for whoever sends, after its last request. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /** Never rejects. @param aborted ends the request without an answer */
  async send(
    href: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    aborted: AbortSignal,
  ): Promise<SendOutcome> {
    const url = new URL(href);
    const host = hostOf(url);
    // Sockets ask no resolver about a literal address.
    if (isIP(host) !== 0 && !mayReach(host, url.protocol === 'https:', this.settings.allowedNetworks))
      return { kind: 'failed', error: 'address_refused' };
    const first = await this.#once(url, headers, body, aborted);
    // A kept connection may be closed by the other side at the moment of its next use; the event's id makes a second copy harmless.
    return first === 'stale' ? orFailed(await this.#once(url, headers, body, aborted)) : first;
  }

  #once(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: string,
    aborted: AbortSignal,
  ): Promise<SendOutcome | 'stale'> {
    return new Promise((resolve) => {
      const isSecure = url.protocol === 'https:';
      const options = {
        method: 'POST',
        agent: isSecure ? this.#https : this.#http,
        signal: aborted,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      };
      let isLate = false;
      const request: ClientRequest = isSecure ? httpsRequest(url, options) : httpRequest(url, options);
      const timer = setTimeout(() => {
        isLate = true;
        request.destroy();
      }, this.settings.timeoutMs);
      request.on('response', (response) => {
        clearTimeout(timer);
        drop(response);
        const retryAfter = response.headers['retry-after'];
        resolve({ kind: 'answered', status: response.statusCode ?? 0, retryAfter });
      });
      request.on('error', (error) => {
        clearTimeout(timer);
        const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
        if (isLate) resolve({ kind: 'failed', error: 'timeout' });
        else if (aborted.aborted) resolve({ kind: 'failed', error: 'aborted' });
        else if (request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')) resolve('stale');
        else resolve({ kind: 'failed', error: error instanceof AddressRefused ? 'address_refused' : errorOf(code) });
      });
      // Whatever else may end it, nobody waits for ever.
      request.on('close', () => resolve({ kind: 'failed', error: isLate ? 'timeout' : 'connection' }));
      request.end(body);
    });
  }

  #lookup(isSecure: boolean): LookupFunction {
    return (host, options, done) => {
      this.resolve(host).then(
        (addresses) => {
          const [first] = addresses;
          const isRefused = addresses.some(
            ({ address }) => !mayReach(address, isSecure, this.settings.allowedNetworks),
          );
          if (first === undefined || isRefused) done(new AddressRefused('not an address that webhooks go to'), '', 0);
          else if (options.all === true) done(null, [...addresses]);
          else done(null, first.address, first.family);
        },
        (error: NodeJS.ErrnoException) => done(error, '', 0),
      );
    };
  }
}

function orFailed(outcome: SendOutcome | 'stale'): SendOutcome {
  return outcome === 'stale' ? { kind: 'failed', error: 'connection' } : outcome;
}

/** Reads a small body to its end, so that the connection can be used again, and cuts every other one off. */
function drop(response: IncomingMessage): void {
  let bytes = 0;
  const timer = setTimeout(() => response.destroy(), ANSWER_MS);
  timer.unref();
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) response.destroy();
  });
  response.on('close', () => clearTimeout(timer));
  response.on('error', () => undefined);
}

function errorOf(code: string): SendError {
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'host_unknown';
  if (code === 'ETIMEDOUT') return 'timeout';
  return /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_MISMATCH)/.test(code)
    ? 'tls'
    : 'connection';
}
