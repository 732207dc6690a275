import type { ProviderDescriptor } from '@tolem/contracts';
import { cashierText, idFromUuid } from '@tolem/domain';
import { ApiProblem, type ApiProblemOptions, unprocessable } from '../http/api-problem.ts';

const RETRY_AFTER_S = 2;
const PROVIDER_RETRY_AFTER_S = 10;

/** Why a connection does not work, as its provider's service told it. */
export interface ConnectionReason {
  readonly code: string;
  readonly provider_code: string | null;
  readonly provider_message: string | null;
}

/** Why nothing can be sent over the connection of an organization now. */
export type ConnectionRefusal =
  | { readonly outcome: 'connection_required' }
  | {
      readonly outcome: 'connection_not_ready';
      /** UUID. */
      readonly connection: string;
      readonly health: 'unknown' | 'refused';
      readonly reason: ConnectionReason | null;
    }
  | { readonly outcome: 'provider_unavailable'; readonly reason: ConnectionReason | null };

/** @param pointer what of the request leads to the connection */
export function connectionProblem(
  refusal: ConnectionRefusal,
  provider: Pick<ProviderDescriptor, 'name' | 'title'>,
  pointer: string,
): ApiProblem {
  switch (refusal.outcome) {
    case 'connection_required':
      return unprocessable(
        'connection_required',
        pointer,
        `The organization has no connection to ${provider.title}. Create one first: POST /v1/organizations/{id}/connections.`,
      );
    case 'connection_not_ready':
      return unprocessable('connection_not_ready', pointer, notReadyDetail(refusal, provider), {
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
  provider: Pick<ProviderDescriptor, 'title'>,
): string {
  return refusal.health === 'unknown'
    ? `The connection to ${provider.title} is still being verified. Repeat the request in some seconds.`
    : `${provider.title} refuses this connection (${refusal.reason?.code ?? 'no reason given'}). See the connection for what to do.`;
}

function providerWords(provider: Pick<ProviderDescriptor, 'name'>, reason: ConnectionReason | null): ApiProblemOptions {
  return reason === null
    ? {}
    : { provider: { name: provider.name, code: reason.provider_code, message: reason.provider_message } };
}
