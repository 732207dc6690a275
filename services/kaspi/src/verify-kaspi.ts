import type { Failure } from '@tolem/contracts';
import type { HealthOutcome, Provider, VerifyOutcome } from '@tolem/provider-kit';
import type { KaspiAnswer, KaspiNotSentReason } from './client/kaspi-answer.ts';
import type { KaspiClient } from './client/kaspi.client.ts';
import type { TradePoint } from './client/wire.ts';
import { endpointOf } from './endpoint-of.ts';
import { failureOfAnswer, isMisconfigured } from './failures.ts';

/**
 * Whether the bank serves this organization under this certificate from this address: its trade points are listed
 * (Kaspi QR v3.9 §4.2.2), which needs all of that to be right.
 */
export function verifyKaspi(client: KaspiClient): Provider['verify'] {
  return async (call) => verifyOutcome(await client.tradePoints(endpointOf(call.access), call.access.taxId, call));
}

/** `health/ping` (Kaspi QR v3.9 §5.1): the address, the credential and the allow-list still work. */
export function pingKaspi(client: KaspiClient): NonNullable<Provider['health']> {
  return async (call) => healthOutcome(await client.ping(endpointOf(call.access), call));
}

export function healthOutcome(answer: KaspiAnswer<null>): HealthOutcome {
  return answer.is === 'ok' ? { is: 'up' } : notUp(answer);
}

export function verifyOutcome(answer: KaspiAnswer<TradePoint[]>): VerifyOutcome {
  if (answer.is === 'ok') {
    return {
      is: 'up',
      tradePoints: answer.data.map(({ tradePointId, tradePointName }) => ({ ref: tradePointId, name: tradePointName })),
    };
  }
  return notUp(answer);
}

function notUp(answer: Exclude<KaspiAnswer<unknown>, { is: 'ok' }>): Exclude<HealthOutcome, { is: 'up' }> {
  if (isHandshakeRefused(answer)) return { is: 'refused', failure: CERTIFICATE_REFUSED };
  const refused = (answer.is === 'refused' && answer.code.class !== 'temporary') || isMisconfigured(answer);
  return { is: refused ? 'refused' : 'down', failure: failureOfAnswer(answer) };
}

/**
 * Without a certificate that it knows, or from an address that is not on its list, the bank cuts the handshake (seen in production):
 * nothing that a short wait would mend.
 */
const HANDSHAKE: ReadonlySet<KaspiNotSentReason> = new Set([
  'credential_unusable',
  'tls_untrusted',
  'tls_refused',
  'tls_aborted',
  'tls_failed',
]);

/** Under TLS 1.3 the bank's word on our certificate may arrive when the question is already on its way. */
function isHandshakeRefused(answer: KaspiAnswer<unknown>): boolean {
  return answer.is === 'not_sent'
    ? HANDSHAKE.has(answer.reason)
    : answer.is === 'lost' && answer.reason === 'tls_alert';
}

const CERTIFICATE_REFUSED: Failure = {
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
