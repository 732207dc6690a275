import type { PollClaim, PollEntry, PollSchedule } from '@tolem/coordination';
import type { Database } from '@tolem/persistence';
import { askAnew } from './ask-anew.ts';
import { askConnection } from '../connections/ask-connection.ts';
import { askPayment } from '../payments/ask-payment.ts';
import { askRefund } from '../refunds/ask-refund.ts';
import type { Asking, AskingRooms } from './asking.ts';
import { ClaimSize } from './claim-size.ts';
import { entriesOf, openIds } from './open-entries.ts';
import { CONNECTION, entryOf, intervalOf, isRefundPlan, type Plan, READ_ANEW, type RefundPlan } from './poll-plan.ts';
import { PollTimer } from './poll-timer.ts';
import type { KitSurroundings } from '../settings.ts';
import type { MoneySubject, PaymentSubject, Subject } from '../subject.ts';

export interface PollRooms extends AskingRooms {
  readonly db: Database;
  readonly schedule: PollSchedule;
}

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
  readonly #timer: PollTimer;
  readonly #asking: Asking;
  readonly #claimSize: ClaimSize;
  #healing: Promise<void> | undefined;
  #healTimer: NodeJS.Timeout | undefined;
  #emptied = false;

  constructor(
    private readonly rooms: PollRooms,
    private readonly around: KitSurroundings,
  ) {
    this.#timer = new PollTimer(() => this.#look(), around.clock, around.settings);
    this.#claimSize = new ClaimSize(around.settings.pollBatch);
    this.#asking = {
      ...around,
      rooms,
      reschedule: (claim, dueAt, payload) => this.#reschedule(claim, dueAt, payload),
      plan: (subject) => this.plan(subject),
      finish: async (claim) => void (await rooms.schedule.finish(claim)),
      noSlot: () => this.#claimSize.noSlot(),
    };
  }

  async start(): Promise<void> {
    await this.reseed();
    this.#timer.start();
    this.#healTimer = setInterval(() => this.#healSoon(), this.around.settings.reseedEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#healTimer);
    await this.#timer.stop();
    await this.#healing;
    await Promise.all(this.#running);
  }

  #healSoon(): void {
    this.#healing ??= this.#heal().finally(() => (this.#healing = undefined));
  }

  /** Mends what this process alone cannot know: a schedule that lost entries, connections that others replaced. */
  async #heal(): Promise<void> {
    try {
      do {
        // Emptied once more meanwhile, the schedule may lack what was put in before.
        this.#emptied = false;
        await this.reseed();
      } while (this.#emptied);
      await this.rooms.connections.dropStale();
    } catch (error) {
      this.#warn(error, 're-seeding the schedule');
    }
  }

  /**
   * A payment has begun: first question after one interval. One that no timer asks about before its end needs no entry
   * until that is near; it comes with the re-seeding.
   */
  async begin(subject: PaymentSubject): Promise<void> {
    const { lookAt, record } = subject.picture;
    const now = this.around.clock.now();
    if (record.waiting !== null) await this.#put(subject, now + record.waiting.intervalMs);
    else if (lookAt !== null && lookAt < this.#horizon(now)) await this.#put(subject, lookAt);
  }

  /** Puts a subject's next question into the schedule, or takes it out where nobody needs to ask any more. */
  async plan(subject: Subject): Promise<void> {
    const dueAt = this.#nextOf(subject);
    if (dueAt === null) await this.rooms.schedule.remove(subject.id);
    else await this.#put(subject, dueAt);
  }

  #nextOf(subject: Subject): number | null {
    switch (subject.kind) {
      case 'payment':
        return subject.picture.lookAt;
      case 'refund': {
        const { lookAt, record } = subject.picture;
        return record.waiting === null ? lookAt : this.around.clock.now() + record.waiting.intervalMs;
      }
      case 'connection':
        return subject.lookAt;
      case 'device':
        return null;
    }
  }

  /** Asks about a payment or a refund as soon as a slot is free, where timers may ask about it. */
  async askNow(subject: MoneySubject): Promise<void> {
    const { picture } = subject;
    const isPolled =
      subject.kind === 'refund'
        ? subject.picture.record.waiting !== null
        : picture.providerRef !== null && subject.picture.record.askedForOnly !== true;
    if (isPolled) await this.#put(subject, this.around.clock.now());
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
    await this.#putEntry({ id: connectionId, dueAt: now, payload: CONNECTION, group: connectionId });
  }

  /** Puts back what the schedule should hold and does not. */
  async reseed(): Promise<void> {
    const { db, schedule } = this.rooms;
    const now = this.around.clock.now();
    const horizonMs = this.#horizon(now);
    for await (const ids of openIds(db, horizonMs)) {
      const entries = await entriesOf(db, await schedule.missing(ids), now, horizonMs);
      await schedule.addMissing(entries);
      for (const { dueAt } of entries) this.#timer.expect(dueAt);
    }
    await schedule.markSeeded();
  }

  /** What falls due before the re-seeding has come around several times. */
  #horizon(now: number): number {
    return now + 10 * this.around.settings.reseedEveryMs;
  }

  async #put(subject: Subject, dueAt: number): Promise<void> {
    const entry = entryOf(subject, dueAt, this.around.clock.now());
    if (entry !== undefined) await this.#putEntry(entry);
  }

  async #putEntry(entry: PollEntry): Promise<void> {
    await this.rooms.schedule.put(entry);
    this.#timer.expect(entry.dueAt);
  }

  async #reschedule(claim: PollClaim, dueAt: number, payload: string): Promise<void> {
    await this.rooms.schedule.reschedule(claim, { dueAt, payload });
    this.#timer.expect(dueAt);
  }

  /** Asks about what is due; says when something is due next. */
  async #look(): Promise<number | undefined> {
    try {
      const leaseMs = this.around.settings.callMs + 5_000;
      const { claims, nextDueAt, emptied } = await this.rooms.schedule.claim(this.#claimSize.next(), leaseMs);
      const now = this.around.clock.now();
      for (const claim of claims) {
        this.rooms.metrics.pollLate(now - claim.dueAt);
        this.#track(claim, this.#ask(claim));
      }
      if (emptied) {
        this.around.log.warn({}, 'the schedule was emptied and is filled again from the database');
        this.#emptied = true;
        this.#healSoon();
      }
      return nextDueAt;
    } catch (error) {
      this.#warn(error, 'claiming from the schedule');
      return undefined;
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
      const afterMs = Math.max(intervalOf(payload), BROKEN_OFF_AGAIN_MS);
      await this.#reschedule(claim, this.around.clock.now() + afterMs, payload);
    } catch (error) {
      this.#warn(error, 'planning the next question');
    }
  }

  async #ask(claim: PollClaim): Promise<void> {
    if (claim.payload === CONNECTION) return askConnection(this.#asking, claim);
    if (claim.payload === READ_ANEW) return askAnew(this.#asking, claim);
    const plan = JSON.parse(claim.payload) as Plan | RefundPlan;
    return isRefundPlan(plan) ? askRefund(this.#asking, claim, plan) : askPayment(this.#asking, claim, plan);
  }

  #warn(error: unknown, what: string): void {
    this.around.log.warn({ err: error }, `${what} broke off and will be tried again`);
  }
}
