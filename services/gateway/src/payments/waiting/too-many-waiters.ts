import { ApiProblem } from '../../http/api-problem.ts';

export function tooManyWaiters(): ApiProblem {
  const detail = 'Too many requests wait for news at this moment. Ask without `wait`, or repeat the request.';
  return new ApiProblem(503, 'service_overloaded', detail, { retryable: true, retryAfterS: 1 });
}
