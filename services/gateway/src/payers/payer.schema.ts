import { phoneField } from '@tolem/contracts';
import { z } from 'zod';
import { plainText } from '../payments/plain-text.ts';

export const lookUpPayerSchema = z.strictObject({
  desk: plainText(128).describe("The chain's own id of a desk that is known here."),
  phone: phoneField.describe('`+7XXXXXXXXXX`, `7XXXXXXXXXX` or `8XXXXXXXXXX`.'),
});
export type LookUpPayerBody = z.infer<typeof lookUpPayerSchema>;

export const payerViewSchema = z.object({
  object: z.literal('payer'),
  name: z.string().describe('As the provider tells it: show it to the cashier and keep it nowhere.'),
});
export type PayerView = z.infer<typeof payerViewSchema>;
