import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { pauseFor } from '../pause-for.ts';
import { MEMBER_RETRIES } from './kafka-connection.ts';

/** How quickly a group notices, and how long a request waits for messages. All in milliseconds. */
export interface KafkaTiming {
  /** A member that was not heard of for so long has lost its partitions. At least what the broker allows (6 s). */
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How long the members of a group may take to gather again. */
  readonly rebalanceTimeoutMs: number;
  /**
   * The longest that the broker holds back an answer while there is no message; a message is answered at once. A member
   * sends its heartbeats between such answers and leaves after one, so that longer than a heartbeat would make the group slow.
   */
  readonly fetchWaitMs: number;
  /** A member that runs and gave no sign of life for so long is deaf without knowing it. More than all retries of a request. */
  readonly silentMs: number;
}

export const KAFKA_TIMING: KafkaTiming = {
  sessionTimeoutMs: 6_000,
  heartbeatMs: 1_000,
  rebalanceTimeoutMs: 15_000,
  fetchWaitMs: 1_000,
  silentMs: 180_000,
};

/** Messages of one partition, in order, as they came from the broker. */
export interface BatchInHand {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
  /** Reading goes on behind this offset. */
  resolve(offset: string): void;
  /** To be called now and then by whoever keeps a batch; rejects when the group gathers anew. */
  heartbeat(): Promise<void>;
}

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  /** Of the next message to be handled. */
  readonly offset: number;
}

export interface Assignment {
  readonly memberId: string;
  /** Topic → our partitions of it. */
  readonly partitions: Readonly<Record<string, readonly number[]>>;
}

export interface GroupMemberOptions {
  readonly kafka: Kafka;
  readonly group: string;
  readonly topics: readonly string[];
  readonly timing: KafkaTiming;
  readonly take: (batch: BatchInHand) => Promise<void>;
  /** Heard at once when the group gathers, before this member gives up its partitions. */
  readonly onGathering: () => void;
  readonly onAssigned: (assignment: Assignment) => void;
  readonly onError: (error: unknown) => void;
  /** The member has ended for good. */
  readonly onFatal: (error: Error) => void;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const PARTITION_BYTES = 262_144;
const FETCH_BYTES = 2_097_152;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
const CLOSE_TIMEOUT_MS = 10_000;
/**
 * Ends in a row that the library calls final, with nothing read between them. A broker that has just started answers some
 * requests with errors of that kind, which are over in a moment; one that refuses us does so every time.
 */
const MOST_ENDS = 6;
/** Counted in looks and not in time, because a process that was stopped for a while has not been silent meanwhile. */
const SILENT_LOOKS = 18;

/** One member of a consumer group; joins as soon as there are brokers and topics, and leaves the group when it is closed. */
export class GroupMember {
  readonly #closing = new AbortController();
  #consumer: Consumer;
  #commitOffsets: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;
  #joining: Promise<void> = Promise.resolve();
  /** How often it had to begin anew since it was last in the group; trouble is told once. */
  #failures = 0;
  #ends = 0;
  #silentLooks = 0;
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: GroupMemberOptions) {
    this.#consumer = this.#newConsumer();
  }

  /** Returns at once; trouble on the way is told to `onError` once and waited out. */
  start(): void {
    this.#joining = this.#joinUntilDone();
    this.#lookTimer = setInterval(() => this.#look(), this.options.timing.silentMs / SILENT_LOOKS);
  }

