import { z } from 'zod';
import { pageShape } from '../http/page.ts';
import { plainText } from '../payments/plain-text.ts';
import { ATTENTION_KINDS, RESOLUTIONS } from './attention.ts';

export const listAttentionSchema = z.strictObject({
  ...pageShape,
  status: z.enum(['open', 'closed']).optional(),
  kind: z.enum(ATTENTION_KINDS).optional(),
  organization: z.string().max(64).optional().describe('`org_…`'),
  payment: z.string().max(64).optional().describe('`pay_…`: of the payment itself or of its refunds.'),
  refund: z.string().max(64).optional().describe('`ref_…`'),
});
export type ListAttention = z.output<typeof listAttentionSchema>;

/** A control character that is no line break or tab. */
const UNPRINTABLE = /[^\P{Cc}\n\r\t]/u;

export const resolveAttentionSchema = z.strictObject({
  outcome: z
    .enum(RESOLUTIONS)
    .describe('`succeeded` or `failed` for the kind `unknown`, `acknowledged` for every other kind.'),
  reason: plainText(500)
    .refine((text) => text.trim() !== '', 'must say something')
    .describe('Why; shown to whoever looks at it later.'),
  evidence: z
    .string()
    .min(1)
    .max(2000)
    .refine(
      (text) => text.isWellFormed() && !UNPRINTABLE.test(text),
      'must be well-formed text without control characters other than line breaks and tabs',
    )
    .optional()
    .describe("What it rests on: a line of the bank's statement, a number of a receipt, who was asked."),
});
export type ResolveAttentionBody = z.output<typeof resolveAttentionSchema>;
