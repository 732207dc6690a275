import { z } from 'zod';

export const createTenantSchema = z.strictObject({
  name: z.string().trim().min(1).max(200).describe('The chain, for people.'),
});
export type CreateTenant = z.output<typeof createTenantSchema>;

/** What happens to money that comes after "not paid". */
const LATE_POLICIES = ['person', 'keep', 'refund'] as const;

export const updateTenantSchema = z.strictObject({
  late_policy: z
    .enum(LATE_POLICIES)
    .describe(
      'What happens to money that comes after "not paid": `person` opens attention, `keep` only tells of it (`payment.late`), `refund` sends it back by itself, once, where the connection refunds without the buyer, and opens attention elsewhere.',
    ),
});
export type UpdateTenant = z.output<typeof updateTenantSchema>;

export const tenantView = z.object({
  id: z.string(),
  object: z.literal('tenant'),
  name: z.string(),
  status: z.enum(['active', 'suspended']),
  late_policy: z.enum(LATE_POLICIES),
  created_at: z.string(),
});

export const madeTenantView = tenantView.extend({
  api_key: z
    .object({ id: z.string(), secret: z.string().nullable(), mode: z.literal('test') })
    .describe('The first key: test mode, scope `admin`. The secret is shown this once; null in a repeat.'),
});
