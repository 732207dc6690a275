import type { RefundState } from '@tolem/contracts';
import { type IdFactory, type RefundStatus, uuidFromId } from '@tolem/domain';

/** A message about a refund in the form that the SQL function `apply_refund_facts` takes. */
export interface RefundFact {
  /** UUID. */
  readonly refund: string;
  /** UUID of the event that tells of it; what else the fact causes gets ids beside it. */
  readonly event_id: string;
  readonly seq: number;
  readonly phase: RefundStatus;
  readonly provider_ref: string | null;
  readonly purchase_ref: string | null;
  readonly amount: number | null;
  readonly next_action: RefundState['next_action'];
  readonly failure: RefundState['failure'];
  readonly evidence: RefundState['evidence'];
}

/**
 * Undefined for what says nothing that this release understands: an unknown phase means "still pending", and a later
 * snapshot with a known one must not find its place taken. Undefined too for a subject that is no refund.
 */
export function refundFact(state: RefundState, ids: IdFactory): RefundFact | undefined {
  const refund = uuidFromId('ref', state.subject_id);
  if (refund === undefined || state.phase === null) return undefined;
  return {
    refund,
    event_id: ids.uuid(),
    seq: state.seq,
    phase: state.phase,
    provider_ref: state.provider_ref,
    purchase_ref: state.purchase_ref,
    amount: state.amount,
    next_action: state.next_action,
    failure: state.failure,
    evidence: state.evidence,
  };
}

/** What of a batch counts: per refund the newest snapshot. */
export function newestRefundFacts(facts: readonly RefundFact[]): RefundFact[] {
  const newest = new Map<string, RefundFact>();
  for (const fact of facts) {
    const held = newest.get(fact.refund);
    if (held === undefined || held.seq < fact.seq) newest.set(fact.refund, fact);
  }
  return [...newest.values()];
}
