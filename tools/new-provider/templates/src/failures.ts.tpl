import type { Failure } from '@tolem/contracts';
import type { CashierKey } from '@tolem/domain';
import { failureOf } from '@tolem/provider-kit';
import type { __Name__Answer } from './client/__name__-answer.ts';

export type Unsuccessful = Exclude<__Name__Answer<unknown>, { is: 'ok' }>;

/**
 * What the provider's refusals mean: our stable code and what the cashier reads.
 *
 * ASSUMPTION: the words are an example; the provider's document lists the real ones.
 */
const REFUSALS: ReadonlyMap<string, { readonly code: string; readonly cashierKey: CashierKey }> = new Map([
  ['shop_unknown', { code: 'shop_unknown', cashierKey: 'desk_setup' }],
  ['amount_too_large', { code: 'limit_exceeded', cashierKey: 'limit_exceeded' }],
]);

const UNLISTED = { code: 'provider_refused', cashierKey: 'failed' } as const;

/** What we tell the chain and the cashier of an answer that was no success. */
export function failureOfAnswer(answer: Unsuccessful): Failure {
  if (answer.is === 'refused') {
    const { code, cashierKey } = REFUSALS.get(answer.error) ?? UNLISTED;
    return { code, provider_code: answer.error, provider_message: answer.message, cashier_key: cashierKey };
  }
  return isMisconfigured(answer)
    ? { ...failureOf('connection_misconfigured', 'desk_setup'), provider_message: answer.detail }
    : failureOf('provider_unavailable', 'provider_unavailable');
}

/** Whether no repeat of the same call could ever help. */
export function isMisconfigured(answer: Unsuccessful): boolean {
  return answer.is === 'not_sent' && (answer.reason === 'bad_argument' || answer.reason === 'invalid_request');
}
