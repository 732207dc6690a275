import { MAX_PEM_LENGTH } from '@tolem/contracts';
import { z } from 'zod';
import { waitShape } from '../payments/waiting/wait-query.ts';

const MAX_UPLOADED_PEM = 65_536;
/** The largest body that the API takes is smaller than the largest PFX would be in base64. */
const MAX_PFX_BASE64 = 250_000;

const pem = z.string().min(1).max(MAX_UPLOADED_PEM);
const certificate = pem.describe('PEM; the client certificate first, intermediate ones after it.');
const privateKey = pem.describe('PEM; plain or encrypted with `pass_phrase`. It is never shown again.');
const ca = pem.describe(
  'PEM; what the provider’s server certificate must be signed by. Default: what came behind the client certificate, where a root is among it, else the well-known authorities.',
);

const pairShape = {
  certificate: certificate.optional(),
  private_key: privateKey.optional(),
  pfx: z
    .string()
    .min(1)
    .max(MAX_PFX_BASE64)
    .optional()
    .describe('In place of both: a PFX (PKCS #12) with one key, base64; old ones with RC2 or triple DES too.'),
  pass_phrase: z.string().min(1).max(1_024).optional(),
  ca: ca.optional(),
};

/** A pair as it is uploaded: PEM and key, or a PFX. */
export interface UploadedPair {
  readonly certificate?: string | undefined;
  readonly private_key?: string | undefined;
  readonly pfx?: string | undefined;
  readonly pass_phrase?: string | undefined;
  readonly ca?: string | undefined;
}

/** Exactly one way to bring a pair. */
function isOneWay(body: UploadedPair, other: unknown): boolean {
  const inPem = body.certificate !== undefined || body.private_key !== undefined;
  const wholePem = body.certificate !== undefined && body.private_key !== undefined;
  const ways = [inPem, body.pfx !== undefined, other !== undefined];
  return ways.filter(Boolean).length === 1 && inPem === wholePem;
}

export const createCertificateSchema = z
  .strictObject({
    provider: z.string().min(1).max(40),
    scheme: z.string().min(1).max(40),
    name: z.string().trim().min(1).max(200).describe('For people.'),
    ...pairShape,
    from_files: z
      .literal(true)
      .optional()
      .describe('In place of a pair: its files lie with the provider’s service, under the id that this call answers.'),
  })
  .refine(
    (body) => isOneWay(body, body.from_files),
    'must have `certificate` and `private_key`, or `pfx`, or `from_files`',
  );
export type CreateCertificate = z.output<typeof createCertificateSchema>;

/** Printable ASCII: what every reader of a certificate shows as it is. */
const latin = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[\x20-\x7e]*$/, 'must be in Latin letters');

export const requestCertificateSchema = z.strictObject({
  provider: z.string().min(1).max(40),
  scheme: z.string().min(1).max(40),
  name: z.string().trim().min(1).max(200).describe('For people.'),
  subject: z.strictObject({
    region: latin(128),
    town: latin(128),
    organization: latin(64).describe('The legal name in English or in Latin transliteration.'),
    common_name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z0-9.:-]+$/, 'must be an IP address or a host name')
      .describe('The host or address that the organization connects from.'),
    email: z
      .email()
      .max(128)
      .regex(/^[\x20-\x7e]*$/, 'must be in Latin letters')
      .describe('The contact person’s.'),
  }),
});
export type RequestCertificate = z.output<typeof requestCertificateSchema>;

export const waitForRequestSchema = z.strictObject(waitShape);
export type WaitForRequest = z.output<typeof waitForRequestSchema>;

export const putChainSchema = z.strictObject({
  certificate: z
    .string()
    .min(1)
    .max(MAX_PEM_LENGTH)
    .describe('PEM; the certificate that was issued for this request first, intermediate ones after it.'),
  ca: z
    .string()
    .min(1)
    .max(MAX_PEM_LENGTH)
    .optional()
    .describe(
      'PEM; the provider’s authorities, root and intermediate. Its servers are trusted by them too. Default: what came behind the certificate.',
    ),
});
export type PutChain = z.output<typeof putChainSchema>;

export const replaceCertificateSchema = z
  .strictObject({
    ...pairShape,
    request: z
      .string()
      .max(64)
      .optional()
      .describe('In place of a pair: `crt_…` of a request whose certificate was installed and that nobody uses.'),
  })
  .refine((body) => isOneWay(body, body.request), 'must have `certificate` and `private_key`, or `pfx`, or `request`');
export type ReplaceCertificate = z.output<typeof replaceCertificateSchema>;

const text = z.object({ ru: z.string(), kk: z.string(), en: z.string() });
const reason = z
  .object({
    code: z.string(),
    provider_code: z.string().nullable(),
    provider_message: z.string().nullable(),
    text: text.describe('What an administrator can do about it.'),
  })
  .nullable();

export const VERSION_STATES = [
  'key_pending',
  'requested',
  'installing',
  'ready',
  'active',
  'retired',
  'failed',
] as const;
export type VersionState = (typeof VERSION_STATES)[number];

export const certificateView = z.object({
  id: z.string(),
  object: z.literal('certificate'),
  tenant: z.string().nullable().describe('Whose it is; null: the operator’s, which serves many organizations.'),
  mode: z.enum(['test', 'live']).nullable(),
  provider: z.string(),
  scheme: z.string(),
  name: z.string(),
  source: z.enum(['upload', 'request', 'files']),
  status: z
    .enum(['files_pending', ...VERSION_STATES, 'expired'])
    .describe(
      '`active`: in use. `expired`: in use and past its end. `files_pending`: its files have not been read. ' +
        '`key_pending`: its key is being made. `requested`: send `csr` to the provider and bring back what it issues. ' +
        '`retired`: another certificate took its pair over.',
    ),
  days_left: z.int().nullable().describe('Whole days until the version in use ends; negative past that.'),
  active_version: z.int().nullable(),
  csr: z.string().nullable().describe('PEM; what the provider has to sign.'),
  reason: reason.describe('Why there is no certificate in use, where something went wrong.'),
  replace: z
    .object({ version: z.int(), status: z.enum(['pending', 'done', 'failed']), reason })
    .nullable()
    .describe(
      'The last replacement. It takes over when the provider has answered under it; until then nothing changes.',
    ),
  versions: z.array(
    z.object({
      version: z.int(),
      state: z.enum(VERSION_STATES),
      fingerprint: z.string().nullable(),
      not_before: z.string().nullable(),
      not_after: z.string().nullable(),
      created_at: z.string(),
    }),
  ),
  subject: z.string().nullable(),
  issuer: z.string().nullable(),
  serial: z.string().nullable(),
  fingerprint: z.string().nullable().describe('SHA-256, hexadecimal, upper case.'),
  not_before: z.string().nullable(),
  not_after: z.string().nullable(),
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
