import { type CheckOutcome, failureOf, type HarmlessMethod, type StartOutcome } from '@tolem/provider-kit';
import type { __Name__Answer } from './client/__name__-answer.ts';
import type { __Name__Client } from './client/__name__.client.ts';
import type { CreatedPayment, PaymentStatus } from './client/wire.ts';
import { endpointOf } from './endpoint-of.ts';
import { failureOfAnswer, isMisconfigured } from './failures.ts';

/**
 * A purchase by QR. Creating one is orphanable: a code that nobody has seen hurts nobody, so a lost answer may be
 * repeated. Where the provider takes money without a code that somebody shows, the method must be critical instead.
 */
export function __name__Qr(client: __Name__Client): HarmlessMethod {
  return {
    type: '__name___qr',
    effect: 'orphanable',
    async start(call, { paymentId, amountMinor, currency }) {
      if (amountMinor === null) return { is: 'refused', failure: failureOf('wrong_amount', 'wrong_amount') };
      const order = { order: paymentId, shop: call.access.taxId, amountMinor, currency };
      return startOutcome(await client.createPayment(endpointOf(call.access), order, call));
    },
    async check(call, { providerRef }) {
      return checkOutcome(providerRef, await client.payment(endpointOf(call.access), providerRef, call));
    },
  };
}

export function startOutcome(answer: __Name__Answer<CreatedPayment>): StartOutcome {
  switch (answer.is) {
    case 'ok':
      return {
        is: 'started',
        providerRef: answer.data.id,
        nextAction: { type: 'show_qr', qr: answer.data.qr },
        paymentMethods: [],
        waiting: answer.data.waiting,
      };
    case 'refused':
      return { is: 'refused', failure: failureOfAnswer(answer) };
    case 'lost':
      return { is: 'lost', failure: failureOfAnswer(answer) };
    case 'not_sent':
      return { is: isMisconfigured(answer) ? 'refused' : 'not_sent', failure: failureOfAnswer(answer) };
  }
}

/** Only a final status decides. A word that nobody knows changes nothing, and everything else is "no answer yet". */
export function checkOutcome(providerRef: string, answer: __Name__Answer<PaymentStatus>): CheckOutcome {
  if (answer.is !== 'ok') return { is: 'unreachable', reason: answer.is === 'refused' ? answer.error : answer.reason };
  const { id, status, amountMinor, transaction } = answer.data;
  if (id !== providerRef) return { is: 'unreachable', reason: 'the answer is about another payment' };
  switch (status) {
    case 'waiting':
      return { is: 'pending', phase: 'requires_customer' };
    case 'seen':
      return { is: 'pending', phase: 'processing' };
    case 'paid':
      return { is: 'paid', amountMinor, ...(transaction === null ? {} : { slip: { transaction_id: transaction } }) };
    case 'declined':
      return { is: 'not_paid', phase: 'declined', failure: { ...failureOf('declined', 'declined'), provider_code: status } };
    case 'expired':
      return { is: 'not_paid', phase: 'expired', failure: null };
    default:
      return { is: 'pending', phase: 'unchanged' };
  }
}
