import { z } from 'zod';

const tradePoint = z.string().min(1).max(64).describe('`tp_…`; needed unless the organization has exactly one.');

export const createDeskSchema = z.strictObject({
  organization: z.string().min(1).max(64).describe('`org_…`'),
  desk: z
    .string()
    .trim()
    .min(1)
    .max(128)
    .regex(/^[^\p{Cc}]*$/u, 'must not have control characters')
    .describe('Your own id of the cash desk, unique in this tenant and mode.'),
  trade_point: tradePoint.optional(),
});
export type CreateDesk = z.output<typeof createDeskSchema>;

export const moveDeskSchema = z.strictObject({ trade_point: tradePoint });
export type MoveDesk = z.output<typeof moveDeskSchema>;

export const deskView = z.object({
  id: z.string(),
  object: z.literal('desk'),
  desk: z.string(),
  organization: z.string(),
  trade_point: z.string().nullable(),
  status: z.enum(['active', 'deleted']),
  devices: z
    .array(
      z.object({
        provider: z.string(),
        status: z.enum(['pending', 'registered', 'failed', 'deleted']),
        failure: z
          .object({
            code: z.string(),
            provider_code: z.string().nullable(),
            provider_message: z.string().nullable(),
            text: z
              .object({ ru: z.string(), kk: z.string(), en: z.string() })
              .describe('What an administrator can do about it.'),
          })
          .nullable(),
      }),
    )
    .describe(
      'What stands behind this desk at each provider; a desk that was made by its first payment has none yet until its provider tells.',
    ),
  created_at: z.string(),
});
