import { z } from 'zod';
import { metadataSchema, plainText } from '../../payments/plain-text.ts';

const MAX_REASON_LENGTH = 500;

export const createRefundSchema = z
  .strictObject({
    payment: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('`pay_…`. May be absent only where the buyer shows himself and picks the purchase.'),
    desk: plainText(128)
      .optional()
      .describe("The chain's own id of the desk that asks. Needed where no payment is named."),
    trade_point: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('`tp_…`: where an unknown desk stands, where no payment is named.'),
    amount: z
      .int()
      .positive()
      .optional()
      .describe('Minor units. Absent: all that is refundable of the payment, or what the choice of the purchase says.'),
    lines: z
      .array(z.unknown())
      .max(1_000)
      .optional()
      .describe('No provider of this installation refunds by lines yet.'),
    reference: plainText(128).optional().describe("The chain's own id of the refund."),
    reason: plainText(MAX_REASON_LENGTH)
      .optional()
      .describe(
        'Why. For `source: external` what shows that the money was returned: a receipt, an operation of the app.',
      ),
    source: z
      .enum(['api', 'external'])
      .optional()
      .describe(
        '`external` records what was returned by other means, such as an app of the provider: nothing is sent.',
      ),
    metadata: metadataSchema.optional(),
  })
  .superRefine((body, context) => {
    const missing = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (body.payment === undefined && body.desk === undefined) missing('desk', 'is required where no payment is named');
    if (body.source !== 'external') return;
    if (body.payment === undefined) missing('payment', 'is required for an external refund');
    if (body.amount === undefined) missing('amount', 'is required for an external refund');
    if (body.reason === undefined) missing('reason', 'is required for an external refund: say what shows it');
  });

export type CreateRefundBody = z.infer<typeof createRefundSchema>;
