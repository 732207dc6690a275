import type { Failure, QuestionAnswer } from '@tolem/contracts';
import { cashierText } from '@tolem/domain';
import { ApiProblem, unprocessable } from '../http/api-problem.ts';
import { adminTextOf } from '../onboarding/admin-text.ts';
import { ASK_AGAIN_S, titleOf, wordsOf } from '../questions/question.problem.ts';

const DEFAULT_LIMIT_S = 60;

/** Anything but a name, as the API tells it. */
export function payerProblem(answer: Exclude<QuestionAnswer, { is: 'answered' }>, provider: string): ApiProblem {
  const { failure } = answer;
  if (answer.is === 'refused' && failure.code === 'rate_limited') return tooMany(answer.retry_after_ms);
  if (answer.is === 'refused' && failure.cashier_key === 'phone_unknown') {
    return new ApiProblem(404, 'payer_not_found', 'The provider knows no payer with this phone.', {
      ...wordsOf(failure, provider),
      cashierMessage: cashierText('phone_unknown'),
    });
  }
  if (answer.is === 'refused' && failure.cashier_key === 'desk_setup') return badlySetUp(failure, provider);
  const detail = `${titleOf(provider)} could not say whose phone this is. Nothing was changed; repeat the request later.`;
  return new ApiProblem(503, 'provider_unavailable', detail, {
    retryable: true,
    retryAfterS: ASK_AGAIN_S,
    ...wordsOf(failure, provider),
  });
}

/** A desk, trade point or connection that an administrator must look at: repeating the question changes nothing. */
function badlySetUp(failure: Failure, provider: string): ApiProblem {
  const detail = `${titleOf(provider)} does not answer questions of this desk (${failure.code}). ${adminTextOf(failure).en}.`;
  return unprocessable('connection_not_ready', '/desk', detail, {
    ...wordsOf(failure, provider),
    extra: { reason: failure.code },
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
