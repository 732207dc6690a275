/**
 * What one call to the bank came to, as a closed union. The line between `refused` and `lost` is the line between
 * "the bank decided" and "the bank may have acted": only the first may end a payment.
 */
import type { z } from 'zod';
import { caseInsensitive, parseJsonExact } from '@tolem/egress';
import type { EgressOutcome } from '@tolem/egress';
import { codeOf } from '../answers/codes.ts';
import type { ExtraKaspiCodes, KaspiCode } from '../answers/codes.ts';
import { envelope } from './wire.ts';

type EgressNotSentReason = Extract<EgressOutcome, { kind: 'not_sent' }>['reason'];
type EgressLostReason = Extract<EgressOutcome, { kind: 'sent_without_answer' }>['reason'];

/**
 * `bad_endpoint`: the connection's address, scheme, options or API key are not what they must be. `not_supported`: the
 * connection's scheme has no such method, or it is one that only the bank's test contour has. `bad_argument`: an id,
 * BIN, amount or name that the bank's document does not allow. The same call can never be sent.
 */
export type KaspiNotSentReason = EgressNotSentReason | 'bad_endpoint' | 'not_supported' | 'bad_argument';

/**
 * `http_status`: not 2xx, whatever the body says (the bank's use of HTTP codes is undocumented). `not_json`: HTML or
 * garbage. `no_envelope`: JSON without a readable StatusCode. `data_incomplete`: success whose Data lacks what we need.
 */
export type KaspiLostReason = EgressLostReason | 'http_status' | 'not_json' | 'no_envelope' | 'data_incomplete';

/** `detail` is for logs: it names fields and statuses, never their content. */
export interface KaspiNotSent {
  readonly is: 'not_sent';
  readonly reason: KaspiNotSentReason;
  readonly detail: string;
}

export interface KaspiLost {
  readonly is: 'lost';
  readonly reason: KaspiLostReason;
  readonly detail: string;
  readonly httpStatus?: number;
  /** The StatusCode of a body that came with a bad HTTP status: a hint for people, never proof. */
  readonly code?: KaspiCode;
  readonly message?: string | null;
}

export interface KaspiRefused {
  readonly is: 'refused';
  readonly code: KaspiCode;
  /** The bank's own words, at most 500 characters; null when it sent none. */
  readonly message: string | null;
}

export type KaspiAnswer<T> = { readonly is: 'ok'; readonly data: T } | KaspiRefused | KaspiNotSent | KaspiLost;

/**
 * Judges one outcome of the wire. Total: no body can make it throw. `secrets` are texts of the request that must not come
 * back in the bank's words: they are shown to people and kept. `codes` are those that configuration explains.
 */
export function readAnswer<T>(
  outcome: EgressOutcome,
  dataSchema: z.ZodType<T>,
  secrets: readonly string[] = [],
  codes: ExtraKaspiCodes = {},
): KaspiAnswer<T> {
  switch (outcome.kind) {
    case 'not_sent':
      return { is: 'not_sent', reason: outcome.reason, detail: outcome.detail };
    case 'sent_without_answer':
      return { is: 'lost', reason: outcome.reason, detail: outcome.detail };
    case 'answered':
      return readBody(outcome.status, readEnvelope(outcome.body, secrets, codes), dataSchema);
  }
}

function readBody<T>(httpStatus: number, read: Envelope, dataSchema: z.ZodType<T>): KaspiAnswer<T> {
  if (httpStatus < 200 || httpStatus > 299) {
    const hint = read.readable ? { code: read.code, message: read.message } : {};
    return { is: 'lost', reason: 'http_status', detail: `HTTP ${httpStatus}`, httpStatus, ...hint };
  }
  if (!read.readable) return { is: 'lost', reason: read.reason, detail: read.detail, httpStatus };
  if (read.code.class !== 'success') return { is: 'refused', code: read.code, message: read.message };

  const data = dataSchema.safeParse(read.data);
  if (data.success) return { is: 'ok', data: data.data };
  const detail = `unreadable: ${fieldNames(data.error)}`;
  return { is: 'lost', reason: 'data_incomplete', detail, httpStatus, code: read.code, message: read.message };
}

type Envelope =
  | { readonly readable: true; readonly code: KaspiCode; readonly message: string | null; readonly data: unknown }
  | { readonly readable: false; readonly reason: 'not_json' | 'no_envelope'; readonly detail: string };

function readEnvelope(body: string, secrets: readonly string[], codes: ExtraKaspiCodes): Envelope {
  const json = parseJsonExact(body);
  if (!json.ok) return { readable: false, reason: 'not_json', detail: 'the body is not JSON' };
  const read = envelope.safeParse(caseInsensitive(json.value));
  if (!read.success) return { readable: false, reason: 'no_envelope', detail: `unreadable: ${fieldNames(read.error)}` };
  const message = read.data.message === null ? null : withoutSecrets(read.data.message, secrets);
  return { readable: true, code: codeOf(read.data.statuscode, codes), message, data: read.data.data };
}

const MAX_MESSAGE_CHARACTERS = 500;

/** Cut after the secrets are gone: a bound inside one would leave half of it. */
function withoutSecrets(message: string, secrets: readonly string[]): string {
  const clean = secrets.reduce((text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')), message);
  return clean.slice(0, MAX_MESSAGE_CHARACTERS);
}

const MAX_FIELDS_NAMED = 5;

function fieldNames(error: z.ZodError): string {
  const names = error.issues.map((issue) =>
    issue.path.length === 0 ? 'the object itself' : issue.path.map(String).join('.'),
  );
  return [...new Set(names)].slice(0, MAX_FIELDS_NAMED).join(', ');
}
