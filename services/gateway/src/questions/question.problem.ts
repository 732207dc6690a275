import { type Failure, providerNamed } from '@tolem/contracts';
import { CASHIER_KEYS, cashierText } from '@tolem/domain';
import { ApiProblem, type ApiProblemOptions } from '../http/api-problem.ts';

/** Seconds after which a question that got no answer may be asked again. */
export const ASK_AGAIN_S = 5;

export function noAnswer(provider: string): ApiProblem {
  const detail = `${titleOf(provider)} has not answered in time. Nothing was changed here; repeat the request.`;
  return new ApiProblem(504, 'provider_timeout', detail, {
    retryable: true,
    retryAfterS: ASK_AGAIN_S,
    cashierMessage: cashierText('provider_unavailable'),
  });
}

/** The provider as people write it. */
export function titleOf(provider: string): string {
  return providerNamed(provider)?.title ?? provider;
}

/** What a provider said, and what the cashier reads of it. */
export function wordsOf(failure: Failure, provider: string): ApiProblemOptions {
  const key = CASHIER_KEYS.find((candidate) => candidate === failure.cashier_key);
  return {
    provider: { name: provider, code: failure.provider_code, message: failure.provider_message },
    ...(key === undefined ? {} : { cashierMessage: cashierText(key) }),
  };
}
