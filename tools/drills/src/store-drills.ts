import { once } from 'node:events';
import { connect } from 'node:net';
import { deleteTopics } from '@tolem/messaging';
import type { Drill } from './drill.ts';

const REDIS_AWAY_MS = 10_000;
const KAFKA_AWAY_MS = 20_000;
const POSTGRES_AWAY_MS = 3_000;
/** A broker that is missed for a shorter time was never away for its clients. */
const LEAST_AWAY_MS = 2_000;
const REDIS_ANSWER_MS = 5_000;

export const redisFlushed: Drill = {
  name: 'redis-flush',
  title: 'Redis FLUSHALL',
  run: async ({ house }) => {
    await flushAll(new URL(house.house.redisUrl));
    return [];
  },
};

export const redisAway: Drill = {
  name: 'redis-away',
  title: 'Redis gone for 10 s, back empty',
  run: async ({ house: { house }, wait }) => {
    await house.stopStore('redis', 'SIGKILL');
    await wait(REDIS_AWAY_MS, LEAST_AWAY_MS);
    await house.startStore('redis');
    return [];
  },
};

export const kafkaAway: Drill = {
  name: 'kafka-away',
  title: 'Kafka killed, back after 20 s',
  run: async ({ house: { house }, wait }) => {
    await house.stopStore('kafka', 'SIGKILL');
    await wait(KAFKA_AWAY_MS, LEAST_AWAY_MS);
    await house.startStore('kafka');
    return [];
  },
};

export const topicsDeleted: Drill = {
  name: 'topics-deleted',
  title: 'all topics of Kafka deleted and made again',
  run: async ({ house: { house } }) => {
    const deleted = await deleteTopics({ brokers: house.brokers });
    await house.makeTopics();
    return [`${deleted.length} topics`];
  },
};

export const postgresRestarted: Drill = {
  name: 'postgres-restart',
  title: 'PostgreSQL shut down (SIGINT), back after 3 s',
  run: async ({ house: { house }, wait }) => {
    await house.stopStore('postgres');
    await wait(POSTGRES_AWAY_MS, LEAST_AWAY_MS);
    await house.startStore('postgres');
    return [];
  },
};

const postgresKilled: Drill = {
  name: 'postgres-kill',
  title: 'PostgreSQL killed and started again',
  run: async ({ house: { house } }) => {
    await house.stopStore('postgres', 'SIGKILL');
    await house.startStore('postgres');
    return [];
  },
};

export const STORE_DRILLS: readonly Drill[] = [
  redisFlushed,
  redisAway,
  kafkaAway,
  topicsDeleted,
  postgresRestarted,
  postgresKilled,
];

/** Redis understands a command as a plain line; a client is not needed for one. */
async function flushAll({ hostname, port }: URL): Promise<void> {
  const socket = connect(Number(port), hostname);
  try {
    socket.write('FLUSHALL\r\n');
    const [said] = (await once(socket, 'data', { signal: AbortSignal.timeout(REDIS_ANSWER_MS) })) as [Buffer];
    if (!said.toString().startsWith('+OK')) throw new Error(`Redis answered ${said.toString()}`);
  } finally {
    socket.destroy();
  }
}
