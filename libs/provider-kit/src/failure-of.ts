import type { Failure } from '@tolem/contracts';
import type { CashierKey } from '@tolem/domain';

/** A failure in our own words; the provider said nothing of it. */
export function failureOf(code: string, cashierKey: CashierKey): Failure {
  return { code, provider_code: null, provider_message: null, cashier_key: cashierKey };
}
