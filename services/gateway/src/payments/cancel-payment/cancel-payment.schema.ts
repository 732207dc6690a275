import { z } from 'zod';
import { plainText } from '../plain-text.ts';

export const cancelPaymentSchema = z.strictObject({ reason: plainText(255).optional() }).optional();
export type CancelPaymentBody = z.infer<typeof cancelPaymentSchema>;

export const cancelByKeySchema = z.strictObject({
  key: z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
    .describe('The Idempotency-Key of the create that is to be void.'),
  reason: plainText(255).optional(),
});
export type CancelByKeyBody = z.infer<typeof cancelByKeySchema>;
