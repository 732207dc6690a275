import { type CheckOutcome, failureOf, type HarmlessMethod, type StartOutcome } from '@tolem/provider-kit';
import type { KaspiAnswer } from './client/kaspi-answer.ts';
import type { KaspiClient } from './client/kaspi.client.ts';
import type { CreatedQr, PaymentStatus } from './client/wire.ts';
import { endpointOf } from './endpoint-of.ts';
import { failureOfAnswer, isMisconfigured } from './failures.ts';
import { type KaspiStatusMeaning, statusMeaning } from './statuses.ts';

const MS = 1_000;

/**
 * A purchase by QR (Kaspi QR v3.9 §4.6). `qr/create` is orphanable: a code that nobody has seen hurts nobody, so a lost
 * answer may be repeated. Our payment id goes along as ExternalId, by which the bank's books can be compared with ours.
 */
export function kaspiQr(
  client: KaspiClient,
  extraStatuses: Readonly<Record<string, KaspiStatusMeaning>>,
): HarmlessMethod {
  return {
    type: 'kaspi_qr',
    effect: 'orphanable',
    async start(call, request) {
      const { deviceToken, amountMinor } = request;
      if (deviceToken === null) return { is: 'refused', failure: failureOf('desk_not_registered', 'desk_setup') };
      if (amountMinor === null) return { is: 'refused', failure: failureOf('wrong_amount', 'wrong_amount') };
      const device = { bin: call.access.taxId, deviceToken };
      const answer = await client.createQr(
        endpointOf(call.access),
        { device, amountMinor, externalId: request.paymentId },
        call,
      );
      return startOutcome(answer);
    },
    async check(call, request) {
      return checkOutcome(
        await client.paymentStatus(endpointOf(call.access), request.providerRef, call),
        extraStatuses,
      );
    },
  };
}

export function startOutcome(answer: KaspiAnswer<CreatedQr>): StartOutcome {
  switch (answer.is) {
    case 'ok':
      return {
        is: 'started',
        providerRef: answer.data.qrPaymentId,
        nextAction: { type: 'show_qr', qr: answer.data.qrToken },
        paymentMethods: answer.data.paymentMethods,
        waiting: {
          intervalMs: answer.data.options.statusPollingIntervalSeconds * MS,
          customerWithinMs: answer.data.options.scanWaitTimeoutSeconds * MS,
          confirmWithinMs: answer.data.options.confirmationTimeoutSeconds * MS,
        },
      };
    case 'refused':
      if (answer.code.registerDeviceAgain) return { is: 'device_unknown', failure: failureOfAnswer(answer) };
      // "Temporarily unavailable" does not say whether a code was made; a code that was is never shown.
      return { is: answer.code.class === 'temporary' ? 'lost' : 'refused', failure: failureOfAnswer(answer) };
    case 'lost':
      return { is: 'lost', failure: failureOfAnswer(answer) };
    case 'not_sent':
      return { is: isMisconfigured(answer) ? 'refused' : 'not_sent', failure: failureOfAnswer(answer) };
  }
}

/** Only a final status decides (§13.10); every code and everything lost is "no answer yet". */
export function checkOutcome(
  answer: KaspiAnswer<PaymentStatus>,
  extraStatuses: Readonly<Record<string, KaspiStatusMeaning>>,
): CheckOutcome {
  if (answer.is !== 'ok') {
    return {
      is: 'unreachable',
      reason: answer.is === 'refused' ? `StatusCode ${answer.code.statusCode}` : answer.reason,
    };
  }
  const { status, amountMinor, transactionId } = answer.data;
  switch (statusMeaning(status, extraStatuses)) {
    case 'waiting_scan':
      return { is: 'pending', phase: 'requires_customer' };
    case 'waiting_confirmation':
      return { is: 'pending', phase: 'processing' };
    case 'pending':
      return { is: 'pending', phase: 'unchanged' };
    case 'paid':
      return {
        is: 'paid',
        ...(amountMinor === null ? {} : { amountMinor }),
        ...(transactionId === null ? {} : { slip: { transaction_id: transactionId } }),
      };
    case 'not_paid':
      return {
        is: 'not_paid',
        phase: 'declined',
        failure: { code: 'declined', provider_code: status, provider_message: null, cashier_key: 'declined' },
      };
    case 'expired':
      return { is: 'not_paid', phase: 'expired', failure: null };
  }
}
