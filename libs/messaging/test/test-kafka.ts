import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedStore } from '@tolem/testing';
import { createTopics, type KafkaTiming, parkedTopic, startKafkaBus } from '../src/index.ts';
import type { BusSetting, BusUnderTest } from './bus-under-test.ts';

/** How long a broker may take to start on a machine that does other things; for `beforeAll`. */
export const KAFKA_START_TIMEOUT_MS = 180_000;

/** PEM files and the one user of a listener that asks for a certificate and a password. */
export interface SecuredListener {
  readonly keystore: string;
  readonly truststore: string;
  readonly user: { readonly name: string; readonly password: string };
}

/** What a second broker has to know of the first. */
export interface KafkaCluster {
  readonly id: string;
  readonly controllerPort: number;
}

/** What a broker has or is besides. */
interface KafkaBesides {
  readonly secured?: SecuredListener;
  readonly joins?: KafkaCluster;
}

/** Loaded only where a broker is needed: what specs of this room stand on otherwise are libs, not tools. */
const STARTER = new URL('../../../tools/local-stack/src/stores/kafka/kafka.ts', import.meta.url).href;
type StartKafka = (options: { dataDir: string; port?: number; quick: boolean } & KafkaBesides) => Promise<{
  readonly brokers: readonly string[];
  readonly securedBrokers: readonly string[];
  readonly cluster: KafkaCluster;
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
  /** Where the secured listener is, if one was asked for. */
  readonly securedBrokers: readonly string[];
  readonly cluster: KafkaCluster;
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

/** The broker that all specs of this run share: they keep apart by the prefixes of their worlds. */
export async function testKafka(): Promise<TestKafka> {
  return { brokers: (await sharedStore('kafka')).split(','), stop: async () => undefined };
}

export async function ownKafka(besides: KafkaBesides = {}): Promise<OwnKafka> {
  const { startKafka } = (await import(STARTER)) as { startKafka: StartKafka };
  const dataDir = await mkdtemp(join(tmpdir(), 'tolem-test-kafka-'));
  const options = { dataDir, quick: true, ...besides };
  let running = await startKafka(options);
  const { brokers, securedBrokers, cluster, port } = running;
  return {
    ...{ brokers, securedBrokers, cluster },
    kill: async () => {
      process.kill(running.pid, 'SIGKILL');
      await running.exited;
    },
    startAgain: async () => {
      running = await startKafka({ ...options, port });
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
  { world, timing, ...setting }: BusSetting & { readonly timing?: Partial<KafkaTiming> },
): Promise<BusUnderTest> {
  await createWorld(kafka, { world, topology: setting.topology });
  const bus = await startKafkaBus({
    ...setting,
    brokers: kafka.brokers,
    clientId: 'spec',
    prefix: prefixOf(world),
    onFatal: (error) => setting.onError(error, 'fatal'),
    countEveryMs: 100,
    timing: { fetchWaitMs: 100, heartbeatMs: 200, ...timing },
  });
  return { bus, safeMeans: 'carried', close: () => bus.close() };
}
