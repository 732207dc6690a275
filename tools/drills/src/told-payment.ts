import { PAYMENT_STATUSES } from '@tolem/domain';
import { z } from 'zod';

/** An event, read by cursor or delivered as a webhook: the two look the same. */
export const eventAnswer = z.looseObject({
  id: z.string(),
  type: z.string(),
  data: z.looseObject({ object: z.looseObject({ object: z.string(), id: z.string() }) }),
});
export type EventAnswer = z.output<typeof eventAnswer>;

const paymentInEvent = z.looseObject({
  object: z.literal('payment'),
  id: z.string(),
  status: z.enum(PAYMENT_STATUSES),
  late: z.boolean(),
  version: z.int(),
});

/** What one event said about a payment. */
export interface ToldPayment extends Pick<z.output<typeof paymentInEvent>, 'status' | 'late' | 'version'> {
  /** `evt_…` */
  event: string;
  payment: string;
}

/** Undefined where an event is about something else. */
export function toldPayment({ id: event, data }: EventAnswer): ToldPayment | undefined {
  const { data: told } = paymentInEvent.safeParse(data.object);
  if (told === undefined) return undefined;
  const { id: payment, status, late, version } = told;
  return { event, payment, status, late, version };
}
