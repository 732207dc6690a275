import { cashierText, type Currency, displayMoney } from '@tolem/domain';
import { type ApiProblem, unprocessable } from '../http/api-problem.ts';

export function amountTooLarge(maxAmountMinor: number, currency: Currency): ApiProblem {
  const max = displayMoney({ amountMinor: maxAmountMinor, currency });
  return unprocessable(
    'amount_too_large',
    '/amount',
    `The largest amount here is ${max}. Amounts are in minor units: 1 490.00 is 149000.`,
    { cashierMessage: cashierText('limit_exceeded', { max }), extra: { max_amount: maxAmountMinor } },
  );
}
