import { z } from 'zod';

const certificate = z.string().min(1).max(64).describe('`crt_…`, where the scheme works under a shared certificate.');
const options = z
  .record(z.string().min(1).max(64), z.union([z.string().max(500), z.number(), z.boolean(), z.null()]))
  .refine((value) => Object.keys(value).length <= 50, 'must have at most 50 entries')
  .describe('Settings that only this provider knows.');

export const createConnectionSchema = z.strictObject({
  provider: z.string().min(1).max(40),
  scheme: z.string().min(1).max(40),
  certificate: certificate.optional(),
  base_url: z
    .string()
    .max(500)
    .optional()
    .describe('Where this installation has several addresses of the provider; default: the configured one.'),
  options: options.default({}),
});
export type CreateConnection = z.output<typeof createConnectionSchema>;

export const updateConnectionSchema = z
  .strictObject({ certificate: certificate.optional(), options: options.optional() })
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'must change something');
export type UpdateConnection = z.output<typeof updateConnectionSchema>;

export const connectionView = z.object({
  id: z.string(),
  object: z.literal('connection'),
  organization: z.string(),
  mode: z.enum(['test', 'live']),
  provider: z.string(),
  scheme: z.string(),
  certificate: z.string().nullable(),
  base_url: z.string(),
  options: z.record(z.string(), z.unknown()),
  status: z
    .enum(['verifying', 'verified', 'failed', 'disabled'])
    .describe('`verifying` until the provider has been asked; `failed` says why in `reason`.'),
  health: z
    .enum(['unknown', 'up', 'down', 'refused'])
    .describe('`refused`: the provider does not let us in; `down`: it does not answer.'),
  reason: z
    .object({
      code: z.string(),
      provider_code: z.string().nullable(),
      provider_message: z.string().nullable(),
      message: z.object({ ru: z.string(), kk: z.string(), en: z.string() }).nullable(),
    })
    .nullable(),
  version: z.int(),
  checked_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
