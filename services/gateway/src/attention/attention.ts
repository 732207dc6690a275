import type { Mode } from '@tolem/contracts';
import { type CashierText, idFromUuid } from '@tolem/domain';
import { z } from 'zod';
import { attentionText } from './attention-text.ts';

/** What a person must look at. `unknown` is open exactly while the payment's status is; the migration of the table tells of each. */
export const ATTENTION_KINDS = [
  'unknown',
  'late',
  'duplicate',
  'amount_mismatch',
  'provider_ref_mismatch',
  'contradicted',
  'certificate_expiring',
] as const;

export type AttentionKind = (typeof ATTENTION_KINDS)[number];

/** What a person can answer: whether an unknown payment is paid or an unknown refund carried out; everything else is only acknowledged. */
export const RESOLUTIONS = ['succeeded', 'failed', 'acknowledged'] as const;

/** The system closes with the status that the provider's answer gave the payment, or when a certificate was replaced. */
const OUTCOMES = [...RESOLUTIONS, 'declined', 'canceled', 'expired', 'replaced'] as const;

type Details = Readonly<Record<string, string | number>>;

/**
 * A row as the database hands it over (`attention_row`): ids are UUIDs, times are what PostgreSQL writes into JSON.
 * Events keep the same shape, so that one renderer serves both.
 */
export interface AttentionRow {
  readonly id: string;
  /** Null, as the mode is: the operator's alone. */
  readonly tenant_id: string | null;
  readonly mode: Mode | null;
  /** Null where it is of the whole tenant. */
  readonly organization_id: string | null;
  /** UUID of the payment, of the refund or of the certificate. */
  readonly subject: string;
  /** Absent in events of before: a payment. */
  readonly subject_kind?: 'payment' | 'refund' | 'certificate';
  /** UUID of the payment that the refund is of, where it is known; absent and null for a payment itself. */
  readonly payment_id?: string | null;
  readonly kind: AttentionKind;
  readonly opened_at: string;
  readonly details: Details;
  /** Of the provider's service; absent in events of before. */
  readonly admin_text?: CashierText | null;
  readonly closed_at: string | null;
  readonly closed_by: string | null;
  readonly outcome: (typeof OUTCOMES)[number] | null;
  readonly reason: string | null;
  readonly evidence: string | null;
}

/** As the API shows it: in answers, in lists, in events. */
export const attentionViewSchema = z.object({
  id: z.string().describe('`att_…`'),
  object: z.literal('attention'),
  status: z.enum(['open', 'closed']),
  kind: z
    .enum(ATTENTION_KINDS)
    .describe(
      '`unknown`: nobody could say whether the payment is paid, or the refund carried out. `late`: money came after the till had been told "not paid". ' +
        '`duplicate`: two payments of one reference got money. `amount_mismatch`, `provider_ref_mismatch`: what the provider tells does not fit the payment or the refund. ' +
        '`contradicted`: the provider says "not paid" of a payment that a person declared paid, or takes back the end of a refund. ' +
        '`certificate_expiring`: the version in use of a certificate ends within 7 days; asked once more at 1 day.',
    ),
  tenant: z.string().nullable().describe('Null where it is the operator’s alone: a shared certificate.'),
  mode: z.enum(['test', 'live']).nullable(),
  organization: z.string().nullable().describe('Null where it is of the whole tenant: a certificate.'),
  payment: z.string().nullable().describe('`pay_…`; null for a refund whose purchase is not known.'),
  refund: z.string().nullable().describe('`ref_…` where it is a refund that a person must look at.'),
  certificate: z.string().nullable().describe('`crt_…` where it is a certificate that ends.'),
  text: z
    .object({ ru: z.string(), kk: z.string(), en: z.string() })
    .nullable()
    .describe('What an administrator can do about it, where that is known.'),
  details: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .describe(
      'What was known when it was opened, as far as it applies: `amount` (minor units), `currency`, `reference`, `desk`, `provider_id`, `status_before`, ' +
        '`purchase`, `refund`, `code`, `provider_code`, `provider_message`, `provider_status`, `provider_amount`, `provider_id_told`, `other_payment`; ' +
        'of a certificate `name`, `provider`, `scheme`, `version`, `fingerprint`, `not_after`, `days_left` (7 or 1: at most so many).',
    ),
  opened_at: z.string(),
  closed_at: z.string().nullable(),
  closed_by: z
    .string()
    .nullable()
    .describe(
      '`system`: the provider answered, or the certificate was replaced. Otherwise `key_…` of the API key, or `operator`.',
    ),
  outcome: z
    .enum(OUTCOMES)
    .nullable()
    .describe(
      "A person's decision, or the status that the provider's answer gave the payment; `replaced` of a certificate.",
    ),
  reason: z.string().nullable(),
  evidence: z.string().nullable(),
});

export type AttentionView = z.infer<typeof attentionViewSchema>;

/** `pay_…` of the payment that it is about, itself or through its refund. */
function paymentOf({ subject, subject_kind: kind, payment_id: payment }: AttentionRow): string | null {
  if (kind === 'payment' || kind === undefined) return idFromUuid('pay', subject);
  return publicIdOr('pay', payment ?? null);
}

/** What it is about, each under its own name; what it is not about is null. */
export function subjectsOf(row: AttentionRow): Pick<AttentionView, 'payment' | 'refund' | 'certificate'> {
  const { subject, subject_kind: kind } = row;
  return {
    payment: paymentOf(row),
    refund: kind === 'refund' ? idFromUuid('ref', subject) : null,
    certificate: kind === 'certificate' ? idFromUuid('crt', subject) : null,
  };
}

export function attentionView(row: AttentionRow): AttentionView {
  return {
    id: idFromUuid('att', row.id),
    object: 'attention',
    status: row.closed_at === null ? 'open' : 'closed',
    kind: row.kind,
    tenant: publicIdOr('ten', row.tenant_id),
    mode: row.mode,
    organization: publicIdOr('org', row.organization_id),
    ...subjectsOf(row),
    text: attentionText(row),
    details: { ...row.details },
    opened_at: new Date(row.opened_at).toISOString(),
    closed_at: row.closed_at === null ? null : new Date(row.closed_at).toISOString(),
    closed_by: row.closed_by,
    outcome: row.outcome,
    reason: row.reason,
    evidence: row.evidence,
  };
}

function publicIdOr(prefix: 'ten' | 'org' | 'pay', uuid: string | null): string | null {
  return uuid === null ? null : idFromUuid(prefix, uuid);
}
