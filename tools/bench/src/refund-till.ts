import { isFinalRefund, REFUND_STATUSES } from '@tolem/domain';
import { z } from 'zod';
import type { HttpLoad, LoadAnswer } from './http-load.ts';

const WAIT_S = 25;
/** About two minutes: a refund whose answer was lost takes as long as it takes to be certain. */
const MOST_REQUESTS = 12;

const refundAnswer = z.looseObject({ id: z.string(), status: z.enum(REFUND_STATUSES) });

/** A sale whose money is to go back. */
export interface Sold {
  /** Our id. */
  payment: string;
  /** The bank's. */
  bankId: string;
}

/** One refund as its till saw it. Times named `…AtMs` are epoch ms. */
export interface RefundRecord {
  sold: Sold;
  amountMinor: number;
  sentAtMs: number;
  endedAtMs: number;
  /** Of the monotonic clock. */
  tookMs: number;
  /** `none` where no answer told one. */
  status: (typeof REFUND_STATUSES)[number] | 'none';
  /** Undefined: it ended. */
  error: string | undefined;
}

/** POST with wait, then GET with wait until the refund has ended, as a till's program would. */
export async function runRefundTill(
  load: HttpLoad,
  sold: Sold,
  amountMinor: number,
  key: string,
): Promise<RefundRecord> {
  const startedMs = performance.now();
  const record: RefundRecord = {
    ...{ sold, amountMinor, sentAtMs: Date.now(), endedAtMs: 0, tookMs: 0 },
    ...{ status: 'none', error: undefined },
  };
  try {
    const body = JSON.stringify({ payment: sold.payment, amount: amountMinor });
    const create = { method: 'POST', path: `/v1/refunds?wait=${WAIT_S}`, idempotencyKey: key, body } as const;
    let refund = refundIn('POST', await load.request(create), 201);
    for (let requests = 1; !isFinalRefund(refund.status); requests += 1) {
      record.status = refund.status;
      if (requests >= MOST_REQUESTS) throw new Error(`still ${refund.status} after ${requests} answers`);
      const path = `/v1/refunds/${refund.id}?wait=${WAIT_S}`;
      refund = refundIn('GET', await load.request({ method: 'GET', path }), 200);
    }
    record.status = refund.status;
  } catch (error) {
    record.error = error instanceof Error ? error.message : String(error);
  }
  record.endedAtMs = Date.now();
  record.tookMs = performance.now() - startedMs;
  return record;
}

function refundIn(call: string, answer: LoadAnswer, expected: number): z.output<typeof refundAnswer> {
  if (answer.status !== expected) throw new Error(`${call} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  return refundAnswer.parse(JSON.parse(answer.text));
}
