import type { Envelope } from '@tolem/contracts';
import { type Clock, systemClock } from '@tolem/domain';
import type { OutboxMessage } from '@tolem/persistence';
import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import type { Bus, ConsumerStats, Deliver, Subscription } from '../bus.ts';
import { ConsumerQueue } from '../consumer-queue.ts';
import { HeldBack } from '../held-back.ts';
import { pauseFor } from '../pause-for.ts';
import { BrokerDesk } from './broker-desk.ts';
import { KAFKA_TIMING, type KafkaTiming } from './group-member.ts';
import { FEW_RETRIES, kafkaClient, type KafkaConnection } from './kafka-connection.ts';
import { type OutgoingMessage, toKafkaMessage } from './kafka-message.ts';
import { KafkaSubscription } from './kafka-subscription.ts';
import { toParkedMessage } from './parked-message.ts';
import { TopicSender } from './topic-sender.ts';
import { parkedTopic } from './topics-of.ts';

export interface KafkaBusOptions extends KafkaConnection {
  /** Before the names of topics and groups; for installations that share brokers. Default: nothing. */
  readonly prefix?: string;
  /** Topic → its consumers. Where it is given, other topics and consumers are refused at once. */
  readonly topology?: Readonly<Record<string, readonly string[]>>;
  /** Hears of trouble that passes by itself, with the consumer or the topic that it holds up. */
  readonly onError: (error: unknown, where: string) => void;
  /** A consumer has ended for good: this process is deaf and has to end too. */
  readonly onFatal: (error: Error) => void;
  /** Tells when a parked message may be tried again. */
  readonly clock?: Clock;
  /** How the bus waits while something is in trouble: resolves after `ms`, or at once when the signal says so. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Most messages that this process holds for one consumer; the rest stays with the brokers. */
  readonly maxQueued?: number;
  /** Most messages of one handler call. */
  readonly batchSize?: number;
  readonly timing?: Partial<KafkaTiming>;
  /** How often lag and parked messages are counted. */
  readonly countEveryMs?: number;
}

const MAX_QUEUED = 2_000;
const MAX_UNSENT = 10_000;
const BATCH_SIZE = 200;
const ACKS_OF_ALL_IN_SYNC = -1;
const ACKS_TIMEOUT_MS = 5_000;
const COUNT_EVERY_MS = 10_000;

/** One consumer of this process: its queue outlives its subscriptions. */
interface LocalConsumer {
  readonly queue: ConsumerQueue;
  subscription: KafkaSubscription | undefined;
  parked: number;
  lag: number | undefined;
}

/** Begins with a first attempt to reach the brokers; where they are away the bus waits for them. */
export async function startKafkaBus(options: KafkaBusOptions): Promise<KafkaBus> {
  const bus = new KafkaBus(options);
  await bus.connect();
  return bus;
}

/**
 * The bus of many machines. A message is safe when all in-sync replicas hold it; from there each consumer takes it at its
 * own pace, shared among the processes of the same name.
 */
