import type { Failure } from '@tolem/contracts';
import { failureOf, type Provider, type VerifyOutcome } from '@tolem/provider-kit';
import type { __Name__Answer, __Name__NotSentReason } from './client/__name__-answer.ts';
import type { __Name__Client } from './client/__name__.client.ts';
import type { Shop } from './client/wire.ts';
import { endpointOf } from './endpoint-of.ts';
import { failureOfAnswer, isMisconfigured } from './failures.ts';

/** Whether the provider serves this organization under this certificate: it shows the shop and calls it active. */
export function verify__Name__(client: __Name__Client): Provider['verify'] {
  return async (call) => verifyOutcome(await client.shop(endpointOf(call.access), call.access.taxId, call));
}

export function verifyOutcome(answer: __Name__Answer<Shop>): VerifyOutcome {
  if (answer.is === 'ok') {
    return answer.data.active ? { is: 'up', tradePoints: null } : { is: 'refused', failure: SHOP_CLOSED };
  }
  if (isHandshakeRefused(answer)) return { is: 'refused', failure: CERTIFICATE_REFUSED };
  const refused = answer.is === 'refused' || isMisconfigured(answer);
  return { is: refused ? 'refused' : 'down', failure: failureOfAnswer(answer) };
}

/** A handshake that fails is a certificate that the provider does not accept: nothing that a short wait would mend. */
const HANDSHAKE: ReadonlySet<__Name__NotSentReason> = new Set([
  'credential_unusable',
  'tls_untrusted',
  'tls_refused',
  'tls_aborted',
  'tls_failed',
]);

/** Under TLS 1.3 the server's word on our certificate may arrive when the question is already on its way. */
function isHandshakeRefused(answer: __Name__Answer<unknown>): boolean {
  return answer.is === 'not_sent'
    ? HANDSHAKE.has(answer.reason)
    : answer.is === 'lost' && answer.reason === 'tls_alert';
}

const SHOP_CLOSED: Failure = failureOf('shop_not_active', 'desk_setup');
const CERTIFICATE_REFUSED: Failure = failureOf('certificate_refused', 'desk_setup');
