/**
 * The bank sends its production address in the letter that brings the certificate, so host, port, scheme prefix and
 * API version are configuration (Kaspi QR v3.9 §2). Both `https://host:8545` and `https://host/r3/v01/` are accepted.
 */

export interface BankAddress {
  /** Scheme, host and port: what connections are pooled by. */
  readonly origin: string;
  /** Scheme prefix with its leading slash and without a trailing one, e.g. `/r3`. */
  readonly prefix: string;
  /** Version of all methods but the purchase status, e.g. `v01`. */
  readonly version: string;
}

const DEFAULT_PREFIX = '/r3';
const DEFAULT_VERSION = 'v01';

/** Takes an address apart; undefined when it is not an https address that can carry paths. */
export function bankAddress(baseUrl: string): BankAddress | undefined {
  const url = URL.parse(baseUrl);
  if (url === null || url.protocol !== 'https:') return undefined;
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') return undefined;

  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const last = segments.at(-1);
  const version = last !== undefined && /^v\d{1,3}$/i.test(last) ? last : undefined;
  const prefix = version === undefined ? segments : segments.slice(0, -1);
  return {
    origin: url.origin,
    prefix: prefix.length === 0 ? DEFAULT_PREFIX : `/${prefix.join('/')}`,
    version: version ?? DEFAULT_VERSION,
  };
}
