/**
 * Shapes of the bank's answers (Kaspi QR v3.9, all schemes), read tolerantly: the bank mixes PascalCase and camelCase,
 * numbers and text, present, null and absent. All schemas here expect names already in lower case (`caseInsensitive`).
 *
 * They are not strict objects on purpose: versions v02 and v04 add fields without notice, and a field that we do not
 * know must not hide a payment. What a decision rests on is required, everything else reads as null when it is nonsense.
 */
import { z } from 'zod';
import { type BehaviorOptions, behaviorOptions } from './behavior-options.ts';
import {
  amountMinorOrNull,
  bankId,
  dateMsOrNull,
  httpsLink,
  orNull,
  qrText,
  shortText,
  shortTextOrNull,
  statusCode,
  statusWord,
} from './wire-values.ts';

/** What every answer is wrapped in (§4.1): `message` may be absent, `data` absent or null, the order any. */
export const envelope = z.object({
  statuscode: statusCode,
  message: z
    .string()
    .nullish()
    .transform((text) => text?.trim() || null)
    .catch(null),
  data: z.unknown().optional(),
});

/** For calls whose success carries nothing: `device/delete` and `health/ping`. */
export const noData = z.unknown().transform((): null => null);

export interface TradePoint {
  readonly tradePointId: string;
  /** Name with the address in brackets. */
  readonly tradePointName: string;
}

// ASSUMPTION: no organization has more; a longer list is not read at all, because half of one would look whole.
const MAX_TRADE_POINTS = 5_000;

export const tradePointList = z
  .array(
    z
      .object({ tradepointid: bankId, tradepointname: shortTextOrNull })
      .transform((row): TradePoint => ({ tradePointId: row.tradepointid, tradePointName: row.tradepointname ?? '' })),
  )
  .max(MAX_TRADE_POINTS);

export interface RegisteredDevice {
  /** A GUID in every sample; opaque to us. */
  readonly deviceToken: string;
}

export const registeredDevice = z
  .object({ devicetoken: shortText })
  .transform((row): RegisteredDevice => ({ deviceToken: row.devicetoken }));

const MAX_PAYMENT_METHODS = 20;

const paymentMethods = z
  .array(z.unknown())
  .transform((list) =>
    list.flatMap((method) => (typeof method === 'string' && method !== '' ? [method.slice(0, 64)] : [])),
  )
  .transform((list) => list.slice(0, MAX_PAYMENT_METHODS))
  .catch([]);

export interface CreatedQr {
  /** Content of the QR picture, opaque (41 decimal digits in every sample). */
  readonly qrToken: string;
  readonly qrPaymentId: string;
  /** Epoch ms, null when absent or unreadable; information only, the timers of `options` decide. */
  readonly expiresAtMs: number | null;
  readonly paymentMethods: readonly string[];
  readonly options: BehaviorOptions;
}

/** `qr/create` (§4.3.1). The options are accepted under the name that `qr/create-link` uses as well (§4.3.2). */
export const createdQr = z
  .object({
    qrtoken: qrText,
    qrpaymentid: bankId,
    expiredate: dateMsOrNull,
    paymentmethods: paymentMethods,
    qrpaymentbehavioroptions: z.unknown().optional(),
    paymentbehavioroptions: z.unknown().optional(),
  })
  .transform((row): CreatedQr => ({
    qrToken: row.qrtoken,
    qrPaymentId: row.qrpaymentid,
    expiresAtMs: row.expiredate,
    paymentMethods: row.paymentmethods,
    options: behaviorOptions(row.qrpaymentbehavioroptions ?? row.paymentbehavioroptions),
  }));

export interface CreatedLink {
  /** Opens the bank's app, or its site where there is no app. */
  readonly paymentLink: string;
  /** Takes the place of the QrPaymentId in every other call. */
  readonly paymentId: string;
  /** Epoch ms, null when absent or unreadable; information only, the timers of `options` decide. */
  readonly expiresAtMs: number | null;
  readonly paymentMethods: readonly string[];
  /** `scanWaitTimeoutSeconds` is the time for opening the link. */
  readonly options: BehaviorOptions;
}

/** `qr/create-link` (§4.3.2), whose fields have names of their own. The options are accepted under either name. */
export const createdLink = z
  .object({
    paymentlink: httpsLink,
    paymentid: bankId,
    expiredate: dateMsOrNull,
    paymentmethods: paymentMethods,
    paymentbehavioroptions: z.unknown().optional(),
    qrpaymentbehavioroptions: z.unknown().optional(),
  })
  .transform((row): CreatedLink => ({
    paymentLink: row.paymentlink,
    paymentId: row.paymentid,
    expiresAtMs: row.expiredate,
    paymentMethods: row.paymentmethods,
    options: behaviorOptions(row.paymentbehavioroptions ?? row.qrpaymentbehavioroptions),
  }));

export interface PaymentStatus {
  /** The bank's word, with its case; its meaning is in statuses.ts. */
  readonly status: string;
  /** The rest comes with v02 and v04 only, and reads as null when absent or unreadable. */
  readonly transactionId: string | null;
  readonly amountMinor: number | null;
  readonly productType: string | null;
  readonly loanOfferName: string | null;
  readonly loanTerm: string | null;
  readonly isOffer: boolean | null;
  readonly storeName: string | null;
  readonly address: string | null;
  readonly city: string | null;
}

/** `payment/status` (§4.3.3) of all versions in circulation. */
export const paymentStatus = z
  .object({
    status: statusWord,
    transactionid: shortTextOrNull,
    amount: amountMinorOrNull,
    producttype: shortTextOrNull,
    loanoffername: shortTextOrNull,
    loanterm: shortTextOrNull,
    isoffer: orNull(z.boolean()),
    storename: shortTextOrNull,
    address: shortTextOrNull,
    city: shortTextOrNull,
  })
  .transform((row): PaymentStatus => ({
    status: row.status,
    transactionId: row.transactionid,
    amountMinor: row.amount,
    productType: row.producttype,
    loanOfferName: row.loanoffername,
    loanTerm: row.loanterm,
    isOffer: row.isoffer,
    storeName: row.storename,
    address: row.address,
    city: row.city,
  }));
