import { randomUUID } from 'node:crypto';
import { isFinalRefund, REFUND_STATUSES } from '@tolem/domain';
import { z } from 'zod';
import { PlainFailure } from '../terminal/plain-failure.ts';
import type { DemoStage } from './demo-stage.ts';
import { tillAnswer } from './shown-payment.ts';

const START_WAIT_S = 25;
/** Short, so that a change just before the question costs little. */
const FOLLOW_WAIT_S = 5;
const STORY_TIMEOUT_MS = 60_000;

const refundAnswer = z.looseObject({
  id: z.string(),
  status: z.enum(REFUND_STATUSES),
  payment: z.string().nullable(),
  amount_display: z.string().nullable(),
  till: tillAnswer,
  next_action: z
    .looseObject({
      type: z.string(),
      qr: z.string().optional(),
      purchases: z.array(z.looseObject({ ref: z.string(), amount: z.int() })).optional(),
    })
    .nullable(),
  failure: z.looseObject({ code: z.string() }).nullable(),
});
export type ShownRefund = z.output<typeof refundAnswer>;

/** Either of a payment, or of what the buyer will pick at a desk. */
export type WantedRefund = ({ payment: string } | { desk: string }) & { amount?: number; reason?: string };

export function startRefund({ chain }: DemoStage, wanted: WantedRefund): Promise<ShownRefund> {
  return chain.call({
    method: 'POST',
    path: `/v1/refunds?wait=${START_WAIT_S}`,
    body: wanted,
    idempotencyKey: `demo-${randomUUID()}`,
    answer: refundAnswer,
  });
}

export function choosePurchase({ chain }: DemoStage, refund: string, purchase: string): Promise<ShownRefund> {
  return chain.call({
    method: 'POST',
    path: `/v1/refunds/${refund}/choose?wait=${FOLLOW_WAIT_S}`,
    body: { purchase },
    answer: refundAnswer,
  });
}

/** Until `enough`; tells each change of its status and of what the till says. */
export async function followRefund(
  stage: DemoStage,
  from: ShownRefund,
  enough: (refund: ShownRefund) => boolean = () => false,
): Promise<ShownRefund> {
  const { chain } = stage;
  let refund = from;
  const deadlineMs = performance.now() + STORY_TIMEOUT_MS;
  while (!isFinalRefund(refund.status) && !enough(refund)) {
    if (performance.now() > deadlineMs) throw new PlainFailure(`The refund ${refund.id} is still ${refund.status}.`);
    const path = `/v1/refunds/${refund.id}?wait=${FOLLOW_WAIT_S}`;
    const next = await chain.call({ method: 'GET', path, answer: refundAnswer });
    if (next.status !== refund.status || next.next_action?.type !== refund.next_action?.type) tellRefund(stage, next);
    refund = next;
  }
  return refund;
}

export function tellRefund({ story }: DemoStage, refund: ShownRefund): void {
  story.tell(
    `${refund.status}: refund ${refund.id}${refund.amount_display === null ? '' : ` of ${refund.amount_display}`}`,
  );
  story.aside(`till: "${refund.till.message.en}"`);
}

/** @throws PlainFailure where the money did not go back */
export function requireReturned(refund: ShownRefund): ShownRefund {
  if (refund.status === 'succeeded') return refund;
  const why = refund.failure === null ? '' : ` (${refund.failure.code})`;
  throw new PlainFailure(`The refund ${refund.id} ended as ${refund.status}${why}.`);
}
