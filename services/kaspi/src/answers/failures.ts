import type { Failure } from '@tolem/contracts';
import type { KaspiAnswer, KaspiNotSentReason } from '../client/kaspi-answer.ts';
import { CERTIFICATE_REFUSED, HANDSHAKE_CUT, isHandshakeCut, isHandshakeRefused } from './refused-handshakes.ts';
import { SERVICE_AWAY } from '../connections/admin-texts.ts';
import { PROXIES_DOWN, SOURCE_ADDRESS_GONE } from '../connections/static-egress.ts';

type Unsuccessful = Exclude<KaspiAnswer<unknown>, { is: 'ok' }>;

/** What we tell the chain and the cashier of an answer that was no success. */
export function failureOfAnswer(answer: Unsuccessful): Failure {
  switch (answer.is) {
    case 'refused':
      return {
        code: answer.code.apiCode,
        provider_code: answer.code.statusCode,
        provider_message: answer.message ?? answer.code.bankText,
        cashier_key: answer.code.cashierKey ?? 'failed',
        ...(answer.code.adminText === null ? {} : { admin_text: answer.code.adminText }),
      };
    case 'lost':
      if (isHandshakeRefused(answer)) return CERTIFICATE_REFUSED;
      return {
        code: 'provider_unavailable',
        provider_code: answer.code?.statusCode ?? null,
        provider_message: answer.message ?? null,
        cashier_key: 'provider_unavailable',
      };
    case 'not_sent':
      if (answer.reason === 'proxy_unavailable') return PROXIES_DOWN;
      if (answer.reason === 'source_address_unavailable') return SOURCE_ADDRESS_GONE;
      if (isHandshakeCut(answer)) return HANDSHAKE_CUT;
      if (isHandshakeRefused(answer)) return CERTIFICATE_REFUSED;
      // A call that the bank's own rules forbid is a mistake in the set-up; everything else is the way to the bank.
      return isMisconfigured(answer)
        ? {
            code: 'connection_misconfigured',
            provider_code: null,
            provider_message: answer.detail,
            cashier_key: 'desk_setup',
          }
        : {
            code: 'provider_unavailable',
            provider_code: null,
            provider_message: null,
            cashier_key: 'provider_unavailable',
          };
  }
}

/** The bank’s other temporary code is about refunds. */
const REFUND_ERROR = '-99000006';

/** The same while a connection or a desk is set up, where what an administrator does about a refund would mislead. */
export function failureOfSetUp(answer: Unsuccessful): Failure {
  const failure = failureOfAnswer(answer);
  return failure.provider_code === REFUND_ERROR
    ? { ...failure, code: 'service_unavailable', admin_text: SERVICE_AWAY }
    : failure;
}

const SET_UP: ReadonlySet<KaspiNotSentReason> = new Set(['bad_argument', 'bad_endpoint', 'not_supported']);

/** The bank does not know the device: registering it again may cure it. */
export function isDeviceUnknown(answer: KaspiAnswer<unknown>): boolean {
  return answer.is === 'refused' && answer.code.registerDeviceAgain;
}

const PURCHASE_NOT_FOUND = '-1601';

/**
 * The same of `payment/details` and `return/operations`, whose lists (§4.4, §3.4.3) have no code for a device at all.
 * ASSUMPTION: of a device that is switched off they say that the purchase is not found.
 */
export function mayBeDeviceUnknown(answer: KaspiAnswer<unknown>): boolean {
  return isDeviceUnknown(answer) || (answer.is === 'refused' && answer.code.statusCode === PURCHASE_NOT_FOUND);
}

/** The bank or its rules say no, so that the same call could only be refused again. */
export function isDecided(answer: Unsuccessful): boolean {
  return (answer.is === 'refused' && answer.code.class !== 'temporary') || isMisconfigured(answer);
}

/** Whether trying the same call again could ever help. */
export function isMisconfigured(answer: Unsuccessful): boolean {
  return answer.is === 'not_sent' && SET_UP.has(answer.reason);
}
