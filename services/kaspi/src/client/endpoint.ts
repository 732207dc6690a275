/**
 * The bank sends its production address in the letter that brings the certificate, so host, port, scheme prefix and
 * API versions are configuration (Kaspi QR v3.9 §1.2). Both `https://host:8545` and `https://host/r3/v01/` are accepted.
 */
import type { EgressTarget } from '@tolem/egress';
import { type KaspiStatusVersion, readConnectionOptions } from './connection-options.ts';
import type { KaspiMethod } from './methods.ts';
import { KASPI_SCHEME_NAMES, type KaspiScheme, kaspiScheme } from './schemes.ts';

/**
 * Where, under which scheme and with which credential to call, and for whom: organizations under one certificate take
 * turns (`share`) where its connections are all busy.
 */
export type KaspiEndpoint = EgressTarget & {
  readonly share?: string;
  /** `r1`, `r2` or `r3`; anything else is refused with every call. */
  readonly scheme: string;
  /** The connection's own settings, see connection-options.ts; unreadable ones are refused with every call. */
  readonly options?: unknown;
  /** Where the scheme asks for one. Secret: it goes into the header of a request and nowhere else. */
  readonly apiKey?: string;
};

/** An endpoint whose settings make sense together. */
export interface BankPlace {
  readonly scheme: KaspiScheme;
  readonly target: EgressTarget;
  /** Headers by which the bank knows the caller; empty where it looks at the certificate. */
  readonly headers: Readonly<Record<string, string>>;
  /** Path of a method without its arguments and without a trailing slash, e.g. `/r3/v01`. */
  root(method: KaspiMethod): string;
}

export type BankPlaceResult =
  | { readonly ok: true; readonly place: BankPlace }
  /** Names what a person must correct, never a secret. */
  | { readonly ok: false; readonly detail: string };

/** The process' defaults, where neither the connection's options nor its address say anything. */
export interface EndpointDefaults {
  readonly statusVersion: KaspiStatusVersion;
}

/** Reads the settings of a connection; total. */
export function bankPlace(at: KaspiEndpoint, defaults: EndpointDefaults): BankPlaceResult {
  const { share: _share, scheme: schemeText, options, apiKey, ...target } = at;
  const scheme = kaspiScheme(schemeText);
  if (scheme === undefined) return refused(`the scheme must be one of ${KASPI_SCHEME_NAMES.join(', ')}`);

  const address = bankAddress(at.baseUrl);
  if (address === undefined) return refused('the address of the bank is not an https address');
  const read = readConnectionOptions(options);
  if (!read.ok) return refused(read.detail);
  const { settings } = read;

  const headers = IDENTIFICATION[scheme.credential](apiKey);
  if (headers === undefined) return refused('this scheme needs an API key of printable characters without spaces');

  const prefix = settings.prefix ?? address.prefix ?? `/${scheme.name}`;
  const common = settings.apiVersion ?? address.version ?? DEFAULT_VERSION;
  // The status method has moved on alone, so the version of all others says nothing about it.
  const byMethod: Partial<Record<KaspiMethod, string>> = { 'payment/status': defaults.statusVersion };
  return {
    ok: true,
    place: {
      scheme,
      target: { ...target, baseUrl: address.origin },
      headers,
      root: (method) => `${prefix}/${settings.versionOf(method) ?? byMethod[method] ?? common}`,
    },
  };
}

const DEFAULT_VERSION = 'v01';

/** A GUID with the prefix `test_` or `prod_` in every sample. */
const API_KEY = /^[\x21-\x7e]{8,200}$/;

type Identification = (apiKey: string | undefined) => Readonly<Record<string, string>> | undefined;

/** What beside the certificate says who calls; undefined when it is missing. A key never goes where none is asked for. */
const IDENTIFICATION: Readonly<Record<KaspiScheme['credential'], Identification>> = {
  api_key: (apiKey) => (apiKey !== undefined && API_KEY.test(apiKey) ? { 'Api-Key': apiKey } : undefined),
  client_certificate: () => ({}),
  shared_certificate: () => ({}),
};

export interface BankAddress {
  /** Scheme, host and port: what connections are pooled by. */
  readonly origin: string;
  /** Scheme prefix with its leading slash and without a trailing one, e.g. `/r3`; undefined when there is none. */
  readonly prefix: string | undefined;
  /** Version of all methods but the purchase status, e.g. `v01`; undefined when there is none. */
  readonly version: string | undefined;
}

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
    prefix: prefix.length === 0 ? undefined : `/${prefix.join('/')}`,
    version,
  };
}

function refused(detail: string): BankPlaceResult {
  return { ok: false, detail };
}
