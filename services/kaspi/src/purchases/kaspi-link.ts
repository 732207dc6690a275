import { failureOf, type HarmlessMethod } from '@tolem/provider-kit';
import type { KaspiClient } from '../client/kaspi.client.ts';
import type { CreatedLink } from '../client/wire.ts';
import { endpointOf } from '../connections/endpoint-of.ts';
import { checkOutcome, startOutcome, verifyPaid } from './purchase.ts';
import { type KaspiStatusMeaning, statusMeaning } from '../answers/statuses.ts';

/**
 * A purchase behind a link that the buyer opens on his phone (Kaspi QR v3.9 §4.3.2). The same purchase as by QR, under
 * other names: a link that nobody was sent hurts nobody.
 */
export function kaspiLink(
  client: KaspiClient,
  extraStatuses: Readonly<Record<string, KaspiStatusMeaning>>,
): HarmlessMethod {
  return {
    type: 'kaspi_link',
    effect: 'orphanable',
    async start(call, { paymentId, deviceToken, amountMinor }) {
      if (deviceToken === null) return { is: 'refused', failure: failureOf('desk_not_registered', 'desk_setup') };
      if (amountMinor === null) return { is: 'refused', failure: failureOf('wrong_amount', 'wrong_amount') };
      const device = { bin: call.access.taxId, deviceToken };
      const answer = await client.createLink(
        endpointOf(call.access),
        { device, amountMinor, externalId: paymentId },
        call,
      );
      return startOutcome(answer, begunLink);
    },
    async check(call, { providerRef }) {
      const answer = await client.paymentStatus(endpointOf(call.access), providerRef, call);
      return checkOutcome(answer, (status) => statusMeaning(status, extraStatuses));
    },
    verifyPaid: (call, request) => verifyPaid(client, call, request),
  };
}

export function begunLink({ paymentId, paymentLink, paymentMethods, options }: CreatedLink) {
  return {
    providerRef: paymentId,
    nextAction: { type: 'open_link' as const, link: paymentLink },
    paymentMethods,
    options,
  };
}
