import type { PollClaim, PollSchedule, SlotKind, Slots } from '@tolem/coordination';
import { isOpen } from '@tolem/domain';
import type { Bus } from '@tolem/messaging';
import { inSpan } from '@tolem/observability';
import type { Database, Outbox } from '@tolem/persistence';
import type { Connections } from './connections.ts';
import type { KitMetrics } from './kit-metrics.ts';
import { callOf, requestIdOf } from './operation.ts';
import { isNews, judge } from './payment-life.ts';
import { CONNECTION, entryOf, openPicture, type Plan } from './poll-plan.ts';
import type { Access, CheckOutcome, Provider } from './provider.ts';
import type { KitSurroundings } from './settings.ts';
import { progressOf, type Telling } from './snapshot.ts';
import type { ConnectionSubject, PaymentSubject, Subject, SubjectRow } from './subject.ts';
import { subjectOf } from './subject.ts';
import type { SubjectStore } from './subject-store.ts';
import { isOutdated, verified } from './verify-connection.ts';

export interface PollRooms {
  readonly provider: Provider;
  readonly db: Database;
  readonly store: SubjectStore;
  readonly connections: Connections;
  readonly schedule: PollSchedule;
  readonly slots: Slots;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly telling: Omit<Telling, 'now'>;
  readonly metrics: Pick<KitMetrics, 'pollLate'>;
}

const RESEED_PAGE = 1_000;
const SKIPPED_AGAIN_MS = 250;
/** What broke off comes again, not at once: what was in its way, as a database that is restarted, may still be there. */
const BROKEN_OFF_AGAIN_MS = 2_000;
const MAX_SUSPECTED = 10_000;

/**
 * Asks about what is open, at the interval that the provider gave, and about what ended here, now and then. Due times
 * live in the schedule, which may lose everything; what must be asked is in the rows and is put back from there.
 */
export class Polling {
  readonly #running = new Set<Promise<void>>();
  readonly #suspected = new Map<string, number>();
  #ticking: Promise<void> | undefined;
  #healing: Promise<void> | undefined;
  #timers: NodeJS.Timeout[] = [];
  #stopped = false;

  constructor(
    private readonly rooms: PollRooms,
    private readonly around: KitSurroundings,
  ) {}

