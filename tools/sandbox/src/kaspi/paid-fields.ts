import { minorToDecimal, minorToJsonNumber } from '@tolem/domain';
import { organizationOf } from '../bank/organization.ts';
import type { Purchase } from '../bank/purchase.ts';
import type { ShapeFault } from '../faults/fault.ts';
import type { MethodContext } from './kaspi-method.ts';

const LOAN_MONTHS = 12;

/**
 * What v02 and v04 of the status method tell besides (kaspi-qr.md §13.2), all of it optional.
 * ASSUMPTION: it comes with a paid purchase only, and the fields of a loan with a loan only.
 */
export function paidFields(
  purchase: Purchase,
  { version, shapes }: Pick<MethodContext, 'version' | 'shapes'>,
): Record<string, unknown> {
  if (version === 'v01') return {};
  const organization = organizationOf(purchase.bin);
  const points = organization.kind === 'registered' ? organization.tradePoints : [];
  const [store, address] = (points.find((point) => point.id === purchase.tradePointId)?.name ?? '').split(' (');
  const [city, ...street] = (address ?? '').replace(')', '').split(', ');
  return {
    TransactionId: String(purchase.id + 1),
    ...product(shapes),
    Amount: shownAmount(purchase, shapes),
    StoreName: store,
    Address: street.join(', '),
    City: city,
  };
}

function product(shapes: ReadonlySet<ShapeFault>): Record<string, unknown> {
  const termAsText = shapes.has('loan_term_as_text');
  if (!termAsText && !shapes.has('paid_by_loan')) return { IsOffer: false, ProductType: 'Gold' };
  return {
    LoanOfferName: `Рассрочка 0-0-${LOAN_MONTHS}`,
    LoanTerm: termAsText ? String(LOAN_MONTHS) : LOAN_MONTHS,
    IsOffer: true,
    ProductType: 'Loan',
  };
}

/** A number, or `"1490.00"`, or `"1 490 ₸"`; `amount_as_text` takes the two texts by turns of the id. */
function shownAmount({ id, amountMinor }: Purchase, shapes: ReadonlySet<ShapeFault>): number | string {
  const byTurns = shapes.has('amount_as_text');
  if (shapes.has('amount_decimal_text') || (byTurns && id % 2 === 0)) return minorToDecimal(amountMinor);
  if (!byTurns && !shapes.has('amount_tenge_text')) return minorToJsonNumber(amountMinor);
  const tenge = minorToDecimal(amountMinor).replace(/\.00$/, '');
  return `${tenge.replace(/\B(?=(\d{3})+(?!\d))/g, ' ')} ₸`;
}
