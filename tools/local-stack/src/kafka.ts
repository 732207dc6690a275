import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { javaCommand } from './java.ts';
import { KAFKA_FILES, kafkaJars } from './kafka-jars.ts';
import { kafkaLeads } from './kafka-probe.ts';
import { PlainFailure, withPlainFailures } from './plain-failure.ts';
import { anyFreePort, isPortFree } from './ports.ts';
import { commandLineOf, isAlive, waitForExit } from './postmaster.ts';

const READY_TIMEOUT_MS = 120_000;
const FORMAT_TIMEOUT_MS = 60_000;
const PROBE_EVERY_MS = 100;
const STOP_TIMEOUT_MS = 15_000;
const KILL_TIMEOUT_MS = 5_000;
const MAX_START_TRIES = 3;
const MAX_LOG_BYTES = 10 * 1024 * 1024;
const LOG_WINDOW_BYTES = 65_536;
/** Services that outlive their parent for a moment get this long to put their books in order. */
const ORPHAN_GRACE_S = 5;

const MEMORY = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC'];
/** Compiles less and so starts sooner; for short lives only. */
const QUICK = '-XX:TieredStopAtLevel=1';

export interface KafkaOptions {
  /** Absolute path of the folder that holds everything of this broker; made if absent. */
  dataDir: string;
  /** TCP port on 127.0.0.1; any free one if left out. */
  port?: number;
  /** Starts sooner and runs slower. Default false. */
  quick?: boolean;
  /** What a broken data folder tells a person to do. */
  remedy?: string;
  onProgress?: (step: string) => void;
}

export interface RunningKafka {
  /** `host:port`, as clients want it. */
  brokers: string[];
  port: number;
  pid: number;
  logFile: string;
  /** Settles when the broker's process has ended, for whatever reason. */
  exited: Promise<void>;
  /** SIGTERM; after 15 s SIGKILL. No process is left. */
  stop(): Promise<void>;
}

interface Place {
  dataDir: string;
  jars: string;
  java: string;
  quick: boolean;
  logFile: string;
  pidFile: string;
  settings: string;
  remedy: string;
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
      logFile: join(dataDir, 'kafka.log'),
      pidFile: join(dataDir, 'kafka.pid'),
      settings: join(dataDir, 'server.properties'),
      remedy: options.remedy ?? 'run "npm start -- --fresh" to forget it',
    };
    if (await endOrphan(place)) say('stopped the Kafka that an earlier run had left');
    return startBroker(place, options.port, say);
  });
}

