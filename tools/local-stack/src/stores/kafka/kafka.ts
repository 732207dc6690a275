import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { anyFreePort, isPortFree } from '../../processes/ports.ts';
import type { Ending } from '../../processes/running-process.ts';
import { PlainFailure, withPlainFailures } from '../../terminal/plain-failure.ts';
import { endOrphan } from '../end-orphan.ts';
import { type RunningStore, storeEnvironment, type StoreOptions, StoreProcess } from '../store-process.ts';
import { javaCommand } from './java.ts';
import { KAFKA_FILES, kafkaJars } from './kafka-jars.ts';
import { kafkaLeads } from './kafka-probe.ts';
import { scramArguments, type SecuredListener, securedSettings } from './secured-listener.ts';

const READY_TIMEOUT_MS = 120_000;
const FORMAT_TIMEOUT_MS = 60_000;
const MAX_START_TRIES = 3;
const ENDINGS: readonly [Ending, Ending] = [
  ['SIGTERM', 15_000],
  ['SIGKILL', 5_000],
];

const MEMORY = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC'];
/** Compiles less and so starts sooner; for short lives only. */
const QUICK = '-XX:TieredStopAtLevel=1';
/** Of those, members of groups may be missed after a second: by itself a broker allows nothing below 6 s. */
const QUICK_SETTINGS = 'group.min.session.timeout.ms=1000\n';

export interface KafkaOptions extends StoreOptions {
  /** Starts sooner, runs slower and lets groups miss a member within a second: for tests. Default false. */
  quick?: boolean;
  /** A listener with TLS and passwords besides, on a port of its own. The passwords are kept when the storage is made. */
  secured?: SecuredListener;
  /** A broker beside another one, in its cluster: that one is the controller of both. */
  joins?: KafkaCluster;
  /** What a broken data folder tells a person to do. */
  remedy?: string;
}

/** What a second broker has to know of the first. */
export interface KafkaCluster {
  id: string;
  controllerPort: number;
}

export interface RunningKafka extends RunningStore {
  /** `host:port`, as clients want it. */
  brokers: string[];
  /** The same of the secured listener, where one was asked for. */
  securedBrokers: string[];
  cluster: KafkaCluster;
}

interface Place {
  dataDir: string;
  jars: string;
  java: string;
  quick: boolean;
  secured: SecuredListener | undefined;
  joins: KafkaCluster | undefined;
  logFile: string;
  settings: string;
  remedy: string;
}

interface KafkaPorts {
  port: number;
  controllerPort: number;
  securedPort: number;
}

/**
 * Starts a real Kafka (KRaft, broker and controller in one process), formatting its storage at first use; started again on
 * the same folder it knows its topics. Several may run at once.
 *
 * @throws PlainFailure with one sentence: no Java, no Maven, disk full, no permission, port taken, broken folder.
 */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  const say = options.onProgress ?? (() => undefined);
  const java = await javaCommand();
  const jars = await kafkaJars(say);
  return withPlainFailures(options.dataDir, async () => {
    const { dataDir } = options;
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const place: Place = {
      dataDir,
      jars,
      java,
      quick: options.quick ?? false,
      secured: options.secured,
      joins: options.joins,
      logFile: join(dataDir, 'kafka.log'),
      settings: settingsOf(dataDir),
      remedy: options.remedy ?? 'run "npm start -- --fresh" to forget it',
    };
    if (await endKafka(dataDir)) say('stopped the Kafka that an earlier run had left');
    return startBroker(place, options.port, say);
  });
}

/** Ends a broker that an earlier run has left in this folder. True if there was one. */
export const endKafka = (dataDir: string): Promise<boolean> =>
  endOrphan({
    title: 'Kafka',
    pidFile: pidFileOf(dataDir),
    isOurs: (commandLine) => commandLine.includes(settingsOf(dataDir)),
    endings: ENDINGS,
  });

const settingsOf = (dataDir: string): string => join(dataDir, 'server.properties');
const pidFileOf = (dataDir: string): string => join(dataDir, 'kafka.pid');

async function startBroker(
  place: Place,
  askedPort: number | undefined,
  say: (step: string) => void,
): Promise<RunningKafka> {
  for (let attempt = 1; ; attempt += 1) {
    const port = askedPort ?? (await anyFreePort());
    if (!(await isPortFree(port))) throw portTaken(port);
    const ports = await writeSettings(place, port);
    await formatOnce(place, say);
    say('starting Kafka');
    const started = await tryBroker(place, ports);
    if (typeof started !== 'string') return started;
    // Another program may have taken one of the ports since we looked.
    const taken = started.includes('Address already in use');
    if (taken && attempt < MAX_START_TRIES) continue;
    if (taken) throw portTaken(port);
    if (started.includes('No space left on device')) {
      throw new PlainFailure(`The disk is full at ${place.dataDir}: free some space and run again.`);
    }
    throw new PlainFailure(`Kafka did not start in ${place.dataDir}; its log is ${place.logFile}: ${place.remedy}.`);
  }
}

