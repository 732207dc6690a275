import type { Mode } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import { z } from 'zod';

/** What a person must look at. `unknown` is open exactly while the payment's status is; the migration of the table tells of each. */
export const ATTENTION_KINDS = [
  'unknown',
  'late',
  'duplicate',
  'amount_mismatch',
  'provider_ref_mismatch',
  'contradicted',
] as const;

export type AttentionKind = (typeof ATTENTION_KINDS)[number];

/** What a person can answer: whether an unknown payment is paid or an unknown refund carried out; everything else is only acknowledged. */
export const RESOLUTIONS = ['succeeded', 'failed', 'acknowledged'] as const;

/** The system closes with the status that the provider's answer gave the payment. */
const OUTCOMES = [...RESOLUTIONS, 'declined', 'canceled', 'expired'] as const;

type Details = Readonly<Record<string, string | number>>;

/**
 * A row as the database hands it over (`attention_row`): ids are UUIDs, times are what PostgreSQL writes into JSON.
 * Events keep the same shape, so that one renderer serves both.
 */
export interface AttentionRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly organization_id: string;
  /** UUID of the payment or of the refund. */
  readonly subject: string;
  /** Absent in events of before: a payment. */
  readonly subject_kind?: 'payment' | 'refund';
  /** UUID of the payment that the refund is of, where it is known; absent and null for a payment itself. */
  readonly payment_id?: string | null;
  readonly kind: AttentionKind;
  readonly opened_at: string;
  readonly details: Details;
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
        '`contradicted`: the provider says "not paid" of a payment that a person declared paid, or takes back the end of a refund.',
    ),
  tenant: z.string(),
  mode: z.enum(['test', 'live']),
  organization: z.string(),
  payment: z.string().nullable().describe('`pay_…`; null for a refund whose purchase is not known.'),
  refund: z.string().nullable().describe('`ref_…` where it is a refund that a person must look at.'),
  details: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .describe(
      'What was known when it was opened, as far as it applies: `amount` (minor units), `currency`, `reference`, `desk`, `provider_id`, `status_before`, ' +
        '`purchase`, `refund`, `code`, `provider_code`, `provider_message`, `provider_status`, `provider_amount`, `provider_id_told`, `other_payment`.',
    ),
  opened_at: z.string(),
  closed_at: z.string().nullable(),
  closed_by: z
    .string()
    .nullable()
    .describe('`system`: the provider answered. Otherwise `key_…` of the API key, or `operator`.'),
  outcome: z
    .enum(OUTCOMES)
    .nullable()
    .describe("A person's decision, or the status that the provider's answer gave the payment."),
  reason: z.string().nullable(),
  evidence: z.string().nullable(),
});

export type AttentionView = z.infer<typeof attentionViewSchema>;

/** `pay_…` of the payment that it is about, itself or through its refund. */
export function paymentOf({ subject, subject_kind: kind, payment_id: payment }: AttentionRow): string | null {
  if (kind !== 'refund') return idFromUuid('pay', subject);
  return payment === null || payment === undefined ? null : idFromUuid('pay', payment);
}

export function attentionView(row: AttentionRow): AttentionView {
  return {
    id: idFromUuid('att', row.id),
    object: 'attention',
    status: row.closed_at === null ? 'open' : 'closed',
    kind: row.kind,
    tenant: idFromUuid('ten', row.tenant_id),
    mode: row.mode,
    organization: idFromUuid('org', row.organization_id),
    payment: paymentOf(row),
    refund: row.subject_kind === 'refund' ? idFromUuid('ref', row.subject) : null,
    details: { ...row.details },
    opened_at: new Date(row.opened_at).toISOString(),
    closed_at: row.closed_at === null ? null : new Date(row.closed_at).toISOString(),
    closed_by: row.closed_by,
    outcome: row.outcome,
    reason: row.reason,
    evidence: row.evidence,
  };
}
