import { MAX_JSON_AMOUNT_MINOR } from '@tolem/domain';
import { z } from 'zod';

const name = z.string().trim().min(1).max(300);
const timezone = z
  .string()
  .max(64)
  .refine(isTimezone, 'must be an IANA time zone such as Asia/Almaty')
  .describe('IANA time zone; days of reports begin at its midnight.');
const maxAmount = z
  .int()
  .min(1)
  .max(MAX_JSON_AMOUNT_MINOR)
  .describe('Largest payment in minor units; it catches amounts that were sent a hundredfold.');

export const createOrganizationSchema = z.strictObject({
  country: z.enum(['KZ', 'RU']),
  tax_id: z
    .string()
    .trim()
    .min(1)
    .max(32)
    .describe('BIN or IIN in Kazakhstan, INN in Russia; control digits are checked.'),
  name,
  timezone: timezone.optional(),
  max_amount: maxAmount.default(100_000_000),
});
export type CreateOrganization = z.output<typeof createOrganizationSchema>;

export const updateOrganizationSchema = z
  .strictObject({ name: name.optional(), timezone: timezone.optional(), max_amount: maxAmount.optional() })
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'must change something');
export type UpdateOrganization = z.output<typeof updateOrganizationSchema>;

export const organizationView = z.object({
  id: z.string(),
  object: z.literal('organization'),
  country: z.enum(['KZ', 'RU']),
  tax_id: z.string(),
  tax_id_kind: z.enum(['BIN', 'IIN', 'LEGAL_ENTITY', 'PERSON']),
  name: z.string(),
  timezone: z.string(),
  max_amount: z.int(),
  currency: z.enum(['KZT', 'RUB']),
  status: z.enum(['active', 'archived']),
  created_at: z.string(),
  updated_at: z.string(),
});

function isTimezone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
