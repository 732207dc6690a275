import { REFUND_STATUSES } from '@tolem/domain';
import { z } from 'zod';
import { pageShape } from '../../http/page.ts';
import { plainText } from '../../payments/plain-text.ts';

const statuses = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(REFUND_STATUSES)).min(1).max(REFUND_STATUSES.length));

export const listRefundsSchema = z.strictObject({
  ...pageShape,
  status: statuses.optional().describe('One status, or several with commas between them.'),
  payment: z.string().max(64).optional().describe('`pay_…`'),
  organization: z.string().max(64).optional().describe('`org_…`'),
  desk: plainText(128).optional(),
  reference: plainText(128).optional(),
  created_after: z.iso.datetime({ offset: true }).optional().describe('This moment or later.'),
  created_before: z.iso.datetime({ offset: true }).optional().describe('Before this moment.'),
});

export type ListRefundsQuery = z.infer<typeof listRefundsSchema>;
