import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { createTopics, type CreatedTopics, type KafkaTopic } from '../src/index.ts';
import { kafkaClient } from '../src/kafka/kafka-connection.ts';
import { KAFKA_START_TIMEOUT_MS, prefixOf, testKafka, type TestKafka } from './test-kafka.ts';

const PREFIX = prefixOf('topics');
const EVENTS: KafkaTopic = { name: 'events', partitions: 2, retentionMs: 86_400_000, replicationFactor: 1 };
const ANSWERS: KafkaTopic = { ...EVENTS, name: 'answers', retentionMs: 600_000 };

let kafka: TestKafka;
let admin: Admin;
beforeAll(async () => {
  kafka = await testKafka();
  admin = kafkaClient({ brokers: kafka.brokers, clientId: 'spec' }).admin();
  await admin.connect();
}, KAFKA_START_TIMEOUT_MS);
afterAll(async () => {
  await admin.disconnect();
  await kafka.stop();
});

const make = (...topics: readonly KafkaTopic[]): Promise<CreatedTopics> =>
  createTopics({ brokers: kafka.brokers, prefix: PREFIX, topics });
const named = (...names: readonly string[]): string[] => names.map((name) => `${PREFIX}${name}`);

async function settingsOf(name: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: `${PREFIX}${name}` }],
  });
  const entries = resources.flatMap(({ configEntries }) => configEntries);
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
}

async function partitionsOf(name: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [`${PREFIX}${name}`] });
  return topics.flatMap(({ partitions }) => partitions).length;
}

describe('making topics', () => {
  it('makes what is missing, then has nothing to do, and follows what is configured otherwise later', async () => {
    expect(await make(EVENTS)).toEqual({
      created: named('events'),
      enlarged: [],
      configured: [],
      unchanged: [],
    });
    expect(await make(EVENTS, ANSWERS)).toEqual({
      created: named('answers'),
      enlarged: [],
      configured: [],
      unchanged: named('events'),
    });
    expect(await make(EVENTS, ANSWERS)).toEqual({
      created: [],
      enlarged: [],
      configured: [],
      unchanged: named('events', 'answers'),
    });
    // Short segments, or ten minutes of retention would last until a segment is full.
    expect(await settingsOf('answers')).toMatchObject({ 'retention.ms': '600000', 'segment.ms': '300000' });

    const later = { ...EVENTS, partitions: 5, retentionMs: 172_800_000, minInSyncReplicas: 1 };
    expect(await make(later, ANSWERS)).toEqual({
      created: [],
      enlarged: named('events'),
      configured: named('events'),
      unchanged: named('answers'),
    });
    expect(await partitionsOf('events')).toBe(5);
    expect(await settingsOf('events')).toMatchObject({ 'retention.ms': '172800000', 'min.insync.replicas': '1' });
  });

  it('takes no partition away and leaves alone what an operator has set besides', async () => {
    const topic = { ...EVENTS, name: 'kept', partitions: 3 };
    await make(topic);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: `${PREFIX}kept`,
          configEntries: [{ name: 'max.message.bytes', value: '2000000' }],
        },
      ],
    });
    expect(await make({ ...topic, partitions: 1 })).toMatchObject({ enlarged: [], configured: named('kept') });
    expect(await partitionsOf('kept')).toBe(3);
    expect(await settingsOf('kept')).toMatchObject({ 'max.message.bytes': '2000000', 'retention.ms': '86400000' });
  });

  it('refuses to ask for more copies in sync than a topic has, and then changes nothing at all', async () => {
    const topic = { ...EVENTS, name: 'single' };
    await make(topic);
    const more = { ...topic, partitions: 4, retentionMs: 172_800_000, minInSyncReplicas: 2 };
    await expect(make({ ...EVENTS, name: 'beside' }, more)).rejects.toThrow(
      `topic ${PREFIX}single is on 1 broker(s) and 2 would have to be in sync`,
    );
    expect(await partitionsOf('single')).toBe(2);
    expect(await settingsOf('single')).toMatchObject({ 'retention.ms': '86400000', 'min.insync.replicas': '1' });
    expect(await admin.listTopics()).not.toContain(`${PREFIX}beside`);
  });

  it('may be done by several at once', async () => {
    const topics = [1, 2, 3].map((n) => ({ ...EVENTS, name: `together.${n}` }));
    await Promise.all([make(...topics), make(...topics), make(...topics)]);
    for (const { name } of topics) expect(await partitionsOf(name)).toBe(2);
  });
});
