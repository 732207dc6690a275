import type { NextAction } from '@tolem/contracts';
import type { Call, CheckOutcome, StartOutcome, TakenRequest, VerifiedPaid } from '@tolem/provider-kit';
import type { BehaviorOptions } from '../client/behavior-options.ts';
import type { KaspiAnswer } from '../client/kaspi-answer.ts';
import type { KaspiClient } from '../client/kaspi.client.ts';
import type { PaymentStatus } from '../client/wire.ts';
import { endpointOf } from '../connections/endpoint-of.ts';
import { failureOfAnswer, isMisconfigured, mayBeDeviceUnknown } from '../answers/failures.ts';
import type { KaspiInvoiceStatusMeaning, KaspiStatusMeaning } from '../answers/statuses.ts';

/** What purchases by QR, by link and by invoice have in common (Kaspi QR v3.9 §4.3): beginning, status, details. */

const MS = 1_000;

/** A purchase that the bank has made, whatever it is shown as. */
interface Begun {
  readonly providerRef: string;
  readonly nextAction: NextAction;
  readonly paymentMethods: readonly string[];
  readonly options: BehaviorOptions;
}

/** @param read takes from the answer what the buyer is shown */
export function startOutcome<T>(answer: KaspiAnswer<T>, read: (data: T) => Begun): StartOutcome {
  switch (answer.is) {
    case 'ok': {
      const { options, ...begun } = read(answer.data);
      return {
        is: 'started',
        ...begun,
        waiting: {
          intervalMs: options.statusPollingIntervalSeconds * MS,
          customerWithinMs: options.scanWaitTimeoutSeconds * MS,
          confirmWithinMs: options.confirmationTimeoutSeconds * MS,
        },
      };
    }
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

/**
 * Only a final status decides (seen in production); every code and everything lost is "no answer yet".
 * @param meaningOf what a word of the bank means for this kind of purchase
 */
export function checkOutcome(
  answer: KaspiAnswer<PaymentStatus>,
  meaningOf: (status: string) => KaspiStatusMeaning | KaspiInvoiceStatusMeaning,
): CheckOutcome {
  if (answer.is !== 'ok') return notHeard(answer);
  const { status } = answer.data;
  switch (meaningOf(status)) {
    case 'waiting_scan':
    case 'waiting_payer':
      return { is: 'pending', phase: 'requires_customer' };
    case 'waiting_confirmation':
      return { is: 'pending', phase: 'processing' };
    case 'pending':
      return { is: 'pending', phase: 'unchanged' };
    case 'paid':
      return paid(answer.data);
    case 'not_paid':
      return declined(status);
    case 'canceled':
      return { is: 'not_paid', phase: 'canceled', failure: null };
    case 'expired':
      return { is: 'not_paid', phase: 'expired', failure: null };
  }
}

export function notHeard(answer: Exclude<KaspiAnswer<unknown>, { is: 'ok' }>): {
  readonly is: 'unreachable';
  readonly reason: string;
} {
  return {
    is: 'unreachable',
    reason: answer.is === 'refused' ? `StatusCode ${answer.code.statusCode}` : answer.reason,
  };
}

function paid({ amountMinor, transactionId }: PaymentStatus): CheckOutcome {
  return {
    is: 'paid',
    ...(amountMinor === null ? {} : { amountMinor }),
    ...(transactionId === null ? {} : { slip: { transaction_id: transactionId } }),
  };
}

function declined(status: string): CheckOutcome {
  return {
    is: 'not_paid',
    phase: 'declined',
    failure: { code: 'declined', provider_code: status, provider_message: null, cashier_key: 'declined' },
  };
}

/** The bank's books of a paid purchase (`payment/details` §4.4), where the scheme shows them. */
export async function verifyPaid(client: KaspiClient, call: Call, request: TakenRequest): Promise<VerifiedPaid> {
  if (request.deviceToken === null) return { is: 'not_offered' };
  const answer = await client.paymentDetails(
    endpointOf(call.access),
    {
      device: { bin: call.access.taxId, deviceToken: request.deviceToken },
      qrPaymentId: request.providerRef,
    },
    call,
  );
  if (answer.is === 'ok') {
    return { is: 'details', providerRef: answer.data.qrPaymentId, amountMinor: answer.data.totalAmountMinor };
  }
  if (mayBeDeviceUnknown(answer)) return { is: 'device_unknown', failure: failureOfAnswer(answer) };
  return isMisconfigured(answer) ? { is: 'not_offered' } : notHeard(answer);
}
