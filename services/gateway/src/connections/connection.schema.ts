import { z } from 'zod';

const certificate = z
  .string()
  .min(1)
  .max(64)
  .describe('`crt_…`, where the scheme works with a certificate: a shared one, or the organization’s own.');
const apiKey = z
  .string()
  .regex(/^[\x21-\x7e]{8,200}$/, 'must be 8 to 200 printable characters without spaces')
  .describe('Where the scheme works with an API key. It is encrypted at once and never shown again.');
const ca = z
  .string()
  .min(1)
  .max(65_536)
  .describe(
    'PEM, beside `api_key`; what the provider’s server certificate must be signed by. Default: the well-known authorities.',
  );
const options = z
  .record(z.string().min(1).max(64), z.union([z.string().max(500), z.number(), z.boolean(), z.null()]))
  .refine((value) => Object.keys(value).length <= 50, 'must have at most 50 entries')
  .describe('Settings that only this provider knows.');

export const createConnectionSchema = z.strictObject({
  provider: z.string().min(1).max(40),
  scheme: z.string().min(1).max(40),
  certificate: certificate.optional(),
  api_key: apiKey.optional(),
  ca: ca.optional(),
  base_url: z
    .string()
    .max(500)
    .optional()
    .describe('Where this installation has several addresses of the provider; default: the configured one.'),
  options: options.default({}),
});
export type CreateConnection = z.output<typeof createConnectionSchema>;

export const updateConnectionSchema = z
  .strictObject({
    certificate: certificate.optional(),
    api_key: apiKey.optional(),
    ca: ca
      .nullable()
      .optional()
      .describe('PEM, beside `api_key`. Left out, it stays as it is; null: the well-known authorities from now on.'),
    options: options.optional(),
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'must change something')
  .refine((body) => body.ca === undefined || body.api_key !== undefined, 'must have `api_key` where it has `ca`');
export type UpdateConnection = z.output<typeof updateConnectionSchema>;

export const connectionView = z.object({
  id: z.string(),
  object: z.literal('connection'),
  organization: z.string(),
  mode: z.enum(['test', 'live']),
  provider: z.string(),
  scheme: z.string(),
  certificate: z.string().nullable(),
  api_key_set_at: z.string().nullable().describe('When its API key was set last; null where it has none.'),
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
      message: z
        .object({ ru: z.string(), kk: z.string(), en: z.string() })
        .describe('What an administrator can do about it.'),
    })
    .nullable(),
  version: z.int(),
  onboarding: z
    .object({
      status: z
        .enum(['verifying', 'registering_device', 'ready', 'failed'])
        .describe(
          '`failed`: mend what the reason says and verify the connection again; `ready`: a desk has its device.',
        ),
      desk: z.string().nullable(),
      reason: z
        .object({
          code: z.string(),
          provider_code: z.string().nullable(),
          text: z.object({ ru: z.string(), kk: z.string(), en: z.string() }),
        })
        .nullable()
        .describe('What an administrator can do about it; while verifying, why it takes longer.'),
    })
    .nullable()
    .describe('The first steps of a connection that was made together with its organization.'),
  checked_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
