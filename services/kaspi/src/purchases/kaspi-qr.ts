import { failureOf, type HarmlessMethod } from '@tolem/provider-kit';
import type { KaspiClient } from '../client/kaspi.client.ts';
import type { CreatedQr } from '../client/wire.ts';
import { endpointOf } from '../connections/endpoint-of.ts';
import { checkOutcome, startOutcome, verifyPaid } from './purchase.ts';
import { type KaspiStatusMeaning, statusMeaning } from '../answers/statuses.ts';

/**
 * A purchase by QR (Kaspi QR v3.9 §4.3.1). `qr/create` is orphanable: a code that nobody has seen hurts nobody, so a lost
 * answer may be repeated. Our payment id goes along as ExternalId, by which the bank's books can be compared with ours.
 */
export function kaspiQr(
  client: KaspiClient,
  extraStatuses: Readonly<Record<string, KaspiStatusMeaning>>,
): HarmlessMethod {
  return {
    type: 'kaspi_qr',
    effect: 'orphanable',
    async start(call, { paymentId, deviceToken, amountMinor }) {
      if (deviceToken === null) return { is: 'refused', failure: failureOf('desk_not_registered', 'desk_setup') };
      if (amountMinor === null) return { is: 'refused', failure: failureOf('wrong_amount', 'wrong_amount') };
      const device = { bin: call.access.taxId, deviceToken };
      const answer = await client.createQr(
        endpointOf(call.access),
        { device, amountMinor, externalId: paymentId },
        call,
      );
      return startOutcome(answer, begunQr);
    },
    async check(call, { providerRef }) {
      const answer = await client.paymentStatus(endpointOf(call.access), providerRef, call);
      return checkOutcome(answer, (status) => statusMeaning(status, extraStatuses));
    },
    verifyPaid: (call, request) => verifyPaid(client, call, request),
  };
}

export function begunQr({ qrPaymentId, qrToken, paymentMethods, options }: CreatedQr) {
  return {
    providerRef: qrPaymentId,
    nextAction: { type: 'show_qr' as const, qr: qrToken },
    paymentMethods,
    options,
  };
}
