import { z } from 'zod';

const pem = z.string().min(1).max(65_536);

export const createCertificateSchema = z.strictObject({
  provider: z.string().min(1).max(40),
  scheme: z.string().min(1).max(40),
  name: z.string().trim().min(1).max(200).describe('For people.'),
  certificate: pem.describe('PEM; the client certificate first, intermediate ones after it.'),
  private_key: pem.describe('PEM; plain or encrypted with `pass_phrase`. It is never shown again.'),
  pass_phrase: z.string().min(1).max(1_024).optional(),
  ca: pem
    .optional()
    .describe('PEM; what the provider’s server certificate must be signed by. Default: the well-known authorities.'),
});
export type CreateCertificate = z.output<typeof createCertificateSchema>;

export const certificateView = z.object({
  id: z.string(),
  object: z.literal('certificate'),
  provider: z.string(),
  scheme: z.string(),
  name: z.string(),
  subject: z.string(),
  issuer: z.string(),
  serial: z.string(),
  fingerprint: z.string().describe('SHA-256, hexadecimal, upper case.'),
  not_before: z.string(),
  not_after: z.string(),
  created_at: z.string(),
});

export const putGrantsSchema = z.strictObject({
  tax_ids: z
    .array(z.string().trim().min(1).max(32))
    .max(5_000)
    .describe('All tax ids that the tenant may act for under this certificate; the list replaces the one before.'),
});
export type PutGrants = z.output<typeof putGrantsSchema>;

export const grantsView = z.object({
  object: z.literal('certificate_grants'),
  certificate: z.string(),
  tenant: z.string(),
  tax_ids: z.array(z.string()),
});
