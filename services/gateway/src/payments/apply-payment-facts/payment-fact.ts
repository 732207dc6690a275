import type { PaymentProgress, PaymentState } from '@tolem/contracts';
import { type IdFactory, type PaymentStatus, uuidFromId } from '@tolem/domain';

/** A message about a payment in the form that the SQL function `apply_payment_facts` takes. */
export type PaymentFact =
  | {
      readonly kind: 'state';
      /** UUID. */
      readonly payment: string;
      /** UUID of the event that tells of it; what else the fact causes gets ids beside it. */
      readonly event_id: string;
      readonly seq: number;
      readonly phase: PaymentStatus;
      readonly provider_ref: string | null;
      readonly amount: number | null;
      readonly next_action: PaymentState['next_action'];
      readonly payment_methods: readonly string[];
      readonly slip: PaymentState['slip'];
      readonly cancel_result: string | null;
      readonly failure: PaymentState['failure'];
    }
  | {
      readonly kind: 'progress';
      readonly payment: string;
      readonly event_id: string;
      readonly phase: PaymentStatus;
      readonly expires_at: string | null;
    };

/**
 * Undefined for what says nothing that this release understands: an unknown phase means "still pending", and a later
 * snapshot with a known one must not find its place taken. Undefined too for a subject that is no payment.
 */
export function stateFact(state: PaymentState, ids: IdFactory): PaymentFact | undefined {
  const payment = uuidFromId('pay', state.subject_id);
  if (payment === undefined || state.phase === null) return undefined;
  return {
    kind: 'state',
    payment,
    event_id: ids.uuid(),
    seq: state.seq,
    phase: state.phase,
    provider_ref: state.provider_ref,
    amount: state.amount,
    next_action: state.next_action,
    payment_methods: state.payment_methods,
    slip: state.slip,
    cancel_result: state.cancel?.result ?? null,
    failure: state.failure,
  };
}

export function progressFact(progress: PaymentProgress, ids: IdFactory): PaymentFact | undefined {
  const payment = uuidFromId('pay', progress.subject_id);
  if (payment === undefined || progress.phase === null) return undefined;
  return {
    kind: 'progress',
    payment,
    event_id: ids.uuid(),
    phase: progress.phase,
    expires_at: progress.expires_at,
  };
}

/**
 * What of a batch counts: per payment the newest snapshot, and the newest that tells of money, because money received
 * outranks whatever comes after it; all progress.
 */
export function newestFacts(facts: readonly PaymentFact[]): PaymentFact[] {
  const newest = new Map<string, Extract<PaymentFact, { kind: 'state' }>>();
  const others: PaymentFact[] = [];
  for (const fact of facts) {
    if (fact.kind === 'progress') {
      others.push(fact);
      continue;
    }
    const keys = fact.phase === 'succeeded' ? [fact.payment, `${fact.payment} paid`] : [fact.payment];
    for (const key of keys) {
      const held = newest.get(key);
      if (held === undefined || held.seq < fact.seq) newest.set(key, fact);
    }
  }
  return [...new Set(newest.values()), ...others];
}
