import kafkajs, { type Admin } from 'kafkajs';
import { kafkaClient, type KafkaConnection } from './kafka-connection.ts';
import type { KafkaTopic } from './topics-of.ts';

export interface CreateTopicsOptions extends Omit<KafkaConnection, 'clientId'> {
  readonly clientId?: string;
  /** Before every name. */
  readonly prefix?: string;
  readonly topics: readonly KafkaTopic[];
}

/** What was done, by the names on the broker. */
export interface CreatedTopics {
  readonly created: readonly string[];
  /** Given more partitions: from now on a key may lie in another partition than before. */
  readonly enlarged: readonly string[];
  /** Given another retention or another number of in-sync replicas. */
  readonly configured: readonly string[];
  readonly unchanged: readonly string[];
}

/** Segments are deleted as a whole, and the one that is written to is not: a short retention needs short segments. */
const SEGMENTS_PER_RETENTION = 2;
const LONGEST_SEGMENT_MS = 7 * 24 * 3_600_000;

/**
 * Makes what is missing, adds partitions (never takes any away) and sets what is configured; may run at any time and by
 * several at once. Rejects with the library's error where brokers are out of reach or refuse.
 */
export async function createTopics(options: CreateTopicsOptions): Promise<CreatedTopics> {
  const { prefix = '', clientId = 'tolem-topics' } = options;
  const admin = kafkaClient({ ...options, clientId }).admin();
  const topics = options.topics.map((topic) => ({ ...topic, name: `${prefix}${topic.name}` }));
  await admin.connect();
  try {
    const known = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !known.has(name));
    if (missing.length > 0) await make(admin, missing);
    const there = topics.filter((topic) => !missing.includes(topic));
    const enlarged = await enlarge(admin, there);
    const configured = await configure(admin, there);
    const touched = [...enlarged, ...configured];
    return {
      created: missing.map(({ name }) => name),
      enlarged,
      configured,
      unchanged: there.map(({ name }) => name).filter((name) => !touched.includes(name)),
    };
  } finally {
    await admin.disconnect();
  }
}

async function make(admin: Admin, topics: readonly KafkaTopic[]): Promise<void> {
  // Where somebody makes the same topics at the same moment, the answer is false and they are there all the same.
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({
      topic: topic.name,
      numPartitions: topic.partitions,
      replicationFactor: topic.replicationFactor,
      configEntries: configOf(topic),
    })),
  });
}

async function enlarge(admin: Admin, topics: readonly KafkaTopic[]): Promise<string[]> {
  if (topics.length === 0) return [];
  const found = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
  const small = topics.filter(({ name, partitions }) => {
    const there = found.topics.find((topic) => topic.name === name)?.partitions.length ?? 0;
    return there < partitions;
  });
  if (small.length > 0) {
    await admin.createPartitions({
      topicPartitions: small.map(({ name, partitions }) => ({ topic: name, count: partitions })),
    });
  }
  return small.map(({ name }) => name);
}

async function configure(admin: Admin, topics: readonly KafkaTopic[]): Promise<string[]> {
  if (topics.length === 0) return [];
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  const other = topics.flatMap((topic) => {
    const entries = resources.find(({ resourceName }) => resourceName === topic.name)?.configEntries ?? [];
    const wanted = configOf(topic);
    if (wanted.every(({ name, value }) => entries.some((e) => e.configName === name && e.configValue === value))) {
      return [];
    }
    // The request replaces everything that was set on the topic, so what an operator has set goes along.
    const kept = entries
      .filter((entry) => entry.configSource === kafkajs.ConfigSource.TOPIC_CONFIG && !entry.isSensitive)
      .map(({ configName, configValue }) => ({ name: configName, value: configValue }))
      .filter(({ name }) => !wanted.some((each) => each.name === name));
    return [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic.name, configEntries: [...kept, ...wanted] }];
  });
  if (other.length > 0) await admin.alterConfigs({ validateOnly: false, resources: other });
  return other.map(({ name }) => name);
}

function configOf({ retentionMs, minInSyncReplicas }: KafkaTopic): { name: string; value: string }[] {
  const segmentMs = Math.min(Math.ceil(retentionMs / SEGMENTS_PER_RETENTION), LONGEST_SEGMENT_MS);
  return [
    { name: 'cleanup.policy', value: 'delete' },
    { name: 'retention.ms', value: String(retentionMs) },
    { name: 'segment.ms', value: String(segmentMs) },
    ...(minInSyncReplicas === undefined ? [] : [{ name: 'min.insync.replicas', value: String(minInSyncReplicas) }]),
  ];
}