  /** Rejects where the broker does not take the offsets, as while the group gathers. */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const topics = [...new Set(offsets.map(({ topic }) => topic))].map((topic) => ({
      topic,
      partitions: offsets
        .filter((each) => each.topic === topic)
        .map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }));
    await this.#commitOffsets?.({ topics });
  }

  hold(topic: string, partition: number): void {
    whileRunning(() => this.#consumer.pause([{ topic, partitions: [partition] }]));
  }

  /** Stays in the group and reads nothing. */
  holdAll(): void {
    whileRunning(() => this.#consumer.pause(this.options.topics.map((topic) => ({ topic }))));
  }

  goOn(topic: string, partitions: readonly number[]): void {
    whileRunning(() => this.#consumer.resume([{ topic, partitions: [...partitions] }]));
  }

  /** Reads nothing more and leaves the group, so that the others need not wait until we are missed. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#lookTimer);
    const late = new AbortController();
    const left = this.#joining.then(() => this.#leave());
    await Promise.race([left, pauseFor(CLOSE_TIMEOUT_MS, late.signal)]);
    late.abort();
  }

  #newConsumer(): Consumer {
    const { kafka, group, timing, onAssigned, onGathering } = this.options;
    const consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: timing.sessionTimeoutMs,
      heartbeatInterval: timing.heartbeatMs,
      rebalanceTimeout: timing.rebalanceTimeoutMs,
      maxWaitTimeInMs: timing.fetchWaitMs,
      minBytes: 1,
      maxBytesPerPartition: PARTITION_BYTES,
      maxBytes: FETCH_BYTES,
      allowAutoTopicCreation: false,
      retry: { ...MEMBER_RETRIES, restartOnFailure: () => this.#mayBeginAnew() },
    });
    const { GROUP_JOIN, REBALANCING, CRASH, FETCH, HEARTBEAT, CONNECT, REQUEST_TIMEOUT } = consumer.events;
    for (const sign of [FETCH, HEARTBEAT, GROUP_JOIN, CRASH, CONNECT, REQUEST_TIMEOUT] as const)
      consumer.on(sign, () => void (this.#silentLooks = 0));
    consumer.on(FETCH, () => void (this.#ends = 0));
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#failures = 0;
      onAssigned({ memberId: payload.memberId, partitions: payload.memberAssignment });
      // Whoever was on the way in when it was closed would stay for ever. In the next turn, because the library cannot be
      // stopped before it has begun.
      if (this.#closing.signal.aborted) setImmediate(() => void this.#leave());
    });
    consumer.on(REBALANCING, onGathering);
    consumer.on(CRASH, ({ payload }) => this.#crashed(payload));
    return consumer;
  }

  #crashed({ restart, error }: { readonly restart: boolean; readonly error: Error }): void {
    if (this.#closing.signal.aborted) return;
    if (restart) {
      if (this.#failures === 1) this.options.onError(error);
      return;
    }
    this.#ends += 1;
    if (this.#ends >= MOST_ENDS) return this.options.onFatal(error);
    if (this.#ends === 1) this.options.onError(error);
    const { signal } = this.#closing;
    this.#joining = this.options.pause(LONGEST_PAUSE_MS, signal).then(() => {
      if (signal.aborted) return;
      this.#consumer = this.#newConsumer();
      return this.#joinUntilDone();
    });
  }

  #look(): void {
    this.#silentLooks += 1;
    if (this.#silentLooks < SILENT_LOOKS || this.#closing.signal.aborted) return;
    clearInterval(this.#lookTimer);
    const { group, timing, onFatal } = this.options;
    onFatal(new Error(`the consumer of ${group} has given no sign of life for ${timing.silentMs} ms`));
  }

  /** Asked after each failure that passes by itself. */
  async #mayBeginAnew(): Promise<boolean> {
    const { signal } = this.#closing;
    await pauseFor(Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS), signal);
    this.#failures += 1;
    return !signal.aborted;
  }

  async #leave(): Promise<void> {
    await this.#consumer.disconnect().catch(() => undefined);
  }

  async #joinUntilDone(): Promise<void> {
    const { signal } = this.#closing;
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#join();
        return;
      } catch (error) {
        this.#silentLooks = 0;
        if (pauseMs === FIRST_PAUSE_MS) this.options.onError(error);
        await this.options.pause(pauseMs, signal);
      }
    }
  }

  async #join(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    if (this.#closing.signal.aborted) return;
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        this.#commitOffsets = payload.commitOffsetsIfNecessary;
        const { topic, partition, messages } = payload.batch;
        await this.options.take({
          topic,
          partition,
          messages,
          resolve: payload.resolveOffset,
          heartbeat: payload.heartbeat,
        });
      },
    });
  }
}

/** Between a crash and the new beginning nothing is held, and what begins anew is not. */
function whileRunning(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error && error.name === 'KafkaJSNonRetriableError')) throw error;
  }
}
