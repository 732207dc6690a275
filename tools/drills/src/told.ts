import { PAYMENT_STATUSES, type PaymentStatus, REFUND_STATUSES, type RefundStatus } from '@tolem/domain';
import { z } from 'zod';

/** An event, read by cursor or delivered as a webhook: the two look the same. */
export const eventAnswer = z.looseObject({
  id: z.string(),
  type: z.string(),
  data: z.looseObject({ object: z.looseObject({ object: z.string(), id: z.string() }) }),
});
export type EventAnswer = z.output<typeof eventAnswer>;

/** What one event said about a payment or a refund. */
export interface Told<Status extends string> {
  /** `evt_…` */
  event: string;
  /** `pay_…` or `ref_…` */
  of: string;
  status: Status;
  version: number;
  /** Of a payment: the money came after the till was told that there is none. */
  late: boolean;
}
export type ToldPayment = Told<PaymentStatus>;
export type ToldRefund = Told<RefundStatus>;

const versioned = { id: z.string(), version: z.int() };
const paymentInEvent = z.looseObject({
  ...versioned,
  object: z.literal('payment'),
  status: z.enum(PAYMENT_STATUSES),
  late: z.boolean(),
});
const refundInEvent = z.looseObject({
  ...versioned,
  object: z.literal('refund'),
  status: z.enum(REFUND_STATUSES),
});

/** What events have said, each once, in the order in which they came. */
export class ToldBook {
  readonly payments: ToldPayment[] = [];
  readonly refunds: ToldRefund[] = [];
  private readonly known = new Set<string>();

  /** False: this event was here before. */
  take({ id: event, data: { object } }: EventAnswer): boolean {
    if (this.known.has(event)) return false;
    this.known.add(event);
    const payment = paymentInEvent.safeParse(object).data;
    if (payment !== undefined) {
      const { id: of, status, late, version } = payment;
      this.payments.push({ event, of, status, late, version });
    }
    const refund = refundInEvent.safeParse(object).data;
    if (refund !== undefined) {
      const { id: of, status, version } = refund;
      this.refunds.push({ event, of, status, version, late: false });
    }
    return true;
  }
}
