import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PlainFailure, withPlainFailures } from './plain-failure.ts';
import { anyFreePort } from './ports.ts';
import { commandLineOf, isAlive, waitForExit } from './postmaster.ts';
import { redisBinary } from './redis-binary.ts';

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 1_000;
const MAX_START_TRIES = 5;
/** Services that outlive their parent for a moment get this long to end in order. */
const ORPHAN_GRACE_S = 5;
const LAST_WORDS_BYTES = 2_000;

export interface RedisOptions {
  /** Absolute path of the folder for its log and its process id; made if absent. */
  dataDir: string;
  /** TCP port on 127.0.0.1; any free one if left out. */
  port?: number;
  onProgress?: (step: string) => void;
}

export interface RunningRedis {
  /** redis://127.0.0.1:port, without a password. */
  url: string;
  port: number;
  pid: number;
  logFile: string;
  /** Settles when the server's process has ended, for whatever reason. */
  exited: Promise<void>;
  /** No process is left, and nothing of what it held. */
  stop(): Promise<void>;
}

interface Place {
  binary: string;
  dataDir: string;
  logFile: string;
}

/**
 * Starts a Redis for this machine: in memory alone (whatever it holds can be put back from the database), evicting
 * nothing, open to this machine without a password.
 *
 * @throws PlainFailure with one sentence: no Redis to be had, port taken, no permission
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  return withPlainFailures(options.dataDir, async () => {
    await mkdir(options.dataDir, { recursive: true });
    const binary = await redisBinary(process.env, options.onProgress);
    if (await endOrphan(options.dataDir)) options.onProgress?.('stopped the Redis that an earlier run had left');
    options.onProgress?.('starting Redis');
    const place: Place = { binary, dataDir: options.dataDir, logFile: join(options.dataDir, 'redis.log') };
    for (let attempt = 1; ; attempt += 1) {
      const port = options.port ?? (await anyFreePort());
      const started = await tryServer(place, port);
      if (typeof started === 'object') return started;
      // Another program may have taken the port since we looked.
      if (options.port === undefined && attempt < MAX_START_TRIES) continue;
      throw new PlainFailure(`Redis could not be started on port ${port} (${started}); its log is ${place.logFile}.`);
    }
  });
}

const pidFileOf = (dataDir: string): string => join(dataDir, 'redis.pid');

function serverArguments(place: Place, port: number): string[] {
  return [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', place.dataDir],
    ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
    ...['--daemonize', 'no', '--pidfile', pidFileOf(place.dataDir)],
  ];
}

/** The running server, or why there is none. */
async function tryServer(place: Place, port: number): Promise<RunningRedis | string> {
  // Its log begins anew with each start: what it said before is of no use, as nothing that it held is left.
  const log = await open(place.logFile, 'w', 0o600);
  let server: ChildProcess;
  try {
    // A process group of its own keeps the terminal's Ctrl-C away: the server stops last, when its clients are gone.
    server = spawn(place.binary, serverArguments(place, port), {
      cwd: place.dataDir,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    await once(server, 'spawn');
  } finally {
    await log.close();
  }
  server.unref();
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const pid = server.pid ?? 0;
  const guard = guardOver(place.dataDir, pid);
  const stop = async (): Promise<void> => {
    guard?.kill('SIGKILL');
    await endServer(pid);
    await exited;
    await rm(pidFileOf(place.dataDir), { force: true });
  };
  if (await isReady(server, port)) {
    return { url: `redis://127.0.0.1:${port}`, port, pid, logFile: place.logFile, exited, stop };
  }
  await stop();
  return complaintIn(await readFile(place.logFile, 'utf8'));
}

/** The last warning in a log, without process id and time. */
function complaintIn(log: string): string {
  const lines = log.slice(-LAST_WORDS_BYTES).trim().split('\n');
  const [, warning] = / # (.*)$/.exec(lines.findLast((line) => line.includes(' # ')) ?? '') ?? [];
  return warning ?? (lines.at(-1) || 'it said nothing');
}

/** A server of its own group would live for ever if we were killed with -9: the guard ends it when our pipe ends. */
function guardOver(dataDir: string, pid: number): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const script = `read _; sleep ${ORPHAN_GRACE_S}; read p < "$1" && [ "$p" = "$0" ] && kill -TERM "$0"`;
  const guard = spawn('/bin/sh', ['-c', script, String(pid), pidFileOf(dataDir)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.unref();
  if (guard.stdin !== null && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
}

async function isReady(server: ChildProcess, port: number): Promise<boolean> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (server.exitCode === null && server.signalCode === null && performance.now() < deadline) {
    if ((await answeringPid(port)) === server.pid) return true;
    await pause(20);
  }
  return false;
}

/** The process that answers there: a connection alone proves nothing, whoever holds a taken port accepts it too. */
function answeringPid(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let said = '';
    const end = (pid?: number): void => {
      socket.destroy();
      resolve(pid);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => end());
    socket.on('error', () => end());
    socket.on('close', () => end());
    socket.on('connect', () => socket.write('INFO server\r\n'));
    socket.on('data', (chunk) => {
      said = `${said}${chunk.toString('latin1')}`.slice(-65_536);
      const found = /^process_id:(\d+)\r$/m.exec(said);
      if (found !== null) end(Number(found[1]));
    });
  });
}

async function endServer(pid: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just gone by itself, which the wait below sees.
    }
    if (await waitForExit(pid, STOP_TIMEOUT_MS)) return;
  }
}

/** Ends a server that an earlier run left in the folder, if its process is one. True if there was one. */
async function endOrphan(dataDir: string): Promise<boolean> {
  const pid = Number.parseInt(await readFile(pidFileOf(dataDir), 'utf8').catch(() => ''), 10);
  await rm(pidFileOf(dataDir), { force: true });
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return false;
  if (!/\b(redis|valkey)-server/.test(await commandLineOf(pid))) return false;
  await endServer(pid);
  return true;
}
