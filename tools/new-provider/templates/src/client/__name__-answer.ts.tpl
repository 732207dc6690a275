/**
 * What one call to the provider came to, as a closed union. The line between `refused` and `lost` is the line between
 * "the provider decided" and "the provider may have acted": only the first may end a payment.
 */
import { type EgressOutcome, parseJsonExact } from '@tolem/egress';
import type { z } from 'zod';
import { refusal } from './wire.ts';

type Outcome<Kind> = Extract<EgressOutcome, { kind: Kind }>;

/** `bad_argument`: an id or an amount that the provider's document does not allow; the call can never be sent. */
export type __Name__NotSentReason = Outcome<'not_sent'>['reason'] | 'bad_argument';

/** `http_status`: neither a success nor a readable refusal. `not_json`, `incomplete`: a success without what we need. */
export type __Name__LostReason = Outcome<'sent_without_answer'>['reason'] | 'http_status' | 'not_json' | 'incomplete';

/** `detail` is for logs: it names fields and statuses, never their content. */
export type __Name__Answer<T> =
  | { readonly is: 'ok'; readonly data: T }
  | { readonly is: 'refused'; readonly error: string; readonly message: string | null }
  | { readonly is: 'not_sent'; readonly reason: __Name__NotSentReason; readonly detail: string }
  | { readonly is: 'lost'; readonly reason: __Name__LostReason; readonly detail: string };

/** 4xx that say nothing about the request itself: too late, too early, too often. */
const NO_DECISION: ReadonlySet<number> = new Set([408, 425, 429]);

/** Judges one outcome of the wire. Total: no body can make it throw. */
export function readAnswer<T>(outcome: EgressOutcome, dataSchema: z.ZodType<T>): __Name__Answer<T> {
  switch (outcome.kind) {
    case 'not_sent':
      return { is: 'not_sent', reason: outcome.reason, detail: outcome.detail };
    case 'sent_without_answer':
      return { is: 'lost', reason: outcome.reason, detail: outcome.detail };
    case 'answered':
      return readBody(outcome.status, outcome.body, dataSchema);
  }
}

function readBody<T>(status: number, body: string, dataSchema: z.ZodType<T>): __Name__Answer<T> {
  const json = parseJsonExact(body);
  if (status >= 200 && status <= 299) {
    if (!json.ok) return { is: 'lost', reason: 'not_json', detail: 'the body is not JSON' };
    const data = dataSchema.safeParse(json.value);
    if (data.success) return { is: 'ok', data: data.data };
    const fields = data.error.issues.map((issue) => issue.path.join('.')).slice(0, 5);
    return { is: 'lost', reason: 'incomplete', detail: `unreadable: ${fields.join(', ')}` };
  }
  const decided = status >= 400 && status <= 499 && !NO_DECISION.has(status);
  const refused = refusal.safeParse(json.ok ? json.value : undefined);
  if (decided && refused.success) return { is: 'refused', ...refused.data };
  return { is: 'lost', reason: 'http_status', detail: `HTTP ${status}` };
}
