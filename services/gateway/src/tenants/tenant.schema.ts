import { z } from 'zod';

export const createTenantSchema = z.strictObject({
  name: z.string().trim().min(1).max(200).describe('The chain, for people.'),
});
export type CreateTenant = z.output<typeof createTenantSchema>;

export const tenantView = z.object({
  id: z.string(),
  object: z.literal('tenant'),
  name: z.string(),
  status: z.enum(['active', 'suspended']),
  created_at: z.string(),
});

export const madeTenantView = tenantView.extend({
  api_key: z
    .object({ id: z.string(), secret: z.string().nullable(), mode: z.literal('test') })
    .describe('The first key: test mode, scope `admin`. The secret is shown this once; null in a repeat.'),
});
