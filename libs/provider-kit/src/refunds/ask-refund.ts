import type { PollClaim } from '@tolem/coordination';
import { inSpan } from '@tolem/observability';
import { type Asking, callAbout, withSlot } from '../polling/asking.ts';
import type { Access } from '../call.ts';
import { withDevice } from '../devices/with-device.ts';
import { failureOf } from '../failure-of.ts';
import type { RefundPlan } from '../polling/poll-plan.ts';
import { closed, identified, isChoosing, judgeIdentified } from './refund-life.ts';
import { followingReturn } from './return-refund.ts';
import type { PurchasesOutcome, Refunds } from './refunds.ts';
import type { RefundSubject } from '../subject.ts';
import type { Change } from '../subject-store.ts';

/** Asks whether the buyer has shown himself, and then what he may have refunded. */
export async function askRefund(asking: Asking, claim: PollClaim, plan: RefundPlan): Promise<void> {
  const { refunds } = asking.rooms.provider;
  if (refunds === null) throw new Error(`${claim.id} cannot be asked about: there are no refunds`);
  await withSlot(asking, claim, plan.connectionId, 'poll', (access) =>
    inSpan('refund.check', { parent: plan.traceparent ?? undefined }, async () => {
      if (plan.identifiedAt !== null) return list(asking, claim, plan, refunds, access, plan.identifiedAt);
      const askedAt = asking.clock.now();
      const call = callAbout(asking, claim, access, askedAt, plan.asked);
      const outcome = await refunds.identified(call, { customerRef: plan.customerRef });
      const now = asking.clock.now();
      const decision = judgeIdentified(plan.waiting, outcome, askedAt, now, asking.settings.timetable.graceMs);
      switch (decision.do) {
        case 'ask_again':
          return again(asking, claim, plan, decision.at);
        case 'list':
          return list(asking, claim, plan, refunds, access, now);
        case 'end':
          return change(asking, claim, (subject) => ended(subject, decision.phase, decision.failure));
      }
    }),
  );
}

/** "Not yet" moves the entry and touches nothing else. */
function again(asking: Asking, claim: PollClaim, plan: RefundPlan, at: number): Promise<void> {
  return asking.reschedule(claim, at, JSON.stringify({ ...plan, asked: plan.asked + 1 } satisfies RefundPlan));
}

async function list(
  asking: Asking,
  claim: PollClaim,
  plan: RefundPlan,
  refunds: Refunds,
  access: Access,
  identifiedAt: number,
): Promise<void> {
  const [subject] = await asking.rooms.store.load([claim.id]);
  if (subject?.kind !== 'refund' || subject.picture.record.waiting === null) return asking.finish(claim);
  const outcome = await purchasesOf(asking, claim, plan, refunds, access, subject);
  const now = asking.clock.now();
  const { chooseWithinMs } = asking.settings;
  switch (outcome.is) {
    case 'refused':
    case 'device_unknown':
      return change(asking, claim, (one) => ended(one, 'failed', outcome.failure));
    case 'unreachable':
      if (now >= identifiedAt + chooseWithinMs) {
        const failure = failureOf('provider_unavailable', 'provider_unavailable');
        return change(asking, claim, (one) => ended(one, 'failed', failure));
      }
      return again(asking, claim, { ...plan, identifiedAt }, now + plan.waiting.intervalMs);
    case 'listed':
      return change(asking, claim, (one) => {
        const following = followingReturn(one, now + chooseWithinMs);
        const picture = identified(one.picture, outcome.purchases, now, chooseWithinMs, following.id);
        const next = { ...one, picture };
        return picture.phase === 'processing' ? { next, tell: true, then: following } : { next, tell: true };
      });
  }
}

async function purchasesOf(
  asking: Asking,
  claim: PollClaim,
  plan: RefundPlan,
  refunds: Refunds,
  access: Access,
  subject: RefundSubject,
): Promise<PurchasesOutcome> {
  const askedAt = asking.clock.now();
  const { tradePointRef } = subject.picture.record;
  let calls = 0;
  const call = () => callAbout(asking, claim, access, askedAt, plan.asked + (calls += 1));
  return withDevice(asking.rooms, { subject, access, tradePointRef, call }, async (token) => {
    if (token.is === 'refused') return { is: 'refused', failure: token.failure };
    if (token.is === 'unreachable') return { is: 'unreachable', reason: token.failure.code };
    return refunds.purchases(call(), { customerRef: plan.customerRef, deviceToken: token.token });
  });
}

function ended(subject: RefundSubject, phase: 'failed' | 'canceled', failure: Parameters<typeof closed>[2]): Change {
  return { next: { ...subject, picture: closed(subject.picture, phase, failure) }, tell: true };
}

/** Changes a refund whose buyer is still waited for; whatever else it has become meanwhile stays. */
async function change(asking: Asking, claim: PollClaim, make: (subject: RefundSubject) => Change): Promise<void> {
  const result = await asking.rooms.store.change(claim.id, (subject) =>
    subject.kind === 'refund' && subject.picture.phase === 'requires_customer' && !isChoosing(subject.picture)
      ? make(subject)
      : null,
  );
  if (result !== null) await asking.plan(result.subject);
}
