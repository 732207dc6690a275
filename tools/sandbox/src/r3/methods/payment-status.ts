import { minorToDecimal, minorToJsonNumber } from '@tolem/domain';
import { z } from 'zod';
import { organizationOf } from '../../bank/organization.ts';
import type { Purchase } from '../../bank/purchase.ts';
import { STATUS_CODE } from '../../bank/status-code.ts';
import { idParameter } from '../parameters.ts';
import { defineMethod } from '../r3-method.ts';
import type { R3Context } from '../r3-method.ts';

/** A value that no document knows; clients must take it as "still pending". */
const UNKNOWN_STATUS = 'PaymentInLimbo';
/** A question sooner than this part of the interval after the one before counts as abuse. */
const EARLY_PART = 0.5;

/**
 * Kaspi QR v3.9 §4.6.3 (kaspi-qr.md §6.3, §13.2): needs the id only, neither BIN nor token.
 * ASSUMPTION: an id that cannot be a number is a purchase that is not found; further fields of v02 and v04 come with
 * a paid purchase only.
 */
export const paymentStatus = defineMethod({
  name: 'payment/status',
  verb: 'GET',
  parameters: z.strictObject({ qrpaymentid: idParameter.catch(-1) }),
  run: ({ qrpaymentid: id }, context) => {
    const purchase = context.bank.askedPurchase(id);
    if (purchase === undefined) return { code: STATUS_CODE.purchaseNotFound };
    countAbuse(purchase, context);
    if (context.arrivedAtMs < purchase.silentUntilMs) return { code: STATUS_CODE.ok, purchase, transport: 'silence' };
    const status = shownStatus(purchase, context);
    const data = { Status: status, ...(status === 'Processed' ? paidFields(purchase, context) : {}) };
    return { code: STATUS_CODE.ok, purchase, status, data };
  },
});

function shownStatus(purchase: Purchase, { shapes }: R3Context): string {
  if (shapes.has('unknown_status')) return UNKNOWN_STATUS;
  if (purchase.limboPolls > 0 && purchase.life.status !== 'QrTokenCreated') {
    purchase.limboPolls -= 1;
    return UNKNOWN_STATUS;
  }
  return purchase.life.status;
}

function paidFields(purchase: Purchase, { version, shapes }: R3Context): Record<string, unknown> {
  if (version === 'v01') return {};
  const organization = organizationOf(purchase.bin);
  const points = organization.kind === 'registered' ? organization.tradePoints : [];
  const [store, address] = (points.find((point) => point.id === purchase.tradePointId)?.name ?? '').split(' (');
  const [city, ...street] = (address ?? '').replace(')', '').split(', ');
  return {
    TransactionId: String(purchase.id + 1),
    ProductType: 'Gold',
    Amount: shapes.has('amount_as_text') ? amountText(purchase) : minorToJsonNumber(purchase.amountMinor),
    StoreName: store,
    Address: street.join(', '),
    City: city,
  };
}

/** `"1490.00"` and `"1 490 ₸"`, by turns of the id (kaspi-qr.md §13.2). */
function amountText({ id, amountMinor }: Purchase): string {
  if (id % 2 === 0) return minorToDecimal(amountMinor);
  const tenge = minorToDecimal(amountMinor).replace(/\.00$/, '');
  return `${tenge.replace(/\B(?=(\d{3})+(?!\d))/g, ' ')} ₸`;
}

function countAbuse(purchase: Purchase, { arrivedAtMs, tooEarly }: R3Context): void {
  if (arrivedAtMs - purchase.lastPollAtMs < purchase.pollIntervalMs * EARLY_PART) tooEarly();
  purchase.lastPollAtMs = arrivedAtMs;
}
