import type { Failure } from '@tolem/contracts';
import type { KaspiAnswer, KaspiNotSentReason } from '../client/kaspi-answer.ts';

/** Handshakes that end with a word on the certificate, the bank's or ours: nothing that a short wait would mend. */
const REFUSED: ReadonlySet<KaspiNotSentReason> = new Set([
  'credential_unusable',
  'tls_untrusted',
  'tls_refused',
  'tls_failed',
]);

/** Under TLS 1.3 the bank's word on our certificate may arrive when the question is already on its way. */
export function isHandshakeRefused(answer: KaspiAnswer<unknown>): boolean {
  return answer.is === 'not_sent' ? REFUSED.has(answer.reason) : answer.is === 'lost' && answer.reason === 'tls_alert';
}

/**
 * Without a certificate that it knows, or from an address that is not on its list, the bank cuts the handshake (seen in
 * production). So does a bank that restarts, and every machine on the way; only that it lasts tells them apart.
 */
export function isHandshakeCut(answer: KaspiAnswer<unknown>): boolean {
  return answer.is === 'not_sent' && answer.reason === 'tls_aborted';
}

export const CERTIFICATE_REFUSED: Failure = {
  code: 'certificate_refused',
  provider_code: null,
  provider_message: null,
  cashier_key: 'desk_setup',
  admin_text: {
    ru: 'Банк не принял соединение. Проверьте сертификат подключения и его срок и то, что банк зарегистрировал адрес, с которого уходят запросы',
    kk: 'Банк қосылымды қабылдамады. Қосылым сертификатын және оның мерзімін, сондай-ақ сұраулар жіберілетін мекенжайды банк тіркегенін тексеріңіз',
    en: "The bank does not accept the connection. Check the connection's certificate and its dates, and that the bank has registered the address that requests leave from",
  },
};

export const HANDSHAKE_CUT: Failure = {
  code: 'provider_unavailable',
  provider_code: null,
  provider_message: null,
  cashier_key: 'provider_unavailable',
  admin_text: {
    ru: 'Банк оборвал защищённое соединение, не назвав причины. Если это повторяется, проверьте сертификат подключения и его срок и то, что банк зарегистрировал адрес, с которого уходят запросы',
    kk: 'Банк қорғалған қосылымды себебін айтпай үзді. Бұл қайталанса, қосылым сертификатын және оның мерзімін, сондай-ақ сұраулар жіберілетін мекенжайды банк тіркегенін тексеріңіз',
    en: "The bank cut the secure connection without a reason. If that repeats, check the connection's certificate and its dates, and that the bank has registered the address that requests leave from",
  },
};