  async start(): Promise<void> {
    const { settings } = this.around;
    await this.reseed();
    this.#timers = [
      setInterval(
        () => (this.#ticking ??= this.#tick().finally(() => (this.#ticking = undefined))),
        settings.pollTickMs,
      ),
      setInterval(
        () => (this.#healing ??= this.#heal().finally(() => (this.#healing = undefined))),
        settings.reseedEveryMs,
      ),
    ];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#ticking;
    await this.#healing;
    await Promise.all(this.#running);
  }

  /** Mends what this process alone cannot know: a schedule that lost entries, connections that others replaced. */
  async #heal(): Promise<void> {
    try {
      await this.reseed();
      await this.rooms.connections.dropStale();
    } catch (error) {
      this.#warn(error, 're-seeding the schedule');
    }
  }

  /** A payment has begun: first question after one interval. */
  async begin(subject: PaymentSubject): Promise<void> {
    const { waiting } = subject.picture.record;
    if (waiting !== null) await this.#put(subject, this.around.clock.now() + waiting.intervalMs);
  }

  /** Puts a subject's next question into the schedule, or takes it out where nobody needs to ask any more. */
  async plan(subject: Subject): Promise<void> {
    const lookAt =
      subject.kind === 'payment' ? subject.picture.lookAt : subject.kind === 'connection' ? subject.lookAt : null;
    if (lookAt === null) await this.rooms.schedule.remove(subject.id);
    else await this.#put(subject, lookAt);
  }

  /** Asks about a payment as soon as a slot is free. */
  async askNow(subject: PaymentSubject): Promise<void> {
    if (subject.picture.providerRef !== null) await this.#put(subject, this.around.clock.now());
  }

  /**
   * A payment could not be started because the provider was not reached: asks now whether the connection works at all, so
   * that the next ones are refused at the door instead of waiting in vain. At most once in a while per connection.
   */
  async suspect(connectionId: string): Promise<void> {
    const now = this.around.clock.now();
    const last = this.#suspected.get(connectionId);
    if (last !== undefined && now - last < this.around.settings.recheckDownMs) return;
    if (this.#suspected.size >= MAX_SUSPECTED) this.#suspected.clear();
    this.#suspected.set(connectionId, now);
    await this.rooms.schedule.put({ id: connectionId, dueAt: now, payload: CONNECTION, group: connectionId });
  }

  /** Puts back what the schedule should hold and does not. */
  async reseed(): Promise<void> {
    const now = this.around.clock.now();
    const horizon = new Date(now + 10 * this.around.settings.reseedEveryMs);
    let last = '';
    for (;;) {
      const rows = await this.rooms.db.query<SubjectRow>(
        `SELECT * FROM subject
          WHERE look_at IS NOT NULL AND id > $1
            AND (look_at < $2 OR phase IN ('requires_customer', 'requires_amount', 'processing'))
          ORDER BY id LIMIT $3`,
        [last, horizon, RESEED_PAGE],
      );
      await this.rooms.schedule.addMissing(
        rows.map((row) => entryOf(subjectOf(row), undefined, now)).filter((entry) => entry !== undefined),
      );
      const end = rows.at(-1);
      if (end === undefined || rows.length < RESEED_PAGE) return;
      last = end.id;
    }
  }

  async #put(subject: Subject, dueAt: number): Promise<void> {
    const entry = entryOf(subject, dueAt, this.around.clock.now());
    if (entry !== undefined) await this.rooms.schedule.put(entry);
  }

  async #tick(): Promise<void> {
    if (this.#stopped) return;
    try {
      const { pollBatch, callMs } = this.around.settings;
      const claims = await this.rooms.schedule.claim(pollBatch, callMs + 5_000);
      const now = this.around.clock.now();
      for (const claim of claims) {
        this.rooms.metrics.pollLate(now - claim.dueAt);
        this.#track(claim, this.#ask(claim));
      }
    } catch (error) {
      this.#warn(error, 'claiming from the schedule');
    }
  }

  #track(claim: PollClaim, running: Promise<void>): void {
    const guarded = running.catch((error: unknown) => {
      this.#warn(error, 'asking');
      return this.#askAgain(claim);
    });
    this.#running.add(guarded);
    void guarded.finally(() => this.#running.delete(guarded));
  }

  /** Where the schedule is in trouble too, the entry comes again when its lease ends. */
  async #askAgain(claim: PollClaim): Promise<void> {
    const { payload } = claim;
    try {
      const intervalMs = payload === CONNECTION ? 0 : ((JSON.parse(payload) as Plan).waiting?.intervalMs ?? 0);
      const dueAt = this.around.clock.now() + Math.max(intervalMs, BROKEN_OFF_AGAIN_MS);
      await this.rooms.schedule.reschedule(claim, { dueAt, payload });
    } catch (error) {
      this.#warn(error, 'planning the next question');
    }
  }

