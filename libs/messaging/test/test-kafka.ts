import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedStore } from '@tolem/testing';
import { createTopics, parkedTopic, startKafkaBus } from '../src/index.ts';
import type { BusSetting, BusUnderTest } from './bus-under-test.ts';

/** How long a broker may take to start on a machine that does other things; for `beforeAll`. */
export const KAFKA_START_TIMEOUT_MS = 180_000;

/** Loaded only where a broker is needed: what specs of this room stand on otherwise are libs, not tools. */
const STARTER = new URL('../../../tools/local-stack/src/stores/kafka/kafka.ts', import.meta.url).href;
type StartKafka = (options: { dataDir: string; port?: number; quick: boolean }) => Promise<{
  readonly brokers: readonly string[];
  readonly port: number;
  readonly pid: number;
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}>;

export interface TestKafka {
  readonly brokers: readonly string[];
  stop(): Promise<void>;
}

/** A broker that a spec may kill; started again it is the same one. */
export interface OwnKafka extends TestKafka {
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

/** The broker that all specs of this run share: they keep apart by the prefixes of their worlds. */
export async function testKafka(): Promise<TestKafka> {
  return { brokers: (await sharedStore('kafka')).split(','), stop: async () => undefined };
}

export async function ownKafka(): Promise<OwnKafka> {
  const { startKafka } = (await import(STARTER)) as { startKafka: StartKafka };
  const dataDir = await mkdtemp(join(tmpdir(), 'tolem-test-kafka-'));
  let running = await startKafka({ dataDir, quick: true });
  const { brokers, port } = running;
  return {
    brokers,
    kill: async () => {
      process.kill(running.pid, 'SIGKILL');
      await running.exited;
    },
    startAgain: async () => {
      running = await startKafka({ dataDir, port, quick: true });
    },
    stop: async () => {
      await running.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Two, so that order is kept by key and not by luck, and two members can share them. */
const PARTITIONS = 2;
const RETENTION_MS = 3_600_000;
const run = randomBytes(4).toString('hex');

/** Names that only the processes of one case share. */
export function prefixOf(world: string): string {
  return `${run}.${world}.`;
}

export async function createWorld(
  { brokers }: Pick<TestKafka, 'brokers'>,
  { world, topology }: Pick<BusSetting, 'world' | 'topology'>,
  partitions = PARTITIONS,
): Promise<void> {
  const consumers = new Set(Object.values(topology).flat());
  const names = [...Object.keys(topology), ...[...consumers].map(parkedTopic)];
  await createTopics({
    brokers,
    prefix: prefixOf(world),
    topics: names.map((name) => ({ name, partitions, retentionMs: RETENTION_MS, replicationFactor: 1 })),
  });
}

/** One process' end of the Kafka bus; the first of a world makes its topics. */
export async function kafkaBusUnderTest(
  kafka: Pick<TestKafka, 'brokers'>,
  { world, ...setting }: BusSetting,
): Promise<BusUnderTest> {
  await createWorld(kafka, { world, topology: setting.topology });
  const bus = await startKafkaBus({
    ...setting,
    brokers: kafka.brokers,
    clientId: 'spec',
    prefix: prefixOf(world),
    onFatal: (error) => setting.onError(error, 'fatal'),
    countEveryMs: 100,
    timing: { fetchWaitMs: 100, heartbeatMs: 200 },
  });
  return { bus, safeMeans: 'carried', close: () => bus.close() };
}
