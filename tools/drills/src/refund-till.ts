import { setTimeout as pause } from 'node:timers/promises';
import { isFinalRefund, REFUND_STATUSES, type RefundStatus } from '@tolem/domain';
import { z } from 'zod';
import { type ChainServer, jsonOf } from './chain-server.ts';
import type { WantedRefund } from './wanted-refunds.ts';

const READ_WAIT_S = 5;
const AGAIN_MS = 1_000;

export const refundAnswer = z.looseObject({
  id: z.string(),
  status: z.enum(REFUND_STATUSES),
  payment: z.string().nullable(),
  amount: z.int().nullable(),
  reference: z.string().nullable(),
  version: z.int(),
  evidence: z.enum(['stated', 'inferred', 'person']).nullable(),
  provider: z.looseObject({ id: z.string().nullable(), purchase: z.string().nullable() }),
  failure: z.looseObject({ code: z.string() }).nullable(),
});
type RefundAnswer = z.output<typeof refundAnswer>;

/** Money that is to go back, as its till saw it. Times are epoch milliseconds. */
export interface AskedRefund extends WantedRefund {
  /** Idempotency-Key and reference. */
  readonly key: string;
  readonly payment: string;
  readonly sentAtMs: number;
  refund?: string;
  endedAtMs?: number;
  /** The final status that the till was told, why nothing went back, and whether only reading the bank's books showed it. */
  told?: RefundStatus;
  failure?: string;
  inferred?: boolean;
  /** Told meanwhile that nobody knows. */
  unknown?: boolean;
  /** Why the till has no final status. */
  error?: string;
}

/** POST until somebody answers, then GET until the refund has ended. Never rejects; what went wrong is in `asked`. */
export async function giveBack(
  chain: ChainServer,
  asked: AskedRefund,
  endsWithinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = asked.sentAtMs + endsWithinMs;
  try {
    let refund = await begun(chain, asked, deadlineMs, signal);
    asked.refund = refund.id;
    while (!isFinalRefund(refund.status)) {
      if (refund.status === 'unknown') asked.unknown = true;
      if (Date.now() > deadlineMs) throw new Error(`still ${refund.status} after ${endsWithinMs} ms`);
      const path = `/v1/refunds/${refund.id}?wait=${READ_WAIT_S}`;
      const answer = await chain.request({ method: 'GET', path, waitSeconds: READ_WAIT_S });
      refund = refundAnswer.parse(jsonOf(path, answer));
    }
    asked.told = refund.status;
    asked.inferred = refund.evidence === 'inferred';
    if (refund.failure !== null) asked.failure = refund.failure.code;
  } catch (error) {
    asked.error = error instanceof Error ? error.message : String(error);
  }
  asked.endedAtMs = Date.now();
}

/** Another refund of the same payment may be in doubt: its till asks again, as a cashier would. */
async function begun(
  chain: ChainServer,
  { key, payment, amountMinor, whole }: AskedRefund,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<RefundAnswer> {
  const path = '/v1/refunds';
  const body = { payment, ...(whole ? {} : { amount: amountMinor }), reference: key, reason: 'drill' };
  for (;;) {
    const answer = await chain.request({ method: 'POST', path, idempotencyKey: key, body });
    if (answer.status !== 409 || !answer.text.includes('"refund_in_doubt"') || Date.now() > deadlineMs) {
      return refundAnswer.parse(jsonOf(path, answer));
    }
    await pause(AGAIN_MS, undefined, { signal });
  }
}