export class KafkaBus implements Bus {
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  readonly #desk: BrokerDesk;
  readonly #senders = new Map<string, TopicSender>();
  readonly #consumers = new Map<string, LocalConsumer>();
  /** What is being sent, so that the relay and the first publish do not send the same message twice. */
  readonly #underWay = new Map<string, Promise<boolean>>();
  /** Messages that the brokers refuse for a reason of their own; they are tried again now and then. */
  readonly #held: HeldBack;
  readonly #subscriptions = new Set<Subscription>();
  #producerConnected = false;
  #counting: Promise<void> | undefined;
  #countTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly options: KafkaBusOptions) {
    this.#kafka = kafkaClient(options);
    this.#held = new HeldBack(options.clock ?? systemClock);
    this.#producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      retry: FEW_RETRIES,
    });
    this.#desk = new BrokerDesk(this.#kafka);
  }

  async connect(): Promise<void> {
    try {
      await this.#connectProducer();
    } catch (error) {
      this.options.onError(error, this.options.clientId);
    }
    const everyMs = this.options.countEveryMs ?? COUNT_EVERY_MS;
    this.#countTimer = setInterval(() => {
      this.#counting ??= this.#count().finally(() => (this.#counting = undefined));
    }, everyMs);
  }

  /** One row for everybody: the brokers keep account of consumers. Throws for a topic that nobody consumes. */
  consumersOf(topic: string): readonly string[] {
    if (this.options.topology !== undefined && this.options.topology[topic] === undefined) {
      throw new Error(`nobody consumes topic ${topic} here`);
    }
    return [''];
  }

  send(messages: readonly OutboxMessage[]): readonly Promise<boolean>[] {
    return messages.map((message) => {
      const running = this.#underWay.get(message.id);
      if (running !== undefined) return running;
      const sent = this.#sendOne(message).finally(() => this.#underWay.delete(message.id));
      this.#underWay.set(message.id, sent);
      return sent;
    });
  }

  announce(envelope: Envelope): void {
    if (this.options.topology !== undefined && this.options.topology[envelope.topic] === undefined) return;
    void this.#senderTo(envelope.topic).send(toKafkaMessage(envelope));
  }

  subscribe(consumer: string, topics: readonly string[], deliver: Deliver): Subscription {
    this.#refuseStrangers(consumer, topics);
    const { clock = systemClock, pause = pauseFor, onError, onFatal, timing } = this.options;
    const local = this.#consumers.get(consumer) ?? this.#newConsumer(consumer);
    const subscription = new KafkaSubscription(
      {
        kafka: this.#kafka,
        group: this.#named(consumer),
        topics: new Map(topics.map((topic) => [this.#named(topic), topic])),
        parkedTopic: this.#named(parkedTopic(consumer)),
        park: (message) => this.#senderTo(parkedTopic(consumer)).send(message),
        queue: local.queue,
        timing: { ...KAFKA_TIMING, ...timing },
        clock,
        onError: (error) => onError(error, consumer),
        onFatal,
        pause,
      },
      deliver,
    );
    local.subscription = subscription;
    this.#subscriptions.add(subscription);
    return {
      close: async () => {
        await subscription.close();
        this.#subscriptions.delete(subscription);
        if (local.subscription === subscription) local.subscription = undefined;
      },
    };
  }

  stats(): Readonly<Record<string, ConsumerStats>> {
    return Object.fromEntries(
      [...this.#consumers].map(([consumer, { queue, parked, lag }]) => [
        consumer,
        { ...queue.stats, parked, ...(lag === undefined ? {} : { lag }) },
      ]),
    );
  }

  heldBack(): readonly string[] {
    return this.#held.ids;
  }

  /** For readiness: rejects where brokers are out of reach, or a topic is missing or has no leader. */
  async check(): Promise<void> {
    await this.#desk.check(
      new Set([
        ...Object.keys(this.options.topology ?? {}).map((topic) => this.#named(topic)),
        ...[...this.#consumers.keys()].map((consumer) => this.#named(parkedTopic(consumer))),
      ]),
    );
  }

  /** Closes what is still subscribed, sends what waits and leaves. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#countTimer);
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await Promise.all([...this.#senders.values()].map((sender) => sender.idle()));
    await this.#counting;
    await Promise.allSettled([this.#producer.disconnect(), this.#desk.close()]);
  }

  #named(name: string): string {
    return `${this.options.prefix ?? ''}${name}`;
  }

  /** A row for one consumer alone, as a dead letter that was given back, must not reach the others of its topic. */
  async #sendOne({ id, consumer, envelope }: OutboxMessage): Promise<boolean> {
    if (this.#closed || this.#held.mustWait(id)) return false;
    const sender = this.#senderTo(consumer === '' ? envelope.topic : parkedTopic(consumer));
    const message =
      consumer === '' ? toKafkaMessage(envelope) : toParkedMessage({ envelope, tries: 0, atMs: 0, by: '' });
    const safe = await sender.send(message);
    if (safe) this.#held.release(id);
    else if (sender.hasRefused(message)) this.#held.parked(id);
    return safe;
  }

  #senderTo(topic: string): TopicSender {
    const known = this.#senders.get(topic);
    if (known !== undefined) return known;
    const sender = new TopicSender({
      topic,
      maxWaiting: MAX_UNSENT,
      carry: (_, messages) => this.#carry(topic, messages),
      onError: this.options.onError,
    });
    this.#senders.set(topic, sender);
    return sender;
  }

  async #carry(topic: string, messages: readonly OutgoingMessage[]): Promise<void> {
    await this.#connectProducer();
    await this.#producer.sendBatch({
      acks: ACKS_OF_ALL_IN_SYNC,
      timeout: ACKS_TIMEOUT_MS,
      topicMessages: [{ topic: this.#named(topic), messages: [...messages] }],
    });
  }

  /** Only the first time: later the library connects again by itself. */
  async #connectProducer(): Promise<void> {
    if (this.#producerConnected) return;
    await this.#producer.connect();
    this.#producerConnected = true;
  }

  #newConsumer(consumer: string): LocalConsumer {
    const { maxQueued = MAX_QUEUED, batchSize = BATCH_SIZE, onError, pause = pauseFor } = this.options;
    const local: LocalConsumer = {
      queue: new ConsumerQueue({
        consumer,
        maxQueued,
        batchSize,
        onError,
        pause,
        onRoom: () => local.subscription?.roomMade(),
      }),
      subscription: undefined,
      parked: 0,
      lag: undefined,
    };
    this.#consumers.set(consumer, local);
    return local;
  }

  #refuseStrangers(consumer: string, topics: readonly string[]): void {
    const { topology } = this.options;
    if (topology === undefined) return;
    const unknown = topics.filter((topic) => topology[topic]?.includes(consumer) !== true);
    if (unknown.length > 0) throw new Error(`${consumer} is not a consumer of ${unknown.join(', ')} in this process`);
  }

  /** While brokers are away the last count stands. */
  async #count(): Promise<void> {
    for (const [consumer, local] of this.#consumers) {
      const { subscription } = local;
      if (subscription === undefined) continue;
      try {
        const lag = await this.#desk.lagOf(subscription.group, subscription.partitions);
        const parked = this.#named(parkedTopic(consumer));
        local.parked = lag.get(parked) ?? 0;
        local.lag = [...lag].reduce((sum, [topic, behind]) => (topic === parked ? sum : sum + behind), 0);
      } catch {
        return;
      }
    }
  }
}
