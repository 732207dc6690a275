import { segmentSizes, type SegmentSizes, type TopicTraffic, trafficSince } from './kafka-traffic.ts';
import { commandsBetween, type RedisCommand, redisCommands } from './redis-commands.ts';

/** What the house made Redis and Kafka do between two moments. */
export interface SharedCounts {
  redis: readonly RedisCommand[];
  kafka: readonly TopicTraffic[];
}

/** Counts between `count` and `read`. */
export class SharedCounter {
  private readonly redisUrl: string;
  private readonly kafkaLog: string;
  private before: { redis: readonly RedisCommand[]; kafka: SegmentSizes } = { redis: [], kafka: new Map() };

  /** @param kafkaLog the folder of the broker that holds the folders of the partitions */
  constructor(redisUrl: string, kafkaLog: string) {
    this.redisUrl = redisUrl;
    this.kafkaLog = kafkaLog;
  }

  async count(): Promise<void> {
    this.before = { redis: await redisCommands(this.redisUrl), kafka: await segmentSizes(this.kafkaLog) };
  }

  async read(): Promise<SharedCounts> {
    const redis = commandsBetween(this.before.redis, await redisCommands(this.redisUrl));
    return { redis, kafka: await trafficSince(this.kafkaLog, this.before.kafka) };
  }
}