async function startBroker(
  place: Place,
  askedPort: number | undefined,
  say: (step: string) => void,
): Promise<RunningKafka> {
  for (let attempt = 1; ; attempt += 1) {
    const port = askedPort ?? (await anyFreePort());
    if (!(await isPortFree(port))) throw portTaken(port);
    await writeSettings(place, port);
    await formatOnce(place, say);
    say('starting Kafka');
    const started = await tryBroker(place, port);
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

async function writeSettings({ dataDir, settings }: Place, port: number): Promise<void> {
  let controllerPort = await anyFreePort();
  while (controllerPort === port) controllerPort = await anyFreePort();
  const values: Record<string, string | number> = { port, controllerPort, dataDir };
  const template = await readFile(join(KAFKA_FILES, 'server.properties'), 'utf8');
  const lines = template.split('\n').filter((line) => !line.startsWith('#'));
  const filled = lines.join('\n').replaceAll(/\$\{(\w+)\}/g, (_, name: string) => String(values[name]));
  await writeFile(settings, filled, { mode: 0o600 });
}

/** Formatting writes the file that it is known by at its very end, and may be repeated. */
async function formatOnce(place: Place, say: (step: string) => void): Promise<void> {
  const known = await stat(join(place.dataDir, 'log', 'meta.properties')).catch(() => undefined);
  if (known !== undefined) return;
  say('formatting the storage of a new Kafka');
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const args = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', place.settings];
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

function javaArguments({ jars, quick }: Place): string[] {
  const logging = `-Dlog4j2.configurationFile=${join(KAFKA_FILES, 'log4j2.properties')}`;
  return [...MEMORY, ...(quick ? [QUICK] : []), logging, '-cp', join(jars, '*')];
}

/** Our secrets are not for the broker to know, and Java's own options not for us to set by accident. */
const brokerEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(TOLEM_|NODE_OPTIONS|npm_|JAVA_TOOL_OPTIONS|_JAVA)/.test(name)),
  );

async function tryBroker(place: Place, port: number): Promise<RunningKafka | string> {
  const logStart = await prepareLog(place.logFile);
  const log = await open(place.logFile, 'a', 0o600);
  let broker: ChildProcess;
  try {
    // A process group of its own keeps the terminal's Ctrl-C away: the broker stops when its clients are gone.
    broker = spawn(place.java, [...javaArguments(place), 'kafka.Kafka', place.settings], {
      cwd: place.dataDir,
      env: brokerEnvironment(),
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    await once(broker, 'spawn');
  } finally {
    await log.close();
  }
  broker.unref();
  const exited = new Promise<void>((resolve) => broker.once('exit', () => resolve()));
  const pid = broker.pid ?? 0;
  await writeFile(place.pidFile, `${pid}\n`, { mode: 0o600 });
  const guard = guardOver(place, pid);
  const runs = (): boolean => broker.exitCode === null && broker.signalCode === null;
  const stop = async (): Promise<void> => {
    guard.kill('SIGKILL');
    // Held again, or our process could end before it hears of the end.
    broker.ref();
    if (runs()) await endBroker(pid);
    await exited;
    await rm(place.pidFile, { force: true });
  };
  if (await waitUntilItLeads(port, runs)) {
    return { brokers: [`127.0.0.1:${port}`], port, pid, logFile: place.logFile, exited, stop };
  }
  await stop();
  return readFrom(place.logFile, logStart);
}

/** Whoever holds a taken port may be a broker too, so that ours must still run once its port has answered. */
async function waitUntilItLeads(port: number, runs: () => boolean): Promise<boolean> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (runs() && performance.now() < deadline) {
    if ((await kafkaLeads(port)) && runs()) return true;
    await pause(PROBE_EVERY_MS);
  }
  return false;
}

/**
 * A broker of its own group would live for ever if we were killed with -9. The guard is a shell that reads from a pipe of
 * ours: when we are gone the pipe ends, and it ends the broker, if it still is that broker.
 */
function guardOver({ pidFile }: Place, pid: number): ChildProcess {
  const ours = 'read p < "$1" && [ "$p" = "$0" ]';
  const script = `read _; sleep ${ORPHAN_GRACE_S}; ${ours} && kill -TERM "$0"; sleep 10; ${ours} && { kill -KILL "$0"; rm -f "$1"; }`;
  const guard = spawn('/bin/sh', ['-c', script, String(pid), pidFile], {
    env: brokerEnvironment(),
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.unref();
  if (guard.stdin !== null && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
}

async function endBroker(pid: number): Promise<boolean> {
  for (const [signal, timeoutMs] of [
    ['SIGTERM', STOP_TIMEOUT_MS],
    ['SIGKILL', KILL_TIMEOUT_MS],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just gone by itself, which the wait below sees.
    }
    if (await waitForExit(pid, timeoutMs)) return true;
  }
  return false;
}

/** Ends a broker that an earlier run has left in this folder. True if there was one. */
async function endOrphan({ pidFile, settings }: Place): Promise<boolean> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  const lives = Number.isSafeInteger(pid) && pid > 1 && isAlive(pid) && (await commandLineOf(pid)).includes(settings);
  if (lives && !(await endBroker(pid))) {
    throw new PlainFailure(`A Kafka left by an earlier run (process ${pid}) does not end: end it and run again.`);
  }
  await rm(pidFile, { force: true });
  return lives;
}

/** Keeps the log bounded: one that has grown too long starts anew. Gives the place where this start's lines begin. */
async function prepareLog(logFile: string): Promise<number> {
  const known = await stat(logFile).catch(() => undefined);
  if (known === undefined) return 0;
  if (known.size <= MAX_LOG_BYTES) return known.size;
  await rm(logFile);
  return 0;
}

async function readFrom(file: string, start: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(LOG_WINDOW_BYTES), 0, LOG_WINDOW_BYTES, start);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await handle.close();
  }
}
