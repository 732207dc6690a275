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
