import { type Failure, providerNamed, type QuestionAnswer } from '@tolem/contracts';
import { CASHIER_KEYS, cashierText } from '@tolem/domain';
import { ApiProblem, type ApiProblemOptions } from '../http/api-problem.ts';

const RETRY_AFTER_S = 5;
const DEFAULT_LIMIT_S = 60;

/** Anything but a name, as the API tells it. */
export function payerProblem(answer: Exclude<QuestionAnswer, { is: 'answered' }>, provider: string): ApiProblem {
  const { failure } = answer;
  if (answer.is === 'refused' && failure.code === 'rate_limited') return tooMany(answer.retry_after_ms);
  if (answer.is === 'refused' && failure.cashier_key === 'phone_unknown') {
    return new ApiProblem(404, 'payer_not_found', 'The provider knows no payer with this phone.', {
      ...words(failure, provider),
      cashierMessage: cashierText('phone_unknown'),
    });
  }
  const detail = `${providerNamed(provider)?.title ?? provider} could not say whose phone this is. Nothing was changed; repeat the request later.`;
  return new ApiProblem(503, 'provider_unavailable', detail, {
    retryable: true,
    retryAfterS: RETRY_AFTER_S,
    ...words(failure, provider),
  });
}

/** The limit is the provider's: so many questions of one desk in a minute, over all processes. */
function tooMany(retryAfterMs: number | undefined): ApiProblem {
  const seconds = retryAfterMs === undefined ? DEFAULT_LIMIT_S : Math.max(1, Math.ceil(retryAfterMs / 1000));
  return new ApiProblem(429, 'rate_limited', 'The provider answers no more such questions of this desk for now.', {
    retryable: true,
    retryAfterS: seconds,
    headers: { ratelimit: `"payer";r=0;t=${seconds}` },
    cashierMessage: cashierText('provider_overloaded'),
  });
}

export function noAnswer(provider: string): ApiProblem {
  const detail = `${providerNamed(provider)?.title ?? provider} has not answered in time. Nothing was changed; repeat the request.`;
  return new ApiProblem(504, 'provider_timeout', detail, {
    retryable: true,
    retryAfterS: RETRY_AFTER_S,
    cashierMessage: cashierText('provider_unavailable'),
  });
}

function words(failure: Failure, provider: string): ApiProblemOptions {
  const key = CASHIER_KEYS.find((candidate) => candidate === failure.cashier_key);
  return {
    provider: { name: provider, code: failure.provider_code, message: failure.provider_message },
    ...(key === undefined ? {} : { cashierMessage: cashierText(key) }),
  };
}
