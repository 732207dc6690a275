import type { Failure } from '@tolem/contracts';
import type { BucketLimits } from '@tolem/coordination';
import type { Call } from '../call.ts';

export interface QuestionRequest {
  readonly deviceToken: string | null;
  /** Opened for this call alone: never to be kept or logged. */
  readonly args: Readonly<Record<string, string>>;
}

export type QuestionOutcome =
  | { readonly is: 'answered'; readonly answer: Readonly<Record<string, string>> }
  | { readonly is: 'refused'; readonly failure: Failure }
  | { readonly is: 'device_unknown'; readonly failure: Failure }
  | { readonly is: 'unreachable'; readonly failure: Failure };

/**
 * Something that a person asks of the provider and waits for, such as whose phone this is. Nothing of it is kept here, and
 * nothing here changes by it; what changes at the provider (a test contour that plays the buyer) is learned by polling.
 */
export interface Question {
  readonly kind: string;
  /** How often one device may ask, counted for the whole installation. */
  readonly limit?: BucketLimits;
  ask(call: Call, request: QuestionRequest): Promise<QuestionOutcome>;
}
