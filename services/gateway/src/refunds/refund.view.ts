import { nextActionSchema, purchaseSchema } from '@tolem/contracts';
import { CURRENCIES, displayMoney, idFromUuid, REFUND_STATUSES, refundTillOf } from '@tolem/domain';
import { z } from 'zod';
import {
  cancelView,
  cancelViewSchema,
  cashierKeyOf,
  failureView,
  failureViewSchema,
  instant,
  resolutionView,
  resolutionViewSchema,
  tillViewSchema,
} from '../payments/view-parts.ts';
import type { RefundRow } from './refund-row.ts';

/** A refund as the API shows it: in answers, in lists, in events. */
export const refundViewSchema = z.object({
  id: z.string().describe('`ref_…`'),
  object: z.literal('refund'),
  status: z.enum(REFUND_STATUSES),
  payment: z
    .string()
    .nullable()
    .describe('`pay_…`. Null until the buyer has picked a purchase, and for one that was not made through this API.'),
  organization: z.string(),
  desk: z.string().describe("The chain's own id of the desk that asked."),
  amount: z.int().nullable().describe('Minor units. Null until the purchase is chosen.'),
  amount_display: z.string().nullable().describe('For people, e.g. `1 490.00 ₸`.'),
  currency: z.enum(CURRENCIES),
  source: z
    .enum(['api', 'late', 'external'])
    .describe(
      '`api`: asked for. `late`: money that came after "not paid", sent back by itself. `external`: returned by other means and recorded.',
    ),
  late_refund: z.boolean().describe('The same as the source `late`.'),
  reference: z.string().nullable(),
  reason: z.string().nullable(),
  next_action: z
    .object({
      type: nextActionSchema.shape.type,
      qr: z.string().optional(),
      qr_svg: z.string().optional().describe('Path of the picture.'),
      purchases: z.array(purchaseSchema).optional().describe('What the cashier chooses from.'),
      expires_at: z.string().nullable(),
    })
    .nullable(),
  till: tillViewSchema,
  provider: z.object({
    name: z.string(),
    id: z.string().nullable().describe("The provider's own id of the refund."),
    purchase: z.string().nullable().describe("The provider's own id of the purchase."),
  }),
  failure: failureViewSchema.nullable(),
  evidence: z
    .enum(['stated', 'inferred', 'person'])
    .nullable()
    .describe('How it is known how it ended: the provider said so, it follows from what it said, or a person decided.'),
  resolution: resolutionViewSchema
    .nullable()
    .describe('What a person decided while nobody could say whether the money went back.'),
  cancel: cancelViewSchema.nullable(),
  metadata: z.record(z.string(), z.string()),
  created_at: z.string(),
  updated_at: z.string(),
  version: z.int(),
});

export type RefundView = z.infer<typeof refundViewSchema>;

/** @param nowMs epoch milliseconds, for the seconds that the till counts down from */
export function refundView(row: RefundRow, nowMs: number): RefundView {
  const id = idFromUuid('ref', row.id);
  const cashierKey = cashierKeyOf(row.failure);
  return {
    id,
    object: 'refund',
    status: row.status,
    payment: row.payment_id === null ? null : idFromUuid('pay', row.payment_id),
    organization: idFromUuid('org', row.organization_id),
    desk: row.desk,
    amount: row.amount,
    amount_display: row.amount === null ? null : displayMoney({ amountMinor: row.amount, currency: row.currency }),
    currency: row.currency,
    source: row.source,
    late_refund: row.source === 'late',
    reference: row.reference,
    reason: row.reason,
    next_action: nextActionView(row, id),
    till: refundTillOf({
      status: row.status,
      nextAction: row.next_action?.type,
      failureKey: cashierKey,
      expiresAtMs: row.expires_at === null ? null : Date.parse(row.expires_at),
      nowMs,
    }),
    provider: { name: row.provider, id: row.provider_ref, purchase: row.purchase_ref },
    failure: failureView(row.failure, 'refund_failed'),
    evidence: row.evidence,
    resolution: resolutionView(row.resolution),
    cancel: cancelView(row),
    metadata: { ...row.metadata },
    created_at: instant(row.created_at),
    updated_at: instant(row.updated_at),
    version: row.version,
  };
}

/** Only while somebody has something to do. */
function nextActionView(row: RefundRow, id: string): RefundView['next_action'] {
  if (row.status !== 'requires_customer' || row.next_action === null) return null;
  const { type, qr, purchases } = row.next_action;
  return {
    type,
    ...(qr === undefined ? {} : { qr, qr_svg: `/v1/refunds/${id}/qr.svg` }),
    ...(purchases === undefined ? {} : { purchases: purchases.map((one) => ({ ...one })) }),
    expires_at: row.expires_at === null ? null : instant(row.expires_at),
  };
}
