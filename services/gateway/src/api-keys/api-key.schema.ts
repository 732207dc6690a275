import { MODES } from '@tolem/contracts';
import { z } from 'zod';
import { SCOPES } from '../http/scopes.ts';
import { isAddressOrBlock } from './ip-list.ts';

const settings = {
  name: z.string().trim().min(1).max(200).optional().describe('For people: where this key is used.'),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .max(SCOPES.length)
    .describe('What the key may do. `admin` includes everything of its tenant.'),
  organizations: z
    .array(z.string().max(64))
    .min(1)
    .max(1000)
    .optional()
    .describe('Limits the key to these organizations (`org_…`).'),
  ips: z
    .array(z.string().refine(isAddressOrBlock, 'must be an address or a CIDR block'))
    .min(1)
    .max(100)
    .optional()
    .describe('Limits the key to callers from these addresses or CIDR blocks.'),
  expires_at: z.iso.datetime({ offset: true }).optional().describe('From then on the key is dead.'),
};

export const createApiKeySchema = z.strictObject({
  mode: z.enum(MODES).describe('Test keys reach only sandbox connections, live keys only live ones.'),
  ...settings,
});
export type CreateApiKey = z.output<typeof createApiKeySchema>;

export const rotateApiKeySchema = z
  .strictObject({
    overlap_minutes: z.int().min(0).max(43_200).default(60).describe('How long the old key still works.'),
  })
  .prefault({});
export type RotateApiKey = z.output<typeof rotateApiKeySchema>;

export const apiKeyView = z.object({
  id: z.string(),
  object: z.literal('api_key'),
  tenant: z.string(),
  mode: z.enum(MODES),
  name: z.string().nullable(),
  scopes: z.array(z.string()),
  organizations: z.array(z.string()).nullable(),
  ips: z.array(z.string()).nullable(),
  status: z.enum(['active', 'expired', 'revoked']),
  expires_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
  last_used_at: z.string().nullable().describe('To the minute.'),
  created_at: z.string(),
});

export const madeApiKeyView = apiKeyView.extend({
  secret: z.string().nullable().describe('The key itself, shown this once; null in a repeat. Lost it? Rotate.'),
});
