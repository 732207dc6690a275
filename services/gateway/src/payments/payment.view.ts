import { cancelResultSchema, nextActionSchema } from '@tolem/contracts';
import {
  CASHIER_KEYS,
  type CashierKey,
  CURRENCIES,
  cashierText,
  displayMoney,
  idFromUuid,
  PAYMENT_STATUSES,
  TILL_SCREENS,
  tillOf,
} from '@tolem/domain';
import { z } from 'zod';
import type { PaymentRow } from './payment-row.ts';

const textSchema = z.object({ ru: z.string(), kk: z.string(), en: z.string() });

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
    .nullable(),
  next_action: z
    .object({
      type: nextActionSchema.shape.type,
      qr: z.string().optional(),
      qr_svg: z.string().optional().describe('Path of the picture.'),
      expires_at: z.string().nullable(),
    })
    .nullable(),
  till: z.object({
    screen: z.enum(TILL_SCREENS),
    hand_over_goods: z.boolean(),
    may_start_another: z.boolean(),
    hide_qr: z.boolean(),
    seconds_left: z.int().nullable(),
    message: textSchema,
  }),
  amount_refunded: z.int(),
  amount_refundable: z.int(),
  receipt: z.null(),
  slip: z.record(z.string(), z.string()).nullable(),
  provider: z.object({ name: z.string(), id: z.string().nullable() }).nullable(),
  failure: z
    .object({
      code: z.string(),
      provider_code: z.string().nullable(),
      provider_message: z.string().nullable(),
      cashier_message: textSchema,
    })
    .nullable(),
  resolution: z
    .object({
      attention: z.string().describe('`att_…`: who, why and on what evidence.'),
      outcome: z.enum(['succeeded', 'failed']),
      at: z.string(),
      confirmed: z.boolean().describe('The provider has said the same since.'),
    })
    .nullable()
    .describe('What a person decided while nobody could say whether it was paid.'),
  cancel: z.object({ requested_at: z.string(), result: cancelResultSchema }).nullable(),
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
  const cashierKey = cashierKeyOf(row);
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
    method: row.method === null ? null : { type: row.method, payment_methods: [...row.payment_methods] },
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
    amount_refunded: row.refunded,
    // Nothing can be refunded through this API before it has refunds; a number above zero would promise otherwise.
    amount_refundable: 0,
    receipt: null,
    slip: row.slip === null ? null : { ...row.slip },
    provider: row.provider === null ? null : { name: row.provider, id: row.provider_ref },
    failure:
      row.failure === null
        ? null
        : {
            code: row.failure.code,
            provider_code: row.failure.provider_code,
            provider_message: row.failure.provider_message,
            cashier_message: cashierText(cashierKey ?? 'failed'),
          },
    resolution: resolutionView(row),
    cancel:
      row.cancel_requested_at === null || row.cancel_result === null
        ? null
        : { requested_at: instant(row.cancel_requested_at), result: row.cancel_result },
    metadata: { ...row.metadata },
    created_at: instant(row.created_at),
    updated_at: instant(row.updated_at),
    ...(row.status === 'created' && row.start_by !== null ? { start_by: instant(row.start_by) } : {}),
    version: row.version,
  };
}

/** Only while the buyer has something to do: an action of yesterday on a screen takes money that nobody waits for. */
function nextActionView(row: PaymentRow, id: string): PaymentView['next_action'] {
  if (row.status !== 'requires_customer' || row.next_action === null) return null;
  const { type, qr } = row.next_action;
  return {
    type,
    ...(qr === undefined ? {} : { qr, qr_svg: `/v1/payments/${id}/qr.svg` }),
    expires_at: row.expires_at === null ? null : instant(row.expires_at),
  };
}

function resolutionView({ resolution }: PaymentRow): PaymentView['resolution'] {
  if (resolution === null || resolution === undefined) return null;
  const { attention, outcome, at, confirmed } = resolution;
  return { attention: idFromUuid('att', attention), outcome, at: instant(at), confirmed };
}

/** A neighbouring release may know texts that this one does not; then the usual text of the status stands. */
function cashierKeyOf(row: PaymentRow): CashierKey | null {
  return CASHIER_KEYS.find((key) => key === row.failure?.cashier_key) ?? null;
}

function instant(fromDatabase: string): string {
  return new Date(fromDatabase).toISOString();
}
