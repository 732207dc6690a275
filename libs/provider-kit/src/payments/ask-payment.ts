import type { PollClaim } from '@tolem/coordination';
import { isOpen } from '@tolem/domain';
import { inSpan } from '@tolem/observability';
import { type Asking, callAbout, withSlot } from '../polling/asking.ts';
import { toVerify } from './judge-books.ts';
import { type Decision, judge } from './judge-payment.ts';
import { isNews } from './payment-life.ts';
import type { CheckOutcome, PaymentMethod } from './payment-method.ts';
import type { PaymentPicture } from './payment-picture.ts';
import { openPicture, type Plan } from '../polling/poll-plan.ts';
import { progressOf } from '../snapshot.ts';
import type { Subject } from '../subject.ts';
import type { Change } from '../subject-store.ts';
import { type JustPaid, justPaid, keptForVerifying, verifyPaid } from './verify-paid.ts';

/** Asks how a payment is; where it is paid, what was really paid, in a slot that no waiting till needs. */
export async function askPayment(asking: Asking, claim: PollClaim, plan: Plan): Promise<void> {
  const found: { paid?: JustPaid | undefined } = {};
  const slot = plan.waiting === null ? 'background' : 'poll';
  await withSlot(asking, claim, plan.connectionId, slot, async (access) => {
    const method = asking.rooms.provider.methods.find((candidate) => candidate.type === plan.method);
    if (method === undefined) throw new Error(`${claim.id} cannot be asked about: its method is gone`);
    const askedAt = asking.clock.now();
    const call = callAbout(asking, claim, access, askedAt, plan.asked);
    await inSpan('payment.check', { parent: plan.traceparent ?? undefined }, async () => {
      const outcome = await method.check(call, { paymentId: claim.id, providerRef: plan.providerRef });
      found.paid = await heard(asking, claim, plan, method, outcome, askedAt);
    });
  });
  if (found.paid !== undefined) await verifyPaid(asking, found.paid);
}

/**
 * Most answers say "not yet": they move the entry and touch nothing else. Returns a payment that is paid and not yet
 * verified.
 */
async function heard(
  asking: Asking,
  claim: PollClaim,
  plan: Plan,
  method: PaymentMethod,
  outcome: CheckOutcome,
  askedAt: number,
): Promise<JustPaid | undefined> {
  const { clock, settings, rooms } = asking;
  if (plan.waiting !== null) {
    const { timetable } = settings;
    const decision = judge(openPicture(plan), plan.waiting, outcome, askedAt, clock.now(), timetable, plan.seen);
    if (decision.do === 'ask_again') {
      const next: Plan = {
        ...plan,
        waiting: decision.waiting,
        seen: plan.seen || decision.seen !== null,
        asked: plan.asked + 1,
      };
      await asking.reschedule(claim, decision.at, JSON.stringify(next));
      if (decision.seen !== null && decision.waiting !== null) {
        const telling = { ...rooms.telling, now: clock.now() };
        rooms.bus.announce(progressOf({ ...plan, id: claim.id }, decision.waiting.until, telling));
      }
      return undefined;
    }
  }
  const result = await rooms.store.change(claim.id, (subject) => {
    const change = judged(asking, subject, method, (picture, now) => {
      const waiting = isOpen(picture.phase) ? plan.waiting : null;
      return judge(picture, waiting, outcome, askedAt, now, settings.timetable, true);
    });
    return change === null ? null : keptForVerifying(change, clock.now(), settings);
  });
  if (result === null) return undefined;
  const paid = result.changed ? justPaid(result.subject, method) : undefined;
  if (paid === undefined) await asking.plan(result.subject);
  return paid;
}

/** What an answer makes of a payment, as `decide` sees it; null where it makes nothing of it. */
export function judged(
  { clock, log }: Pick<Asking, 'clock' | 'log'>,
  subject: Subject,
  method: PaymentMethod,
  decide: (picture: PaymentPicture, now: number) => Decision,
): Change | null {
  if (subject.kind !== 'payment') return null;
  const { picture } = subject;
  // Paid already, as somebody else has heard: what is still to be asked of it is not this answer's business.
  if (picture.phase === 'succeeded') return null;
  const now = clock.now();
  const decision = decide(picture, now);
  if (decision.do === 'ask_again') return null;
  if (decision.alarm !== null) log.error({ payment: subject.id, provider_ref: picture.providerRef }, decision.alarm);
  const next = method.verifyPaid === undefined ? decision.next : toVerify(picture, decision.next, now);
  return { next: { ...subject, picture: next }, tell: isNews(picture, next) };
}
