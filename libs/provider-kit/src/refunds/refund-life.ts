import type { Failure, NextAction, Purchase } from '@tolem/contracts';
import { type CashierKey, refundCanMove, type RefundStatus } from '@tolem/domain';
import { failureOf } from '../failure-of.ts';
import type { RefundPicture, RefundRecord, ShowingUntil } from './refund-picture.ts';
import type { BuyersPurchase, IdentifiedOutcome, InviteOutcome } from './refunds.ts';

/**
 * The life of a refund as the provider's side sees it: pure decisions, no clock, no database. Where the buyer must show
 * himself he is waited for until his code's life is over, then the cashier's choice of the purchase; either may end it,
 * because no money has moved. From the moment at which money may move only the provider's books end it.
 */

/** Most purchases that a cashier is shown at once; the message holds no more. */
const MAX_OFFERED = 50;

/** A refund that the gateway asks for. */
export function asked(
  record: Pick<RefundRecord, 'paymentId' | 'purchaseRef' | 'amountMinor' | 'currency' | 'tradePointRef' | 'lane'>,
): RefundPicture {
  return {
    phase: 'pending',
    providerRef: null,
    lookAt: null,
    record: {
      ...record,
      customerRef: null,
      nextAction: null,
      waiting: null,
      returnOperation: null,
      failure: null,
      evidence: 'stated',
    },
  };
}

/** The buyer has a code to scan. */
export function invited(
  picture: RefundPicture,
  outcome: Extract<InviteOutcome, { is: 'started' }>,
  now: number,
): RefundPicture {
  const { intervalMs, customerWithinMs } = outcome.waiting;
  const until = now + customerWithinMs;
  return {
    ...picture,
    phase: 'requires_customer',
    lookAt: until,
    record: {
      ...picture.record,
      customerRef: outcome.customerRef,
      nextAction: shownUntil(outcome.nextAction, until),
      waiting: { intervalMs, until },
    },
  };
}

/** What an answer to "has the buyer shown himself?" asks for. */
export type IdentifiedDecision =
  | { readonly do: 'ask_again'; readonly at: number }
  | { readonly do: 'list' }
  | { readonly do: 'end'; readonly phase: 'canceled'; readonly failure: Failure };

/** @param askedAt when the question left: only one that left after the time was over can end it */
export function judgeIdentified(
  waiting: ShowingUntil,
  outcome: IdentifiedOutcome,
  askedAt: number,
  now: number,
  graceMs: number,
): IdentifiedDecision {
  switch (outcome.is) {
    case 'identified':
      return { do: 'list' };
    case 'over':
      return { do: 'end', phase: 'canceled', failure: outcome.failure };
    case 'pending':
    case 'unreachable':
      // No money moves by showing oneself, so silence ends it as well as "not yet".
      return askedAt < waiting.until + graceMs
        ? { do: 'ask_again', at: now + waiting.intervalMs }
        : { do: 'end', phase: 'canceled', failure: failureOf('refund_expired', 'refund_expired') };
  }
}

/**
 * The buyer has shown himself. A refund that names its purchase and its amount goes on by itself where the buyer has
 * that purchase; else the cashier chooses.
 */
export function identified(
  picture: RefundPicture,
  purchases: readonly BuyersPurchase[],
  now: number,
  chooseWithinMs: number,
  returnOperation: string,
): RefundPicture {
  const { purchaseRef, amountMinor } = picture.record;
  const isThere = purchases.some(({ ref }) => ref === purchaseRef);
  if (isThere && amountMinor !== null) return returning(picture, {}, returnOperation);
  const offered = purchases.filter(isPriced).slice(0, MAX_OFFERED);
  if (offered.length === 0) return closed(picture, 'failed', failureOf('purchase_not_found', 'refund_not_possible'));
  const until = now + chooseWithinMs;
  return {
    ...picture,
    lookAt: until,
    record: {
      ...picture.record,
      nextAction: shownUntil({ type: 'choose_purchase', purchases: offered }, until),
      waiting: null,
    },
  };
}

function isPriced(purchase: BuyersPurchase): purchase is Purchase {
  return purchase.amount !== null;
}

/** Which purchase, and how much of it. */
export interface Choice {
  readonly paymentId: string | null;
  readonly purchaseRef: string;
  readonly amountMinor: number;
}

/** The cashier has chosen; null where the refund does not wait for a choice, or not for this one. */
export function chosen(picture: RefundPicture, choice: Choice, returnOperation: string): RefundPicture | null {
  if (!isChoosing(picture)) return null;
  const isOffered = picture.record.nextAction?.purchases?.some(({ ref }) => ref === choice.purchaseRef) ?? false;
  return isOffered ? returning(picture, choice, returnOperation) : null;
}

export function isChoosing({ phase, record }: RefundPicture): boolean {
  return phase === 'requires_customer' && record.nextAction?.type === 'choose_purchase';
}

/** Nobody has chosen in time; null where nobody waits for a choice, or its time is not over. */
export function abandoned(picture: RefundPicture, now: number): RefundPicture | null {
  if (!isChoosing(picture) || picture.lookAt === null || now < picture.lookAt) return null;
  return closed(picture, 'canceled', failureOf('refund_abandoned', 'refund_canceled'));
}

/** From here on money may move, by this one operation. */
function returning(picture: RefundPicture, choice: Partial<Choice>, returnOperation: string): RefundPicture {
  return {
    ...picture,
    phase: 'processing',
    lookAt: null,
    record: { ...picture.record, ...choice, nextAction: null, waiting: null, returnOperation },
  };
}

/** It ends without money having moved. What has ended already stays as it is. */
export function closed(picture: RefundPicture, phase: 'failed' | 'canceled', failure: Failure | null): RefundPicture {
  return moved(picture, phase, { failure: failure === null ? null : inWordsOfARefund(failure) });
}

/** Texts that do not speak of a payment. What befell the device, or the way to the provider, is told in those that do. */
const OF_REFUNDS: ReadonlySet<string> = new Set<CashierKey>([
  'desk_setup',
  'provider_overloaded',
  'refund_failed',
  'refund_canceled',
  'refund_expired',
  'refund_by_hand',
  'refund_too_much',
  'refund_only_whole',
  'refund_other_trade_point',
  'refund_not_possible',
]);

function inWordsOfARefund(failure: Failure): Failure {
  return OF_REFUNDS.has(failure.cashier_key) ? failure : { ...failure, cashier_key: 'refund_failed' };
}

/** The money has gone back. @param providerRef null where reading showed it, which tells no id */
export function returned(
  picture: RefundPicture,
  providerRef: string | null,
  evidence: RefundRecord['evidence'],
): RefundPicture {
  return moved({ ...picture, providerRef }, 'succeeded', { failure: null, evidence });
}

/** A call that returns money got no answer, and reading did not show what became of it. */
export function refundInDoubt(picture: RefundPicture, failure: Failure): RefundPicture {
  return moved(picture, 'unknown', { failure, evidence: 'inferred' });
}

function moved(picture: RefundPicture, phase: RefundStatus, news: Partial<RefundRecord>): RefundPicture {
  if (!refundCanMove(picture.phase, phase)) return picture;
  return { ...picture, phase, lookAt: null, record: { ...picture.record, nextAction: null, waiting: null, ...news } };
}

function shownUntil(action: NextAction, until: number): NextAction {
  return { ...action, expires_at: new Date(until).toISOString() };
}
