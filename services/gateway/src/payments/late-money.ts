import { MODES, PROVIDERS, refundStart } from '@tolem/contracts';
import type { OutboxRows } from '../outbox-rows.ts';

/** Per provider and scheme how money goes back, as SQL functions take it. */
export const REFUND_WAYS: Readonly<Record<string, Readonly<Record<string, string>>>> = Object.fromEntries(
  PROVIDERS.map(({ name, schemes }) => [
    name,
    Object.fromEntries(schemes.map((scheme) => [scheme.name, scheme.refund])),
  ]),
);

/**
 * How long the start of a refund of late money may be sent. Nobody stands at the till for it, so it may outlast a short
 * outage of the provider; after an hour a person looks.
 */
const LATE_REFUND_WITHIN_MS = 3_600_000;

/** What `apply_payment_facts` needs to send late money back by itself: it learns only then of which payment, and whose. */
export function lateMoney(outbox: OutboxRows): Readonly<Record<string, unknown>> {
  const [mode] = MODES;
  return {
    ways: REFUND_WAYS,
    within_ms: LATE_REFUND_WITHIN_MS,
    // The tenant and the mode are filled in with the rest.
    outbox: outbox.forEveryProvider({ definition: refundStart, tenant: null, mode }),
  };
}