const portTaken = (port: number): PlainFailure =>
  new PlainFailure(`Kafka cannot listen on port ${port}, which another program has taken: choose another one.`);

async function writeSettings({ dataDir, settings, quick, secured, joins }: Place, port: number): Promise<KafkaPorts> {
  const controllerPort = joins?.controllerPort ?? (await freePortBeside(port));
  const securedPort = await freePortBeside(port, controllerPort);
  const ports = { port, controllerPort, securedPort };
  const values: Record<string, string | number> = { ...ports, dataDir };
  const template = await readFile(join(KAFKA_FILES, 'server.properties'), 'utf8');
  const lines = template.split('\n').filter((line) => !line.startsWith('#'));
  const filled = lines.join('\n').replaceAll(/\$\{(\w+)\}/g, (_, name: string) => String(values[name]));
  const more = [
    quick ? QUICK_SETTINGS : '',
    secured === undefined ? '' : securedSettings(secured, ports),
    joins === undefined ? '' : secondBrokerSettings(port),
  ];
  await writeFile(settings, [filled, ...more].join(''), { mode: 0o600 });
  return ports;
}

const secondBrokerSettings = (port: number): string =>
  `process.roles=broker\nnode.id=2\nlisteners=PLAINTEXT://127.0.0.1:${port}\n`;

async function freePortBeside(...taken: readonly number[]): Promise<number> {
  let port = await anyFreePort();
  while (taken.includes(port)) port = await anyFreePort();
  return port;
}

/** Formatting writes the file that it is known by at its very end, and may be repeated. */
async function formatOnce(place: Place, say: (step: string) => void): Promise<void> {
  if ((await clusterOf(place)) !== undefined) return;
  say('formatting the storage of a new Kafka');
  const clusterId = place.joins?.id ?? randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const passwords = place.secured === undefined ? [] : scramArguments(place.secured);
  const args = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', place.settings, ...passwords];
  try {
    await promisify(execFile)(place.java, [...javaArguments(place), ...args], {
      timeout: FORMAT_TIMEOUT_MS,
      env: brokerEnvironment(),
    });
  } catch (error) {
    throw new PlainFailure(`The storage of Kafka in ${place.dataDir} could not be formatted: ${place.remedy}.`, {
      cause: error,
    });
  }
}

/** The id of the cluster that the storage was made for; undefined before that. */
async function clusterOf({ dataDir }: Place): Promise<string | undefined> {
  const known = await readFile(join(dataDir, 'log', 'meta.properties'), 'utf8').catch(() => '');
  return /^cluster\.id=(.+)$/m.exec(known)?.[1];
}

function javaArguments({ jars, quick }: Place): string[] {
  const logging = `-Dlog4j2.configurationFile=${join(KAFKA_FILES, 'log4j2.properties')}`;
  return [...MEMORY, ...(quick ? [QUICK] : []), logging, '-cp', join(jars, '*')];
}

/** Java's own options are not for us to set by accident. */
const brokerEnvironment = (): NodeJS.ProcessEnv => storeEnvironment('JAVA_TOOL_OPTIONS', '_JAVA');

async function tryBroker(
  place: Place,
  { port, controllerPort, securedPort }: KafkaPorts,
): Promise<RunningKafka | string> {
  const { dataDir, logFile } = place;
  const pidFile = pidFileOf(dataDir);
  const broker = await StoreProcess.start({
    command: place.java,
    args: [...javaArguments(place), 'kafka.Kafka', place.settings],
    as: { cwd: dataDir, env: brokerEnvironment() },
    logFile,
    pidFile,
    endings: ENDINGS,
  });
  const { pid, exited } = broker;
  const stop = async (): Promise<void> => {
    await broker.stop();
    await rm(pidFile, { force: true });
  };
  try {
    await writeFile(pidFile, `${pid}\n`, { mode: 0o600 });
    if ((await broker.untilReady(() => kafkaLeads(port), READY_TIMEOUT_MS)) === 'ready') {
      return {
        brokers: [`127.0.0.1:${port}`],
        securedBrokers: place.secured === undefined ? [] : [`127.0.0.1:${securedPort}`],
        cluster: { id: (await clusterOf(place)) ?? '', controllerPort },
        ...{ port, pid, logFile, exited, stop },
      };
    }
  } catch (error) {
    await stop();
    throw error;
  }
  await stop();
  return broker.said('first');
}
