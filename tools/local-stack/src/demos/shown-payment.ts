import { randomUUID } from 'node:crypto';
import { isFinal, PAYMENT_STATUSES } from '@tolem/domain';
import { z } from 'zod';
import { drawQr } from '../onboarding/pay-demo.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import type { DemoStage } from './demo-stage.ts';

const START_WAIT_S = 25;
/** Short, so that a change just before the question costs little. */
const FOLLOW_WAIT_S = 5;
const STORY_TIMEOUT_MS = 60_000;

export const tillAnswer = z.looseObject({ message: z.looseObject({ en: z.string() }) });

const paymentAnswer = z.looseObject({
  id: z.string(),
  status: z.enum(PAYMENT_STATUSES),
  amount_display: z.string().nullable(),
  amount_refunded: z.int(),
  amount_refundable: z.int(),
  code: z.string(),
  till: tillAnswer,
  next_action: z.looseObject({ type: z.string(), qr: z.string().optional(), link: z.string().optional() }).nullable(),
  provider: z.looseObject({ id: z.string().nullable() }).nullable(),
  failure: z.looseObject({ code: z.string() }).nullable(),
});
export type ShownPayment = z.output<typeof paymentAnswer>;

/** Where a till stands. */
export interface TillPlace {
  organization: string;
  desk: string;
}

export interface Sale {
  place: TillPlace;
  amountMinor: number;
  method: { type: string } & Record<string, string>;
}

/** Asks for the money; answers when the buyer has something to do, or it is over. */
export function startPayment({ chain }: DemoStage, { place, amountMinor, method }: Sale): Promise<ShownPayment> {
  const id = randomUUID();
  return chain.call({
    method: 'POST',
    path: `/v1/payments?wait=${START_WAIT_S}`,
    body: { ...place, amount: amountMinor, currency: 'KZT', method, reference: `demo-${id}` },
    idempotencyKey: `demo-${id}`,
    answer: paymentAnswer,
  });
}

export function readPayment({ chain }: DemoStage, id: string, waitS = 0): Promise<ShownPayment> {
  return chain.call({ method: 'GET', path: `/v1/payments/${id}?wait=${waitS}`, answer: paymentAnswer });
}

/** Asks the bank now, as a cashier's button does. */
export function refreshPayment({ chain }: DemoStage, id: string): Promise<ShownPayment> {
  return chain.call({
    method: 'POST',
    path: `/v1/payments/${id}/refresh?wait=${FOLLOW_WAIT_S}`,
    answer: paymentAnswer,
  });
}

/** Until it has ended; tells each change of its status and of what the till says. */
export async function followPayment(stage: DemoStage, from: ShownPayment): Promise<ShownPayment> {
  let payment = from;
  const deadlineMs = performance.now() + STORY_TIMEOUT_MS;
  while (!isFinal(payment.status)) {
    if (performance.now() > deadlineMs) throw new PlainFailure(`The payment ${payment.id} is still ${payment.status}.`);
    const next = await readPayment(stage, payment.id, FOLLOW_WAIT_S);
    if (next.status !== payment.status) tellPayment(stage, next);
    payment = next;
  }
  return payment;
}

export function tellPayment({ story }: DemoStage, payment: ShownPayment): void {
  story.tell(`${payment.status}: payment ${payment.id} of ${payment.amount_display ?? ''}`);
  story.aside(`till: "${payment.till.message.en}"`);
}

/** The bank's own id. @throws PlainFailure where the payment was not started, with what became of it */
export function bankIdOf(payment: ShownPayment): string {
  const id = payment.provider?.id;
  if (id != null && payment.status === 'requires_customer') return id;
  throw new PlainFailure(`The payment ${payment.id} is ${payment.status}${becauseOf(payment)}.`);
}

const becauseOf = ({ failure }: ShownPayment): string => (failure === null ? '' : ` (${failure.code})`);

export async function showQr({ story, isTerminal }: DemoStage, text: string): Promise<void> {
  for (const row of (await drawQr(text, isTerminal)).split('\n')) story.line(`    ${row}`);
}

/** A sale by QR that a buyer pays with his own hands. @throws PlainFailure where it is not paid */
export async function paidSale(stage: DemoStage, sale: Omit<Sale, 'method'>, buyer: string): Promise<ShownPayment> {
  const { bank, story } = stage;
  const started = await bank.withBuyersAway(() => startPayment(stage, { ...sale, method: { type: 'kaspi_qr' } }));
  tellPayment(stage, started);
  const bankId = bankIdOf(started);
  await bank.scan(bankId, buyer);
  await bank.confirm(bankId, buyer);
  story.tell('the buyer scans the QR and confirms');
  const paid = await followPayment(stage, started);
  if (paid.status === 'succeeded') return paid;
  throw new PlainFailure(`The payment ${paid.id} ended as ${paid.status}${becauseOf(paid)}.`);
}
