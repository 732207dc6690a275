/**
 * Shapes of the bank's answers (Kaspi QR v3.9, scheme r3), read tolerantly: the bank mixes PascalCase and camelCase,
 * numbers and text, present, null and absent. All schemas here expect names already in lower case (`caseInsensitive`).
 *
 * They are not strict objects on purpose: versions v02 and v04 add fields without notice, and a field that we do not
 * know must not hide a payment. What a decision rests on is required, everything else reads as null when it is nonsense.
 */
import { z } from 'zod';
import { decimalToMinor } from '@tolem/domain';
import { isBankId } from './bank-id.ts';
import { parseBankDate } from './dates.ts';

/** An Int64 id as exact decimal text, whatever the bank wrote: number, number beyond 2^53, or text. Never 0. */
export const bankId = z.union([z.number(), z.bigint(), z.string()]).transform((value, context): string => {
  const id = exactInteger(value)?.toString();
  if (id === undefined || !isBankId(id)) {
    context.issues.push({ code: 'custom', message: 'not a positive 64-bit id', input: value });
    return z.NEVER;
  }
  return id;
});

/** The StatusCode as decimal text; the document itself prints one with a space inside ("- 1601"). */
const statusCode = z.union([z.number(), z.bigint(), z.string()]).transform((value, context): string => {
  const code = exactInteger(typeof value === 'string' ? value.replace(/\s+/g, '') : value);
  if (code === undefined) {
    context.issues.push({ code: 'custom', message: 'not an integer', input: value });
    return z.NEVER;
  }
  return code.toString();
});

function exactInteger(value: number | bigint | string): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  const text = value.trim();
  return /^[+-]?\d{1,20}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
}

const MAX_MESSAGE_CHARACTERS = 500;

/** What every answer is wrapped in (§3): `message` may be absent, `data` absent or null, the order any. */
export const envelope = z.object({
  statuscode: statusCode,
  message: z
    .string()
    .nullish()
    .transform((text) => text?.trim().slice(0, MAX_MESSAGE_CHARACTERS) || null)
    .catch(null),
  data: z.unknown().optional(),
});

const shortText = z
  .union([z.string(), z.number(), z.bigint()])
  .transform((value) => String(value).trim())
  .pipe(z.string().min(1).max(200));
const shortTextOrNull = shortText.nullable().catch(null);

/** Tenge as a number or as text with spaces and a currency sign; minor units (tiyn) out. */
const amountMinor = z.union([z.number(), z.bigint(), z.string()]).transform((value, context): number => {
  const minor = decimalToMinor(value);
  if (minor === undefined) {
    context.issues.push({ code: 'custom', message: 'not an amount', input: value });
    return z.NEVER;
  }
  return minor;
});
const amountMinorOrNull = amountMinor.nullable().catch(null);

const dateMsOrNull = z
  .string()
  .transform((text) => parseBankDate(text) ?? null)
  .catch(null);

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

/** How the bank wants to be asked about one purchase, in seconds, already within sane bounds. */
export interface BehaviorOptions {
  readonly statusPollingIntervalSeconds: number;
  /** How long to wait for the scan, counted from the create answer. */
  readonly scanWaitTimeoutSeconds: number;
  /** How long to wait for the confirmation, counted from the first `Wait`. */
  readonly confirmationTimeoutSeconds: number;
}

interface SecondsBounds {
  readonly min: number;
  readonly max: number;
  readonly absent: number;
}

// The values of every sample in the document stand in for what is absent or nonsense.
// ASSUMPTION: nothing outside these bounds is meant seriously; a timer sent in milliseconds must not hold a desk for days.
const POLLING: SecondsBounds = { min: 1, max: 60, absent: 5 };
const SCAN_WAIT: SecondsBounds = { min: 5, max: 900, absent: 180 };
const CONFIRMATION: SecondsBounds = { min: 5, max: 900, absent: 65 };

function boundedSeconds(value: unknown, bounds: SecondsBounds): number {
  const asNumber = typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
  const seconds = typeof asNumber === 'bigint' ? Number(asNumber) : asNumber;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return bounds.absent;
  return Math.min(bounds.max, Math.max(bounds.min, Math.ceil(seconds)));
}

const optionFields = z
  .object({
    statuspollinginterval: z.unknown().optional(),
    qrcodescanwaittimeout: z.unknown().optional(),
    linkactivationwaittimeout: z.unknown().optional(),
    paymentconfirmationtimeout: z.unknown().optional(),
  })
  .partial();

/** Reads the options whatever they are; nonsense gives the defaults, never an error. */
export function behaviorOptions(value: unknown): BehaviorOptions {
  const fields = optionFields.safeParse(value).data ?? {};
  return {
    statusPollingIntervalSeconds: boundedSeconds(fields.statuspollinginterval, POLLING),
    scanWaitTimeoutSeconds: boundedSeconds(fields.qrcodescanwaittimeout ?? fields.linkactivationwaittimeout, SCAN_WAIT),
    confirmationTimeoutSeconds: boundedSeconds(fields.paymentconfirmationtimeout, CONFIRMATION),
  };
}

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

// ASSUMPTION: 41 digits in every sample; a text that no QR picture of a till can hold is not what the bank meant.
const MAX_QR_TOKEN_CHARACTERS = 500;

/** `qr/create` (§6.1). The options are accepted under the name that `qr/create-link` uses as well (§6.2). */
export const createdQr = z
  .object({
    qrtoken: z
      .union([z.string(), z.bigint()])
      .transform((token) => String(token).trim())
      .pipe(z.string().min(1).max(MAX_QR_TOKEN_CHARACTERS)),
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

/** `payment/status` (§6.3) of all versions in circulation. */
export const paymentStatus = z
  .object({
    status: z.string().trim().min(1).max(200),
    transactionid: shortTextOrNull,
    amount: amountMinorOrNull,
    producttype: shortTextOrNull,
    loanoffername: shortTextOrNull,
    loanterm: shortTextOrNull,
    isoffer: z.boolean().nullable().catch(null),
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

export interface PaymentDetails {
  readonly qrPaymentId: string;
  readonly totalAmountMinor: number;
  /** What can still be refunded. */
  readonly availableReturnAmountMinor: number;
  /** Epoch ms, null when absent or unreadable. */
  readonly transactionAtMs: number | null;
}

/** `payment/details` (§7.4): both amounts are required, refunds are decided on them. */
export const paymentDetails = z
  .object({
    qrpaymentid: bankId,
    totalamount: amountMinor,
    availablereturnamount: amountMinor,
    transactiondate: dateMsOrNull,
  })
  .transform((row): PaymentDetails => ({
    qrPaymentId: row.qrpaymentid,
    totalAmountMinor: row.totalamount,
    availableReturnAmountMinor: row.availablereturnamount,
    transactionAtMs: row.transactiondate,
  }));

export interface ReturnedPayment {
  readonly returnOperationId: string;
}

/** `payment/return` (§7.5). */
export const returnedPayment = z
  .object({ returnoperationid: bankId })
  .transform((row): ReturnedPayment => ({ returnOperationId: row.returnoperationid }));