  async #ask(claim: PollClaim): Promise<void> {
    if (claim.payload === CONNECTION) return this.#askConnection(claim);
    const plan = JSON.parse(claim.payload) as Plan;
    const kind: SlotKind = plan.waiting === null ? 'background' : 'poll';
    await this.#withSlot(claim, plan.connectionId, kind, async () => {
      const access = await this.rooms.connections.access(plan.connectionId, 1);
      const method = this.rooms.provider.methods.find((candidate) => candidate.type === plan.method);
      if (access === undefined || method === undefined) {
        throw new Error(
          `${claim.id} cannot be asked about: ${access === undefined ? 'its connection' : 'its method'} is gone`,
        );
      }
      const askedAt = this.around.clock.now();
      const call = callOf(
        access,
        requestIdOf(claim.id, askedAt, plan.asked),
        () => this.around.clock.now() < claim.leaseUntil,
      );
      await inSpan('payment.check', { parent: plan.traceparent ?? undefined }, async () => {
        const outcome = await method.check(call, { paymentId: claim.id, providerRef: plan.providerRef });
        await this.#heard(claim, plan, outcome, askedAt);
      });
    });
  }

  /** Most answers say "not yet": they move the entry and touch nothing else. */
  async #heard(claim: PollClaim, plan: Plan, outcome: CheckOutcome, askedAt: number): Promise<void> {
    const { clock, settings } = this.around;
    if (plan.waiting !== null) {
      const decision = judge(
        openPicture(plan),
        plan.waiting,
        outcome,
        askedAt,
        clock.now(),
        settings.timetable,
        plan.seen,
      );
      if (decision.do === 'ask_again') {
        const next: Plan = {
          ...plan,
          waiting: decision.waiting,
          seen: plan.seen || decision.seen !== null,
          asked: plan.asked + 1,
        };
        await this.rooms.schedule.reschedule(claim, { dueAt: decision.at, payload: JSON.stringify(next) });
        if (decision.seen !== null && decision.waiting !== null) {
          const telling = { ...this.rooms.telling, now: clock.now() };
          this.rooms.bus.announce(progressOf({ ...plan, id: claim.id }, decision.waiting.until, telling));
        }
        return;
      }
    }
    const result = await this.rooms.store.change(claim.id, (subject) => this.#judged(subject, plan, outcome, askedAt));
    if (result !== null) await this.plan(result.subject);
  }

  #judged(
    subject: Subject,
    plan: Plan,
    outcome: CheckOutcome,
    askedAt: number,
  ): { next: Subject; tell: boolean } | null {
    if (subject.kind !== 'payment') return null;
    const { clock, settings, log } = this.around;
    const waiting = isOpen(subject.picture.phase) ? plan.waiting : null;
    const decision = judge(subject.picture, waiting, outcome, askedAt, clock.now(), settings.timetable, true);
    if (decision.do === 'ask_again') return null;
    if (decision.alarm !== null) log.error({ payment: subject.id, provider_ref: plan.providerRef }, decision.alarm);
    return { next: { ...subject, picture: decision.next }, tell: isNews(subject.picture, decision.next) };
  }

  async #askConnection(claim: PollClaim): Promise<void> {
    const [found] = await this.rooms.store.load([claim.id]);
    if (found?.kind !== 'connection') {
      await this.rooms.schedule.finish(claim);
      return;
    }
    await this.#withSlot(claim, found.id, 'background', async () => {
      const access = await this.rooms.connections.access(found.id, 1);
      if (access === undefined) throw new Error(`connection ${found.id} is gone`);
      const askedAt = this.around.clock.now();
      const call = callOf(access, requestIdOf(claim.id, askedAt, 0), () => this.around.clock.now() < claim.leaseUntil);
      const outcome = await this.rooms.provider.verify(call);
      const result = await this.rooms.store.change(claim.id, (subject) =>
        this.#connectionJudged(subject, access, outcome),
      );
      if (result !== null) await this.plan(result.subject);
    });
  }

  #connectionJudged(
    subject: Subject,
    access: Access,
    outcome: Parameters<typeof verified>[2],
  ): { next: ConnectionSubject; tell: boolean } | null {
    if (subject.kind !== 'connection' || isOutdated(subject, access)) return null;
    const next = verified(subject, access, outcome, this.around.clock.now(), this.around.settings.recheckDownMs);
    return { next, tell: next.health !== subject.health };
  }

  /** A question that finds no slot is skipped, never queued. */
  async #withSlot(claim: PollClaim, connectionId: string, kind: SlotKind, ask: () => Promise<void>): Promise<void> {
    const giveBack = await this.rooms.slots.tryTake(connectionId, kind);
    if (giveBack === undefined) {
      await this.rooms.schedule.reschedule(claim, {
        dueAt: this.around.clock.now() + SKIPPED_AGAIN_MS,
        payload: claim.payload,
      });
      return;
    }
    try {
      await ask();
    } finally {
      giveBack();
    }
  }

  #warn(error: unknown, what: string): void {
    this.around.log.warn({ err: error }, `${what} broke off and will be tried again`);
  }
}
