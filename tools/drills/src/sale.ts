import { isFinal, PAYMENT_STATUSES, type PaymentStatus } from '@tolem/domain';
import { z } from 'zod';
import { type ChainCall, type ChainServer, jsonOf } from './chain-server.ts';

/** Short, so that a till at a gateway that is held goes to the other one while there is still time. */
const CREATE_WAIT_S = 2;
const READ_WAIT_S = 5;
/** Longer than the life of a QR at the simulated bank with all its questions. */
const ENDS_WITHIN_MS = 150_000;

export const paymentAnswer = z.looseObject({
  id: z.string(),
  status: z.enum(PAYMENT_STATUSES),
  late: z.boolean(),
  amount: z.int().nullable(),
  reference: z.string().nullable(),
  version: z.int(),
  amount_refunded: z.int(),
  amount_refundable: z.int(),
  created_at: z.iso.datetime().transform((text) => Date.parse(text)),
  next_action: z.looseObject({ qr: z.string().optional() }).nullable(),
  failure: z.looseObject({ code: z.string() }).nullable(),
});
export type PaymentAnswer = z.output<typeof paymentAnswer>;

/** One payment as its till saw it. Times are epoch milliseconds. */
export interface Sale {
  /** Idempotency-Key and reference. */
  readonly key: string;
  readonly desk: string;
  readonly amountMinor: number;
  readonly sentAtMs: number;
  readonly cancels: boolean;
  payment?: string;
  /** When the till could show the QR. */
  qrAtMs?: number;
  endedAtMs?: number;
  /** The final status that the till was told, and why nothing was paid. */
  told?: PaymentStatus;
  failure?: string;
  /** Why the till has no final status. */
  error?: string;
}

export interface SalesPlace {
  organization: string;
  tradePoint: string;
}

/** A till: POST until somebody answers, then GET until the payment has ended. Never rejects; what went wrong is in the sale. */
export async function sell(chain: ChainServer, place: SalesPlace, sale: Sale): Promise<void> {
  try {
    const created = await ask(chain, createCall(place, sale));
    sale.payment = created.id;
    showQr(sale, created);
    if (sale.cancels)
      await chain.request({ method: 'POST', path: '/v1/payments/cancel_by_key', body: { key: sale.key } });
    let payment = created;
    while (!isFinal(payment.status)) {
      if (Date.now() - sale.sentAtMs > ENDS_WITHIN_MS) throw new Error(`still ${payment.status}`);
      const path = `/v1/payments/${created.id}?wait=${READ_WAIT_S}`;
      payment = await ask(chain, { method: 'GET', path, waitSeconds: READ_WAIT_S });
      showQr(sale, payment);
    }
    sale.told = payment.status;
    if (payment.failure !== null) sale.failure = payment.failure.code;
  } catch (error) {
    sale.error = error instanceof Error ? error.message : String(error);
  }
  sale.endedAtMs = Date.now();
}

function createCall({ organization, tradePoint }: SalesPlace, { key, desk, amountMinor }: Sale): ChainCall {
  return {
    method: 'POST',
    path: `/v1/payments?wait=${CREATE_WAIT_S}`,
    waitSeconds: CREATE_WAIT_S,
    idempotencyKey: key,
    body: {
      ...{ organization, desk, trade_point: tradePoint, amount: amountMinor, currency: 'KZT', reference: key },
      method: { type: 'kaspi_qr' },
    },
  };
}

function showQr(sale: Sale, payment: PaymentAnswer): void {
  if (payment.next_action?.qr !== undefined) sale.qrAtMs ??= Date.now();
}

async function ask(chain: ChainServer, call: ChainCall): Promise<PaymentAnswer> {
  return paymentAnswer.parse(jsonOf(call.path, await chain.request(call)));
}
