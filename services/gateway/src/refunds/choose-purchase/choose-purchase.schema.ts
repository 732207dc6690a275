import { z } from 'zod';
import { plainText } from '../../payments/plain-text.ts';

export const choosePurchaseSchema = z.strictObject({
  purchase: plainText(128).describe("`ref` of one of `next_action.purchases`: the provider's own id."),
  amount: z
    .int()
    .positive()
    .optional()
    .describe('Minor units. Absent: what the refund asked for, else all that is refundable of the purchase.'),
});

export type ChoosePurchaseBody = z.infer<typeof choosePurchaseSchema>;
