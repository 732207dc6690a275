import { z } from 'zod';

const path = z.string().min(1).max(4_096);

/** Where one certificate lies: PEM with its key, or a PFX. */
const certificateFilesSchema = z.union([
  z.strictObject({
    certificate: path,
    private_key: path,
    pass_phrase_file: path.optional(),
    ca: path.optional(),
  }),
  z.strictObject({ pfx: path, pass_phrase_file: path.optional(), ca: path.optional() }),
]);
export type CertificateFilesEntry = z.output<typeof certificateFilesSchema>;

const MAX_CERTIFICATES = 100;

/** `{"crt_…": {"pfx": "/run/secrets/kaspi.pfx", "pass_phrase_file": "…", "ca": "…"}}` as JSON text. */
export const certificateFiles: z.ZodType<Readonly<Record<string, CertificateFilesEntry>>> = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('is not JSON');
      return z.NEVER;
    }
  })
  .pipe(
    z
      .record(z.string().regex(/^crt_[0-9a-z]{26}$/, 'is not the id of a certificate (crt_…)'), certificateFilesSchema)
      .refine((all) => Object.keys(all).length <= MAX_CERTIFICATES, `names more than ${MAX_CERTIFICATES} certificates`),
  );
