import type { ProviderDescriptor } from '@tolem/contracts';
import { cashierText, displayMoney, idFromUuid } from '@tolem/domain';
import { ApiProblem, type ApiProblemOptions, notFound, unprocessable } from '../../http/api-problem.ts';
import { paymentView } from '../payment.view.ts';
import type { ConnectionReason, CreatePaymentRefusal } from './create-payment.answer.ts';

const RETRY_AFTER_S = 2;
const PROVIDER_RETRY_AFTER_S = 10;

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
    case 'connection_required':
      return unprocessable(
        'connection_required',
        '/method/type',
        `The organization has no connection to ${provider.title}. Create one first: POST /v1/organizations/{id}/connections.`,
      );
    case 'connection_not_ready':
      return unprocessable('connection_not_ready', '/method/type', notReadyDetail(refusal, provider), {
        retryable: refusal.health === 'unknown',
        ...(refusal.health === 'unknown' ? { retryAfterS: RETRY_AFTER_S } : {}),
        cashierMessage: cashierText('desk_setup'),
        ...providerWords(provider, refusal.reason),
        extra: { connection: idFromUuid('con', refusal.connection), reason: refusal.reason?.code ?? 'verifying' },
      });
    case 'provider_unavailable':
      return new ApiProblem(
        503,
        'provider_unavailable',
        `${provider.title} does not answer. Nothing was started; repeat the request later.`,
        {
          retryable: true,
          retryAfterS: PROVIDER_RETRY_AFTER_S,
          cashierMessage: cashierText('provider_unavailable'),
          ...providerWords(provider, refusal.reason),
        },
      );
    case 'amount_too_large': {
      const max = displayMoney({ amountMinor: refusal.max_amount, currency: provider.currency });
      return unprocessable(
        'amount_too_large',
        '/amount',
        `The largest amount here is ${max}. Amounts are in minor units: 1 490.00 is 149000.`,
        {
          cashierMessage: cashierText('limit_exceeded', { max }),
          extra: { max_amount: refusal.max_amount },
        },
      );
    }
    case 'desk_of_other_organization':
      return unprocessable(
        'desk_of_other_organization',
        '/desk',
        'This desk belongs to another organization of yours. Desk ids are unique over all of them.',
      );
    case 'desk_in_other_trade_point':
      return unprocessable(
        'desk_in_other_trade_point',
        '/trade_point',
        'This desk stands in another trade point. Move it first: PATCH /v1/desks/{id}.',
        {
          extra: { trade_point: idFromUuid('tp', refusal.trade_point) },
        },
      );
    case 'trade_point_unknown':
      return unprocessable(
        'trade_point_unknown',
        '/trade_point',
        'The organization has no such trade point. See GET /v1/organizations/{id}/trade_points.',
      );
    case 'trade_point_required':
      return unprocessable(
        'trade_point_required',
        '/trade_point',
        'This desk is not known yet and the organization does not have exactly one trade point. Say in which one the desk stands; see GET /v1/organizations/{id}/trade_points.',
      );
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

export function overloaded(detail: string): ApiProblem {
  return new ApiProblem(503, 'service_overloaded', detail, {
    retryable: true,
    retryAfterS: RETRY_AFTER_S,
    cashierMessage: cashierText('provider_overloaded'),
  });
}

function notReadyDetail(
  refusal: { health: 'unknown' | 'refused'; reason: ConnectionReason | null },
  provider: ProviderDescriptor,
): string {
  return refusal.health === 'unknown'
    ? `The connection to ${provider.title} is still being verified. Repeat the request in some seconds.`
    : `${provider.title} refuses this connection (${refusal.reason?.code ?? 'no reason given'}). See the connection for what to do.`;
}

function providerWords(provider: ProviderDescriptor, reason: ConnectionReason | null): ApiProblemOptions {
  return reason === null
    ? {}
    : { provider: { name: provider.name, code: reason.provider_code, message: reason.provider_message } };
}
