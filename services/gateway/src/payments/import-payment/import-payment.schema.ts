import { methodNamed, PROVIDERS } from '@tolem/contracts';
import { z } from 'zod';
import { metadataSchema, plainText } from '../plain-text.ts';

const methods = PROVIDERS.flatMap((provider) => provider.methods.map(({ type }) => type));

export const importPaymentSchema = z
  .strictObject({
    organization: z.string().min(1).max(64).describe('`org_…`'),
    desk: plainText(128).optional().describe("The chain's own id of the desk. An unknown desk is created."),
    trade_point: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('`tp_…`: where the sale was made. Instead of a desk, or for an unknown one.'),
    provider_ref: plainText(128).describe("The provider's own id of the purchase."),
    amount: z.int().positive().describe('All that was paid, minor units.'),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code in capitals'),
    method: z.strictObject({
      type: z.string().refine((type) => methodNamed(type) !== undefined, `must be one of ${methods.join(', ')}`),
    }),
    paid_at: z.iso.datetime({ offset: true }),
    reference: plainText(128).optional().describe("The chain's own order id."),
    metadata: metadataSchema.optional(),
  })
  .superRefine((body, context) => {
    if (body.desk === undefined && body.trade_point === undefined)
      context.addIssue({ code: 'custom', path: ['desk'], message: 'is required where no trade_point is given' });
  });

export type ImportPaymentBody = z.infer<typeof importPaymentSchema>;
