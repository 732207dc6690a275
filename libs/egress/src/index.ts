export { Egress } from './egress.ts';
export type { EgressOptions } from './egress.ts';
export type { ClientCredential, EgressRequest, EgressTarget } from './egress-request.ts';
export type { EgressOutcome, LostReason, NotSentReason } from './egress-outcome.ts';
export { MAX_JSON_DEPTH, parseJsonExact } from './parse-json-exact.ts';
export type { JsonResult } from './parse-json-exact.ts';
export { caseInsensitive } from './case-insensitive.ts';
