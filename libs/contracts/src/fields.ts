import { ID_PREFIXES, PAYMENT_STATUSES, type PaymentStatus, REFUND_STATUSES, type RefundStatus } from '@tolem/domain';
import { z } from 'zod';
import { writtenAs } from './written-as.ts';

/** Fields that several messages share. Ids are our prefixed texts, never bare UUIDs; amounts are integers in minor units. */
export const idField = z
  .string()
  .min(5)
  .max(64)
  .regex(new RegExp(`^(${ID_PREFIXES.join('|')})_[0-9a-z]+$`));
const MAX_SEALED_LENGTH = 8_192;
export const instantField = z.iso.datetime();
export const amountField = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
export const currencyField = z.enum(['KZT', 'RUB']);

/**
 * Personal data or a secret: sealed with the tenant's data key (see `Sealer`) under the context `<message type>:<subject>`,
 * in base64.
 */
export const sealedField = z.base64().min(1).max(MAX_SEALED_LENGTH);

/** Bounds an open record by the length of its JSON; more would not fit into a message that has to be quick. */
export function boundedJson<Field extends z.ZodType>(field: Field, maxLength: number): Field {
  return field.refine(
    (value) => JSON.stringify(value).length <= maxLength,
    `longer than ${maxLength} characters as JSON`,
  );
}

/**
 * One of a few words, which later releases may add to. A producer writes only what this release knows; a consumer reads
 * a word that it does not know as `unknown`, so that a single new word never costs it the whole message.
 */
export function openEnum<const Word extends string, const Unknown>(
  words: readonly [Word, ...Word[]],
  unknown: Unknown,
): z.ZodType<Word | Unknown, string> {
  const read = z
    .string()
    .max(64)
    .transform((text): Word | Unknown => words.find((word) => word === text) ?? unknown);
  writtenAs(read, z.enum(words));
  return read;
}

/**
 * The phase of a payment. A value that this release does not know reads as null and means "still pending": a consumer
 * then keeps the status that it has.
 */
export const phaseField: z.ZodType<PaymentStatus | null, string> = openEnum(PAYMENT_STATUSES, null);

/** The phase of a refund; an unknown one reads as null and means "still pending". */
export const refundPhaseField: z.ZodType<RefundStatus | null, string> = openEnum(REFUND_STATUSES, null);

/** What every command carries (data-model §5). `lane` is what must happen one at a time. */
export const commandShape = {
  /** Dedupe key of the operation: the same command sent again makes no second operation. */
  op_id: z.string().min(5).max(100),
  subject_id: idField,
  connection_id: idField,
  /** The version of the connection that the command was made for; a provider waits until it knows that version. */
  connection_version: z.number().int().positive(),
  device_id: idField.nullable(),
  lane: z.string().min(1).max(100),
  after: z.string().max(100).optional(),
};

/** What every event carries: a full snapshot of its subject, ordered by `seq`. */
export const snapshotShape = {
  subject_id: idField,
  seq: z.number().int().positive(),
  op_id: z.string().max(100).nullable(),
  observed_at: instantField,
};
