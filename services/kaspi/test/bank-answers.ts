import { codeOf } from '../src/answers/codes.ts';
import type {
  KaspiAnswer,
  KaspiLost,
  KaspiLostReason,
  KaspiNotSent,
  KaspiNotSentReason,
  KaspiRefused,
} from '../src/client/kaspi-answer.ts';

/** Answers of the bank as the client hands them on, for specs of what is made of them. */
export function ok<T>(data: T): KaspiAnswer<T> {
  return { is: 'ok', data };
}

export function refused(statusCode: string, message: string | null = null): KaspiRefused {
  return { is: 'refused', code: codeOf(statusCode), message };
}

export function lost(reason: KaspiLostReason): KaspiLost {
  return { is: 'lost', reason, detail: 'for the log' };
}

export function notSent(reason: KaspiNotSentReason): KaspiNotSent {
  return { is: 'not_sent', reason, detail: 'for the log' };
}

/** Every reason for which an answer is lost; a new one does not compile until it is listed here. */
export const LOST_REASONS = Object.keys({
  timeout: 0,
  connection_closed: 0,
  answer_cut: 0,
  answer_too_large: 0,
  answer_malformed: 0,
  tls_alert: 0,
  http_status: 0,
  not_json: 0,
  no_envelope: 0,
  data_incomplete: 0,
} satisfies Record<KaspiLostReason, 0>) as KaspiLostReason[];

/** Reasons for which nothing was sent, by what they say about the next try. */
const NOT_SENT = {
  bad_endpoint: 'set_up',
  breaker_open: 'way',
  bad_argument: 'set_up',
  not_supported: 'set_up',
  credential_unusable: 'certificate',
  tls_untrusted: 'certificate',
  tls_refused: 'certificate',
  tls_aborted: 'way',
  tls_failed: 'certificate',
  invalid_request: 'way',
  withdrawn: 'way',
  overloaded: 'way',
  closed: 'way',
  timeout: 'way',
  connect_timeout: 'way',
  dns: 'way',
  connect_refused: 'way',
  connection_lost: 'way',
  proxy_unavailable: 'way',
  proxy_no_route: 'way',
  source_address_unavailable: 'way',
} as const satisfies Record<KaspiNotSentReason, 'set_up' | 'certificate' | 'way'>;

/** `set_up`: this call can never be sent; `certificate`: the handshake failed over one; `way`: the bank was not reached. */
export function notSentReasons(...kinds: (typeof NOT_SENT)[KaspiNotSentReason][]): KaspiNotSentReason[] {
  return (Object.keys(NOT_SENT) as KaspiNotSentReason[]).filter((reason) => kinds.includes(NOT_SENT[reason]));
}

/** Every code of the bank's appendix and method lists but success, and codes that nobody lists. */
export const CODES = {
  temporary: ['-999', '-99000006'],
  device: ['-1501', '-1502'],
  setUp: ['-10000', '-1503', '-14000002', '-99000002', '990000018', '990000026', '990000033'],
  request: ['990000028', '-99000001', '-99000003', '-99000005', '-99000011', '-99000020', '-1601'],
  unlisted: [
    '-1401',
    '-1404',
    '99000010',
    '990000029',
    '990000031',
    '990000032',
    '-99000018',
    '1',
    '9223372036854775807',
  ],
} as const;
