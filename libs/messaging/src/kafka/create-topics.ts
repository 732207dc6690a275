import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
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
 * several at once. Rejects with the library's error where brokers are out of reach or refuse, and before anything is changed
 * where an existing topic has fewer copies than must be in sync: older brokers would take no message any more, newer ones
 * would ask for less than was configured and not say so.
 */
export async function createTopics(options: CreateTopicsOptions): Promise<CreatedTopics> {
  const { prefix = '', clientId = 'tolem-topics' } = options;
  const admin = kafkaClient({ ...options, clientId }).admin();
  const topics = options.topics.map((topic) => ({ ...topic, name: `${prefix}${topic.name}` }));
  await admin.connect();
  try {
    const known = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !known.has(name));
    const there = topics.filter((topic) => !missing.includes(topic));
    const found = there.length === 0 ? [] : (await admin.fetchTopicMetadata({ topics: namesOf(there) })).topics;
    refuseTooFewCopies(there, found);
    if (missing.length > 0) await make(admin, missing);
    const enlarged = await enlarge(admin, there, found);
    const configured = await configure(admin, there);
    const touched = [...enlarged, ...configured];
    return {
      created: namesOf(missing),
      enlarged,
      configured,
      unchanged: namesOf(there).filter((name) => !touched.includes(name)),
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

const namesOf = (topics: readonly KafkaTopic[]): string[] => topics.map(({ name }) => name);

/** Copies are counted where the topic has fewest, because a partition may be moved by itself. */
function refuseTooFewCopies(topics: readonly KafkaTopic[], found: readonly ITopicMetadata[]): void {
  for (const { name, minInSyncReplicas = 1 } of topics) {
    const partitions = found.find((topic) => topic.name === name)?.partitions ?? [];
    const copies = Math.min(...partitions.map(({ replicas }) => replicas.length));
    if (copies < minInSyncReplicas) {
      throw new RangeError(
        `topic ${name} is on ${copies} broker(s) and ${minInSyncReplicas} would have to be in sync: give it more copies, or ask for fewer`,
      );
    }
  }
}

async function enlarge(
  admin: Admin,
  topics: readonly KafkaTopic[],
  found: readonly ITopicMetadata[],
): Promise<string[]> {
  const small = topics.filter(({ name, partitions }) => {
    const there = found.find((topic) => topic.name === name)?.partitions.length ?? 0;
    return there < partitions;
  });
  if (small.length > 0) {
    await admin.createPartitions({
      topicPartitions: small.map(({ name, partitions }) => ({ topic: name, count: partitions })),
    });
  }
  return namesOf(small);
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
