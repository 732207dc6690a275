import { nextActionSchema } from '@tolem/contracts';
import { CURRENCIES, displayMoney, idFromUuid, PAYMENT_STATUSES, tillOf } from '@tolem/domain';
import { z } from 'zod';
import type { PaymentRow } from './payment-row.ts';
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
} from './view-parts.ts';

/** Enough to tell the payments of a shop apart; a provider may put it where the buyer reads it. */
const CODE_LENGTH = 6;

/** A payment as the API shows it: in answers, in lists, in events. */
export const paymentViewSchema = z.object({
  id: z.string().describe('`pay_…`'),
  object: z.literal('payment'),
  status: z.enum(PAYMENT_STATUSES),
  amount: z.int().nullable().describe('Minor units. Null where it is not known: a key that was cancelled unused.'),
  amount_display: z.string().nullable().describe('For people, e.g. `1 490.00 ₸`.'),
  currency: z.enum(CURRENCIES).nullable(),
  organization: z.string().nullable(),
  desk: z.string().nullable().describe("The chain's own id of the desk."),
  reference: z.string().nullable(),
  late: z.boolean().describe('The money came after the payment had been reported as not paid.'),
  method: z
    .object({
      type: z.string(),
      payment_methods: z.array(z.string()).describe('What the buyer may pay with, in the words of the provider.'),
    })
    .catchall(z.union([z.string(), z.array(z.string())]))
    .describe("The method's own fields are beside its type; personal ones show their last two characters only.")
    .nullable(),
  next_action: z
    .object({
      type: nextActionSchema.shape.type,
      qr: z.string().optional(),
      qr_svg: z.string().optional().describe('Path of the picture.'),
      link: z.string().optional().describe('What the buyer opens on his phone.'),
      link_qr_svg: z.string().optional().describe('Path of a picture that opens the link when it is scanned.'),
      expires_at: z.string().nullable(),
    })
    .nullable(),
  till: tillViewSchema,
  code: z.string().describe('Short, for people: what a buyer reads to the cashier to find this payment.'),
  imported: z.boolean().describe('A sale made before, taken in so that it can be refunded.'),
  paid_at: z.string().optional().describe('Of an imported one.'),
  amount_refunded: z.int(),
  amount_refundable: z
    .int()
    .describe('What is paid and neither refunded nor reserved for a refund that has not ended.'),
  receipt: z.null(),
  slip: z.record(z.string(), z.string()).nullable(),
  provider: z.object({ name: z.string(), id: z.string().nullable() }).nullable(),
  failure: failureViewSchema.nullable(),
  resolution: resolutionViewSchema
    .nullable()
    .describe('What a person decided while nobody could say whether it was paid.'),
  cancel: cancelViewSchema.nullable(),
  metadata: z.record(z.string(), z.string()),
  created_at: z.string(),
  updated_at: z.string(),
  start_by: z
    .string()
    .optional()
    .describe('While `created`: after this moment nothing is sent to the provider any more.'),
  version: z.int(),
});

export type PaymentView = z.infer<typeof paymentViewSchema>;

/** @param nowMs epoch milliseconds, for the seconds that the till counts down from */
export function paymentView(row: PaymentRow, nowMs: number): PaymentView {
  const id = idFromUuid('pay', row.id);
  const cashierKey = cashierKeyOf(row.failure);
  return {
    id,
    object: 'payment',
    status: row.status,
    amount: row.amount,
    amount_display:
      row.amount === null || row.currency === null
        ? null
        : displayMoney({ amountMinor: row.amount, currency: row.currency }),
    currency: row.currency,
    organization: row.organization_id === null ? null : idFromUuid('org', row.organization_id),
    desk: row.desk,
    reference: row.reference,
    late: row.late,
    method: methodView(row),
    next_action: nextActionView(row, id),
    till: tillOf({
      status: row.status,
      nextAction: row.next_action?.type,
      late: row.late,
      cancel: row.cancel_result === null ? null : { result: row.cancel_result },
      failureKey: cashierKey,
      expiresAtMs: row.expires_at === null ? null : Date.parse(row.expires_at),
      nowMs,
    }),
    code: id.slice(-CODE_LENGTH).toUpperCase(),
    imported: row.imported === true,
    ...(typeof row.paid_at === 'string' ? { paid_at: instant(row.paid_at) } : {}),
    amount_refunded: row.refunded,
    amount_refundable: row.status === 'succeeded' ? (row.amount ?? 0) - row.refunded - (row.reserved ?? 0) : 0,
    receipt: null,
    slip: row.slip === null ? null : { ...row.slip },
    provider: row.provider === null ? null : { name: row.provider, id: row.provider_ref },
    failure: failureView(row.failure, 'failed'),
    resolution: resolutionView(row.resolution),
    cancel: cancelView(row),
    metadata: { ...row.metadata },
    created_at: instant(row.created_at),
    updated_at: instant(row.updated_at),
    ...(row.status === 'created' && row.start_by !== null ? { start_by: instant(row.start_by) } : {}),
    version: row.version,
  };
}

function methodView(row: PaymentRow): PaymentView['method'] {
  if (row.method === null) return null;
  const own = Object.entries(row.method_data ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return { ...Object.fromEntries(own), type: row.method, payment_methods: [...row.payment_methods] };
}

/** Only while the buyer has something to do: an action of yesterday on a screen takes money that nobody waits for. */
function nextActionView(row: PaymentRow, id: string): PaymentView['next_action'] {
  if (row.status !== 'requires_customer' || row.next_action === null) return null;
  const { type, qr, link } = row.next_action;
  const picture = `/v1/payments/${id}/qr.svg`;
  return {
    type,
    ...(qr === undefined ? {} : { qr, qr_svg: picture }),
    ...(link === undefined ? {} : { link, link_qr_svg: picture }),
    expires_at: row.expires_at === null ? null : instant(row.expires_at),
  };
}
