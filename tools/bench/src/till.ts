import { isFinal, PAYMENT_STATUSES } from '@tolem/domain';
import { z } from 'zod';
import type { HttpLoad, LoadAnswer } from './http-load.ts';

const WAIT_S = 25;
/** A payment that is not final by then never ends for its till. */
const MOST_REQUESTS = 12;
export const AMOUNT_MINOR = 149_000;

const paymentAnswer = z.looseObject({
  id: z.string(),
  status: z.enum(PAYMENT_STATUSES),
  next_action: z.looseObject({ qr: z.string().optional() }).nullable(),
});
type Payment = z.output<typeof paymentAnswer>;

/** One payment as its till saw it. Times named `…AtMs` are epoch ms, the others durations of the monotonic clock. */
export interface TillRecord {
  payment: string | null;
  /** When the POST was sent. */
  sentAtMs: number;
  /** From the POST to the last byte of the answer that carried the QR. */
  createToQrMs: number | null;
  /** When the last byte of the final answer came. */
  endedAtMs: number;
  lifeMs: number;
  requests: number;
  /** Undefined: succeeded. */
  error: string | undefined;
}

export interface TillPlace {
  organization: string;
  desk: string;
}

/** Unique among all runs, so that no payment of an earlier one answers. */
export const createRequest = (place: TillPlace, key: string) =>
  ({
    method: 'POST',
    path: '/v1/payments',
    idempotencyKey: key,
    body: JSON.stringify({
      organization: place.organization,
      desk: place.desk,
      amount: AMOUNT_MINOR,
      currency: 'KZT',
      method: { type: 'kaspi_qr' },
      reference: key,
    }),
  }) as const;

/** POST with wait until there is a QR, then GET with wait until the payment is final, as a till's program would. */
export async function runTill(load: HttpLoad, place: TillPlace, key: string): Promise<TillRecord> {
  const startedMs = performance.now();
  const record: TillRecord = {
    payment: null,
    sentAtMs: Date.now(),
    createToQrMs: null,
    endedAtMs: 0,
    lifeMs: 0,
    requests: 0,
    error: undefined,
  };
  try {
    const create = createRequest(place, key);
    let payment = paymentIn('POST', await load.request({ ...create, path: `${create.path}?wait=${WAIT_S}` }), 201);
    record.requests += 1;
    record.payment = payment.id;
    for (;;) {
      if (record.createToQrMs === null && payment.next_action?.qr !== undefined) {
        record.createToQrMs = performance.now() - startedMs;
      }
      if (isFinal(payment.status)) break;
      if (record.requests >= MOST_REQUESTS) throw new Error(`still ${payment.status} after ${record.requests} answers`);
      const path = `/v1/payments/${payment.id}?wait=${WAIT_S}`;
      payment = paymentIn('GET', await load.request({ method: 'GET', path }), 200);
      record.requests += 1;
    }
    if (payment.status !== 'succeeded') record.error = `a payment ended as ${payment.status}`;
    else if (record.createToQrMs === null) record.error = 'a payment succeeded without a QR at its till';
  } catch (error) {
    record.error = error instanceof Error ? error.message : String(error);
  }
  record.endedAtMs = Date.now();
  record.lifeMs = performance.now() - startedMs;
  return record;
}

/** @throws Error naming what was answered instead */
export function paymentIn(call: string, answer: LoadAnswer, expected: number): Payment {
  if (answer.status !== expected) throw new Error(`${call} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  return paymentAnswer.parse(JSON.parse(answer.text));
}
