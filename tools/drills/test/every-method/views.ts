import { z } from 'zod';

const words = z.looseObject({ ru: z.string().min(1), kk: z.string().min(1), en: z.string().min(1) });
const failure = z.looseObject({ code: z.string() }).nullable();
const cancel = z.looseObject({ result: z.string().nullable() }).nullable();
const till = z.looseObject({ screen: z.string(), hand_over_goods: z.boolean().optional(), message: words });

/** As much of each answer as the cases look at. */
export const paymentView = z.looseObject({
  ...{
    id: z.string(),
    status: z.string(),
    amount: z.int(),
    code: z.string(),
    imported: z.boolean(),
    late: z.boolean(),
  },
  ...{ amount_refunded: z.int(), amount_refundable: z.int(), till, failure, cancel },
  next_action: z
    .looseObject({
      ...{ type: z.string(), qr: z.string().optional(), link: z.string().optional() },
      link_qr_svg: z.string().optional(),
    })
    .nullable(),
  provider: z.looseObject({ id: z.string().nullable() }),
});
export type Payment = z.output<typeof paymentView>;

export const refundView = z.looseObject({
  ...{ id: z.string(), status: z.string(), source: z.string(), evidence: z.string().nullable(), till, failure },
  amount: z.int().nullable(),
  next_action: z
    .looseObject({
      ...{ type: z.string(), qr: z.string().optional() },
      purchases: z.array(z.looseObject({ ref: z.string(), amount: z.int() })).optional(),
    })
    .nullable(),
  provider: z.looseObject({ id: z.string().nullable(), purchase: z.string().nullable() }),
});
export type Refund = z.output<typeof refundView>;

export const deskView = z.looseObject({
  status: z.string(),
  devices: z.array(z.looseObject({ provider: z.string(), status: z.string() })),
});

export const connectionView = z.looseObject({
  ...{ id: z.string(), status: z.string(), health: z.string(), checked_at: z.string().nullable() },
  onboarding: z.looseObject({ status: z.string() }).nullable(),
});

export const certificateView = z.looseObject({
  ...{ id: z.string(), status: z.string(), csr: z.string().nullable(), active_version: z.int().nullable() },
  days_left: z.int().nullable(),
  replace: z.looseObject({ status: z.string(), version: z.int() }).nullable(),
});

export const attentionView = z.looseObject({ kind: z.string() });

export const problemView = z.looseObject({ code: z.string(), cashier_message: words.optional() });

export const withId = z.looseObject({ id: z.string() });
export const listOf = <S extends z.ZodType>(one: S) =>
  z.looseObject({ data: z.array(one), next: z.string().nullable(), has_more: z.boolean().optional() });
