/**
 * Single values of the bank's answers, read tolerantly: numbers and text, present, null and absent. What a decision rests
 * on is required, everything else (`…OrNull`) reads as null when it is nonsense.
 */
import { z } from 'zod';
import { decimalToMinor } from '@tolem/domain';
import { isBankId } from './bank-id.ts';
import { parseBankDate } from './dates.ts';

/** Null for what is null, absent or nonsense. Absent is the usual case, and costs no failed reading here. */
export function orNull<T extends NonNullable<unknown>>(schema: z.ZodType<T>): z.ZodType<T | null> {
  return schema
    .nullish()
    .transform((value) => value ?? null)
    .catch(null);
}

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
export const statusCode = z.union([z.number(), z.bigint(), z.string()]).transform((value, context): string => {
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

export const shortText = z
  .union([z.string(), z.number(), z.bigint()])
  .transform((value) => String(value).trim())
  .pipe(z.string().min(1).max(200));
export const shortTextOrNull = orNull(shortText);

/** Tenge as a number or as text with spaces and a currency sign; minor units (tiyn) out. */
export const amountMinor = z.union([z.number(), z.bigint(), z.string()]).transform((value, context): number => {
  const minor = decimalToMinor(value);
  if (minor === undefined) {
    context.issues.push({ code: 'custom', message: 'not an amount', input: value });
    return z.NEVER;
  }
  return minor;
});
export const amountMinorOrNull = orNull(amountMinor);

export const dateMsOrNull = z
  .string()
  .transform((text) => parseBankDate(text) ?? null)
  .catch(null);

/** A word of `Data.Status`, with its case; its meaning is in statuses.ts. */
export const statusWord = z.string().trim().min(1).max(200);

// ASSUMPTION: 41 digits in every sample; a text that no QR picture of a till can hold is not what the bank meant.
const MAX_QR_TOKEN_CHARACTERS = 500;

/** Content of a QR picture, opaque. */
export const qrText = z
  .union([z.string(), z.bigint()])
  .transform((token) => String(token).trim())
  .pipe(z.string().min(1).max(MAX_QR_TOKEN_CHARACTERS));

// ASSUMPTION: as for the content of a QR picture, of which a link carries a copy.
const MAX_LINK_CHARACTERS = 500;

/** A link that a buyer may be sent to: https, as in every sample, or it is none. */
export const httpsLink = z
  .string()
  .trim()
  .max(MAX_LINK_CHARACTERS)
  .refine((text) => URL.parse(text)?.protocol === 'https:', 'not an https link');
