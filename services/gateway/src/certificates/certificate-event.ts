import { idFromUuid } from '@tolem/domain';
import { z } from 'zod';

/** A certificate that ends soon, as its event keeps it (`tell_ending_certificates`). */
export interface EndingCertificateRow {
  readonly id: string;
  readonly provider: string;
  readonly scheme: string;
  readonly name: string;
  readonly subject: string | null;
  readonly fingerprint: string | null;
  readonly not_after: string;
  readonly version: number;
  readonly shared: boolean;
  readonly days_left: number;
}

export const endingCertificateSchema = z.object({
  id: z.string().describe('`crt_…`'),
  object: z.literal('certificate'),
  provider: z.string(),
  scheme: z.string(),
  name: z.string(),
  subject: z.string().nullable(),
  fingerprint: z.string().nullable(),
  version: z.int(),
  shared: z.boolean().describe('True: the operator’s, who replaces it; there is nothing to do here.'),
  not_after: z.string(),
  days_left: z.int().describe('60, 30, 7 or 1: at most so many days are left.'),
});

export function endingCertificateView(row: EndingCertificateRow): z.infer<typeof endingCertificateSchema> {
  return {
    ...row,
    id: idFromUuid('crt', row.id),
    object: 'certificate',
    not_after: new Date(row.not_after).toISOString(),
  };
}
