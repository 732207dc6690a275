import type { Envelope } from '@tolem/contracts';
import type { Clock } from '@tolem/domain';
import type { Kafka, KafkaMessage } from 'kafkajs';
import type { Deliver, Subscription } from '../bus.ts';
import type { ConsumerQueue, Outcome } from '../consumer-queue.ts';
import { type Assignment, type BatchInHand, GroupMember, type KafkaTiming } from './group-member.ts';
import { fromKafkaMessage, type OutgoingMessage } from './kafka-message.ts';
import { dueAtMs, fromParkedMessage, toParkedMessage } from './parked-message.ts';
import { PartitionAccounts } from './partition-accounts.ts';
import type { SettledOffsets } from './settled-offsets.ts';

export interface KafkaSubscriptionOptions {
  readonly kafka: Kafka;
  readonly group: string;
  /** Name on the broker → name that services know. */
  readonly topics: ReadonlyMap<string, string>;
  /** The consumer's topic of messages whose type it does not know yet, by its name on the broker. */
  readonly parkedTopic: string;
  readonly park: (message: OutgoingMessage) => Promise<boolean>;
  readonly queue: ConsumerQueue;
  readonly timing: KafkaTiming;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly onFatal: (error: Error) => void;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A message in our hands. */
interface Taken {
  readonly envelope: Envelope;
  readonly offsets: SettledOffsets;
  readonly offset: number;
  /** The gathering of the group that gave us its partition; after the next one it is read again. */
  readonly epoch: number;
  /** How often we have parked it already. */
  readonly parked: number;
}

/** Duplicates after a crash are the price of this; a commit for each message would cost more than the message. */
const COMMIT_EVERY_MS = 100;
/** A handler's bug is met again after so long, then after twice as long each time; the dispatcher ends it. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
const LOOK_AT_PARKED_EVERY_MS = 100;

/**
 * One consumer's end of the bus: messages of all its partitions go through one queue, and an offset is committed when
 * every message before it was handled, made a dead letter or parked. While the queue is full the batch in hand waits here
 * and the member goes on sending heartbeats, however long that takes. When the group gathers anew, what only waits is
 * given up, because it is read again by whoever owns its partition then; what runs may be handled twice, but is not lost.
 */
export class KafkaSubscription implements Subscription {
  readonly #member: GroupMember;
  readonly #queued: Subscription;
  readonly #closing = new AbortController();
  readonly #accounts = new PartitionAccounts();
  /** Partitions of the parked topic that are held until then, in epoch milliseconds. */
  readonly #heldUntilMs = new Map<number, number>();
  readonly #parking = new Set<Promise<void>>();
  #assignment: Assignment = { memberId: '', partitions: {} };
  #epoch = 0;
  /** Taken, neither in the queue nor with the handlers: waiting to be tried again, or on the way to the parked topic. */
  #elsewhere = 0;
  #roomMade: (() => void) | undefined;
  #commitTimer: NodeJS.Timeout | undefined;
  #committing: Promise<void> = Promise.resolve();
  #parkedTimer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly options: KafkaSubscriptionOptions,
    deliver: Deliver,
  ) {
    const { kafka, group, topics, parkedTopic, queue, timing, onError, onFatal, pause } = options;
    this.#queued = queue.open(deliver);
    this.#member = new GroupMember({
      kafka,
      group,
      topics: [...topics.keys(), parkedTopic],
      timing,
      take: (batch) => this.#take(batch),
      onGathering: () => void this.#commit(),
      onAssigned: (assignment) => this.#assigned(assignment),
      onError,
      onFatal,
      pause,
    });
    this.#member.start();
  }

  get group(): string {
    return this.options.group;
  }

  /** Our partitions by topic, as on the broker. */
  get partitions(): Assignment['partitions'] {
    return this.#assignment.partitions;
  }

  /** Messages have left the queue. */
  roomMade(): void {
    this.#roomMade?.();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.roomMade();
    clearInterval(this.#parkedTimer);
    this.#member.holdAll();
    await this.#queued.close();
    await Promise.all(this.#parking);
    await this.#commit();
    await this.#member.close();
    clearTimeout(this.#commitTimer);
  }

  #assigned(assignment: Assignment): void {
    this.#epoch += 1;
    this.#assignment = assignment;
    this.options.queue.giveBack();
    this.#accounts.assign(assignment.partitions);
    this.#member.goOn(this.options.parkedTopic, [...this.#heldUntilMs.keys()]);
    this.#heldUntilMs.clear();
    this.roomMade();
  }

  async #take(batch: BatchInHand): Promise<void> {
    const [first] = batch.messages;
    if (first === undefined || !this.#accounts.owns(batch)) return;
    if (this.#accounts.leavesOut(batch, Number(first.offset))) return;
    const epoch = this.#epoch;
    let last: string | undefined;
    const resolve = (): void => {
      if (last !== undefined && epoch === this.#epoch) batch.resolve(last);
    };
    for (const message of batch.messages) {
      if (this.options.queue.room - this.#elsewhere <= 0) {
        resolve();
        await this.#waitForRoom(batch);
      }
      if (epoch !== this.#epoch || this.#closing.signal.aborted) return;
      if (!this.#takeOne(batch, message)) break;
      last = message.offset;
    }
    resolve();
  }

  /** Hands a message to the queue; false where its partition has to wait for it. */
  #takeOne({ topic, partition }: BatchInHand, message: KafkaMessage): boolean {
    const { topics, parkedTopic, clock } = this.options;
    const offset = Number(message.offset);
    if (topic !== parkedTopic) {
      const envelope = fromKafkaMessage({ topic: topics.get(topic) ?? topic, partition }, message);
      this.#push(envelope, this.#accounts.of({ topic, partition }, offset), offset, 0);
      return true;
    }
    const parked = fromParkedMessage({ topic, partition }, message);
    const dueMs = dueAtMs(parked, this.#assignment.memberId);
    if (dueMs > clock.now()) {
      this.#hold(partition, dueMs);
      return false;
    }
    const tries = parked.by === this.#assignment.memberId ? parked.tries : 0;
    this.#push(parked.envelope, this.#accounts.of({ topic, partition }, offset), offset, tries);
    return true;
  }

  #push(envelope: Envelope, offsets: SettledOffsets, offset: number, parked: number): void {
    offsets.take(offset);
    const taken: Taken = { envelope, offsets, offset, epoch: this.#epoch, parked };
    this.options.queue.push({ envelope, settle: (outcome) => this.#settle(taken, outcome, 1) });
  }

  #settle(taken: Taken, outcome: Outcome, deliveries: number): void {
    switch (outcome) {
      case 'done':
      case 'dead':
        this.#settled(taken);
        return;
      case 'again':
        void this.#tryAgain(taken, deliveries);
        return;
      case 'parked': {
        const parking = this.#park(taken).finally(() => this.#parking.delete(parking));
        this.#parking.add(parking);
        return;
      }
      case 'returned':
        // It stays open in its account, and is read again.
        return;
    }
  }

  #settled({ offsets, offset }: Taken): void {
    offsets.settle(offset);
    this.#commitTimer ??= setTimeout(() => void this.#commit(), COMMIT_EVERY_MS);
  }

  /** Others go past it meanwhile: it keeps only its own offset from being committed. */
  async #tryAgain(taken: Taken, deliveries: number): Promise<void> {
    this.#elsewhere += 1;
    await this.options.pause(retryMs(deliveries), this.#closing.signal);
    this.#elsewhere -= 1;
    this.roomMade();
    if (this.#isGone(taken)) return;
    const settle = (outcome: Outcome): void => this.#settle(taken, outcome, deliveries + 1);
    if (!this.options.queue.push({ envelope: taken.envelope, settle })) await this.#tryAgain(taken, deliveries);
  }

  async #park(taken: Taken): Promise<void> {
    this.#elsewhere += 1;
    const message = toParkedMessage({
      envelope: taken.envelope,
      tries: taken.parked + 1,
      atMs: this.options.clock.now(),
      by: this.#assignment.memberId,
    });
    let held = await this.options.park(message);
    for (let failures = 1; !held && !this.#isGone(taken); failures += 1) {
      await this.options.pause(retryMs(failures), this.#closing.signal);
      if (!this.#isGone(taken)) held = await this.options.park(message);
    }
    this.#elsewhere -= 1;
    this.roomMade();
    if (held) this.#settled(taken);
  }

  #isGone(taken: Taken): boolean {
    return taken.epoch !== this.#epoch || this.#closing.signal.aborted;
  }

  async #waitForRoom(batch: BatchInHand): Promise<void> {
    const epoch = this.#epoch;
    while (this.options.queue.room - this.#elsewhere <= 0 && epoch === this.#epoch && !this.#closing.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#roomMade = () => resolve(undefined);
      const timer = setTimeout(this.#roomMade, this.options.timing.heartbeatMs);
      await promise;
      clearTimeout(timer);
      await batch.heartbeat();
    }
  }

  #hold(partition: number, untilMs: number): void {
    this.#member.hold(this.options.parkedTopic, partition);
    this.#heldUntilMs.set(partition, untilMs);
    this.#parkedTimer ??= setInterval(() => this.#letGo(), LOOK_AT_PARKED_EVERY_MS);
  }

  #letGo(): void {
    const nowMs = this.options.clock.now();
    const due = [...this.#heldUntilMs].filter(([, untilMs]) => untilMs <= nowMs).map(([partition]) => partition);
    if (due.length > 0) this.#member.goOn(this.options.parkedTopic, due);
    for (const partition of due) this.#heldUntilMs.delete(partition);
    if (this.#heldUntilMs.size > 0) return;
    clearInterval(this.#parkedTimer);
    this.#parkedTimer = undefined;
  }

  /** One commit at a time. */
  #commit(): Promise<void> {
    clearTimeout(this.#commitTimer);
    this.#commitTimer = undefined;
    this.#committing = this.#committing.then(() => this.#commitNow());
    return this.#committing;
  }

  async #commitNow(): Promise<void> {
    const moved = this.#accounts.uncommitted;
    if (moved.length === 0) return;
    try {
      await this.#member.commit(moved);
      for (const { offset, offsets } of moved) offsets.commit(offset);
    } catch {
      // The group gathers or its coordinator is away: the same offsets or later ones go with the next attempt, and where
      // the partitions are no longer ours, their next owner handles the messages once more.
      if (!this.#closing.signal.aborted) this.#commitTimer ??= setTimeout(() => void this.#commit(), COMMIT_EVERY_MS);
    }
  }
}

function retryMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
}
