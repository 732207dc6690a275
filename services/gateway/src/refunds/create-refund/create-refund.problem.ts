import { providerNamed } from '@tolem/contracts';
import { cashierText, displayMoney, idFromUuid } from '@tolem/domain';
import { ApiProblem, notFound, unprocessable } from '../../http/api-problem.ts';
import { amountTooLarge } from '../../payments/amount-too-large.ts';
import { connectionProblem, overloaded } from '../../payments/connection-problem.ts';
import { deskPlaceProblem } from '../../payments/desk-place-problem.ts';
import type { CreateRefundRefusal, RefundRefusal } from './create-refund.answer.ts';

/** A refusal of `create_refund` as the API tells it: what is wrong and what to do about it. */
export function createRefundProblem(refusal: CreateRefundRefusal): ApiProblem {
  switch (refusal.outcome) {
    case 'key_reused': {
      const detail = 'This Idempotency-Key was used for another refund. Use a key of its own for every refund.';
      return unprocessable('idempotency_key_reused', 'Idempotency-Key', detail);
    }
    case 'overloaded':
      return overloaded(
        'The service is too busy to start a refund now. Nothing was started; repeat the request with the same Idempotency-Key.',
      );
    case 'payment_not_found':
      return notFound('payment');
    case 'desk_not_found':
      return notFound('desk');
    case 'payment_required': {
      const detail = 'Under this connection no buyer picks the purchase to refund: say which payment it is.';
      return unprocessable('payment_required', '/payment', detail);
    }
    case 'purchase_unknown':
      return new ApiProblem(
        409,
        'payment_not_refundable',
        "The provider's own id of this payment is not known, so the provider cannot be asked. Return the money by other means and record it with `source: external`.",
        {
          cashierMessage: cashierText('refund_not_possible'),
          extra: { payment: { id: idFromUuid('pay', refusal.payment) } },
        },
      );
    case 'refund_not_supported': {
      const title = titleOf(refusal.provider);
      return unprocessable(
        'refund_not_supported',
        '/payment',
        `Under the scheme ${refusal.scheme} ${title} returns money only by hand. Do so, then record it with \`source: external\`.`,
        { cashierMessage: cashierText('refund_by_hand'), extra: { scheme: refusal.scheme } },
      );
    }
    case 'amount_too_large':
      return amountTooLarge(refusal.max_amount, refusal.currency);
    case 'connection_required':
    case 'connection_not_ready':
    case 'provider_unavailable': {
      const { provider } = refusal;
      const named = { name: provider ?? '', title: provider === undefined ? 'a provider of it' : titleOf(provider) };
      return connectionProblem(refusal, named, '/payment');
    }
    case 'desk_of_other_organization':
    case 'desk_in_other_trade_point':
    case 'trade_point_unknown':
    case 'trade_point_required':
      return deskPlaceProblem(refusal);
    default:
      return refundProblem(refusal);
  }
}

/** Why a payment cannot be refunded by this amount now. */
export function refundProblem(refusal: RefundRefusal): ApiProblem {
  switch (refusal.outcome) {
    case 'payment_not_refundable':
      return new ApiProblem(
        409,
        'payment_not_refundable',
        `Only a paid payment can be refunded: this one is ${refusal.status}.`,
        {
          cashierMessage: cashierText('refund_not_possible'),
          extra: { payment: { id: idFromUuid('pay', refusal.payment), status: refusal.status } },
        },
      );
    case 'refund_too_much': {
      const { refundable, currency } = refusal;
      const left = displayMoney({ amountMinor: refundable, currency });
      return unprocessable('refund_too_much', '/amount', `What is left of this payment to refund is ${left}.`, {
        cashierMessage: cashierText('refund_too_much'),
        extra: { amount_refundable: refundable },
      });
    }
    case 'refund_in_doubt': {
      const detail =
        'Nobody knows whether an earlier refund of this payment was carried out. Look at that one; another is possible when it has ended.';
      return new ApiProblem(409, 'refund_in_doubt', detail, {
        cashierMessage: cashierText('refund_unknown'),
        extra: { refund: { id: idFromUuid('ref', refusal.refund), status: 'unknown' } },
      });
    }
  }
}

function titleOf(provider: string): string {
  return providerNamed(provider)?.title ?? provider;
}
