import type { HealthOutcome, Provider, VerifyOutcome } from '@tolem/provider-kit';
import type { KaspiAnswer } from '../client/kaspi-answer.ts';
import type { KaspiClient } from '../client/kaspi.client.ts';
import type { TradePoint } from '../client/wire.ts';
import { endpointOf } from './endpoint-of.ts';
import { failureOfSetUp, isDecided } from '../answers/failures.ts';
import {
  CERTIFICATE_REFUSED,
  HANDSHAKE_CUT,
  isHandshakeCut,
  isHandshakeRefused,
} from '../answers/refused-handshakes.ts';

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
  if (isHandshakeCut(answer)) return { is: 'down', failure: HANDSHAKE_CUT, lasting: CERTIFICATE_REFUSED };
  const failure = failureOfSetUp(answer);
  if (isDecided(answer)) return { is: 'refused', failure };
  const isUnasked = answer.is === 'not_sent' && answer.reason === 'breaker_open';
  return { is: 'down', failure, ...(isUnasked ? { unasked: true } : {}) };
}
