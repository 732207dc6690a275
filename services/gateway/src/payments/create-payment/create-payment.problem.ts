import type { ProviderDescriptor } from '@tolem/contracts';
import { cashierText } from '@tolem/domain';
import { ApiProblem, notFound, unprocessable } from '../../http/api-problem.ts';
import { amountTooLarge } from '../amount-too-large.ts';
import { connectionProblem, overloaded } from '../connection-problem.ts';
import { deskPlaceProblem } from '../desk-place-problem.ts';
import { paymentView } from '../payment.view.ts';
import type { CreatePaymentRefusal } from './create-payment.answer.ts';

/** A refusal of `create_payment` as the API tells it: what is wrong and what to do about it. */
export function createPaymentProblem(
  refusal: CreatePaymentRefusal,
  provider: ProviderDescriptor,
  nowMs: number,
): ApiProblem {
  switch (refusal.outcome) {
    case 'key_reused': {
      const detail = 'This Idempotency-Key was used for another payment. Use a key of its own for every payment.';
      return unprocessable('idempotency_key_reused', 'Idempotency-Key', detail);
    }
    case 'overloaded':
      return overloaded(
        'The service is too busy to start a payment now. Nothing was started; repeat the request with the same Idempotency-Key.',
      );
    case 'organization_not_found':
      return notFound('organization');
    case 'organization_archived':
      return unprocessable(
        'organization_archived',
        '/organization',
        'This organization is archived and takes no payments.',
      );
    case 'method_not_available': {
      const known = provider.schemes.find(({ name }) => name === refusal.scheme)?.methods ?? [];
      return unprocessable(
        'method_not_available',
        '/method/type',
        `The organization's connection to ${provider.title} works under the scheme ${refusal.scheme}, which has: ${known.join(', ')}.`,
        { extra: { scheme: refusal.scheme, available: known } },
      );
    }
    case 'invoice_in_doubt': {
      const { id, status, till } = paymentView(refusal.payment, nowMs);
      const isUnderWay = status === 'created';
      const detail = isUnderWay
        ? 'An invoice of this amount from this desk is on its way to this buyer. Look at that payment; another one is possible once the provider has answered, if it is needed then.'
        : 'Nobody knows whether this buyer has got an invoice of this amount from this desk. Look at that payment; another one is possible when a person has closed it.';
      return new ApiProblem(409, 'invoice_in_doubt', detail, {
        cashierMessage: cashierText(isUnderWay ? 'wait' : 'invoice_unknown'),
        extra: { payment: { id, status, till } },
      });
    }
    case 'connection_required':
    case 'connection_not_ready':
    case 'provider_unavailable':
      return connectionProblem(refusal, provider, '/method/type');
    case 'amount_too_large':
      return amountTooLarge(refusal.max_amount, provider.currency);
    case 'desk_of_other_organization':
    case 'desk_in_other_trade_point':
    case 'trade_point_unknown':
    case 'trade_point_required':
      return deskPlaceProblem(refusal);
    case 'reference_locked': {
      const { id, status, till } = paymentView(refusal.payment, nowMs);
      const detail =
        'A payment with this reference is open or has succeeded. Look at that one instead of starting another.';
      return new ApiProblem(409, 'reference_locked', detail, {
        errors: [{ pointer: '/reference', code: 'reference_locked', detail }],
        cashierMessage: cashierText('reference_locked', { reference: refusal.payment.reference ?? '' }),
        extra: { payment: { id, status, till } },
      });
    }
  }
}
