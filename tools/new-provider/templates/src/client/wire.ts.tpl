/**
 * Shapes of the provider's answers. They are not strict objects on purpose: a field that we do not know must not hide a
 * payment. What a decision rests on is required; what only helps reads as its usual value when it is nonsense.
 *
 * ASSUMPTION: all of it is an example; every field gets the section of the provider's document that it comes from.
 */
import { decimalToMinor } from '@tolem/domain';
import { z } from 'zod';

const MS = 1_000;

/** Letters, digits, dash and underscore: it becomes a part of a path. */
export const providerId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** Decimal text or a number with at most two decimals; minor units out. */
const amountMinor = z.union([z.string(), z.number(), z.bigint()]).transform((value, context): number => {
  const minor = decimalToMinor(value);
  if (minor !== undefined) return minor;
  context.issues.push({ code: 'custom', message: 'not an amount', input: value });
  return z.NEVER;
});

/** Seconds in, milliseconds out; out of bounds reads as the usual value, so that no typo holds a desk for days. */
function seconds(bounds: { readonly min: number; readonly max: number; readonly usual: number }) {
  return z
    .number()
    .min(bounds.min)
    .max(bounds.max)
    .catch(bounds.usual)
    .transform((value) => value * MS);
}

/** How the provider wants to be asked about one payment; milliseconds. */
export interface AskingTimes {
  readonly intervalMs: number;
  /** Until the buyer must have scanned, counted from the answer. */
  readonly customerWithinMs: number;
  /** Until he must have confirmed, counted from the first `seen`. */
  readonly confirmWithinMs: number;
}

export interface CreatedPayment {
  readonly id: string;
  /** What the QR picture encodes. */
  readonly qr: string;
  readonly waiting: AskingTimes;
}

export const createdPayment = z
  .object({
    id: providerId,
    qr: z.string().min(1).max(500),
    ask_every: seconds({ min: 1, max: 60, usual: 2 }),
    scan_within: seconds({ min: 10, max: 3_600, usual: 180 }),
    confirm_within: seconds({ min: 10, max: 3_600, usual: 60 }),
  })
  .transform(
    (row): CreatedPayment => ({
      id: row.id,
      qr: row.qr,
      waiting: {
        intervalMs: row.ask_every,
        customerWithinMs: row.scan_within,
        confirmWithinMs: row.confirm_within,
      },
    }),
  );

export interface PaymentStatus {
  readonly id: string;
  /** `waiting`, `seen`, `paid`, `declined`, `expired`, or a word that we do not know yet. */
  readonly status: string;
  readonly amountMinor: number;
  readonly transaction: string | null;
}

export const paymentStatus = z
  .object({
    id: providerId,
    status: z.string().min(1).max(64),
    amount: amountMinor,
    transaction: z.string().min(1).max(100).nullable().catch(null),
  })
  .transform(
    (row): PaymentStatus => ({
      id: row.id,
      status: row.status,
      amountMinor: row.amount,
      transaction: row.transaction,
    }),
  );

export interface Shop {
  readonly active: boolean;
}

export const shop: z.ZodType<Shop> = z.object({ active: z.boolean() });

/** What every refusal is wrapped in. */
export const refusal = z.object({
  error: z.string().min(1).max(64),
  message: z
    .string()
    .transform((text) => text.trim().slice(0, 500) || null)
    .nullable()
    .catch(null),
});
