import { z } from 'zod';

/** Text that every store can keep: well-formed Unicode without control characters. */
export function plainText(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .refine(
      (text) => text.isWellFormed() && !/\p{Cc}/u.test(text),
      'must be well-formed text without control characters',
    );
}

const MAX_METADATA_ENTRIES = 50;

/** What the chain keeps with a payment or refund for itself. */
export const metadataSchema = z
  .record(plainText(64), z.string().max(500).refine(isStorable, 'must be well-formed text'))
  .refine((entries) => Object.keys(entries).length <= MAX_METADATA_ENTRIES, `at most ${MAX_METADATA_ENTRIES} entries`);

/** Zero bytes and lone surrogates cannot be kept as JSON by the database. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}
