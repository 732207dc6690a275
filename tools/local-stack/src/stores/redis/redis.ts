import { mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { anyFreePort } from '../../processes/ports.ts';
import type { Ending } from '../../processes/running-process.ts';
import { PlainFailure, withPlainFailures } from '../../terminal/plain-failure.ts';
import { endOrphan } from '../end-orphan.ts';
import { type RunningStore, type StoreOptions, StoreProcess } from '../store-process.ts';
import { redisBinary } from './redis-binary.ts';

const READY_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 1_000;
const MAX_START_TRIES = 5;
const LAST_WORDS_BYTES = 2_000;
const ENDINGS: readonly [Ending, Ending] = [
  ['SIGTERM', 5_000],
  ['SIGKILL', 5_000],
];

export type RedisOptions = StoreOptions;

export interface RunningRedis extends RunningStore {
  /** redis://127.0.0.1:port, without a password. */
  url: string;
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
    if (await endRedis(options.dataDir)) options.onProgress?.('stopped the Redis that an earlier run had left');
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

/** Ends a server that an earlier run has left in the folder; nothing of what it held is left. True if there was one. */
export const endRedis = (dataDir: string): Promise<boolean> =>
  endOrphan({
    title: 'Redis',
    pidFile: pidFileOf(dataDir),
    // It names its port there and not its folder.
    isOurs: (commandLine) => /\b(redis|valkey)-server/.test(commandLine),
    endings: ENDINGS,
  });

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
  const { dataDir, logFile } = place;
  const pidFile = pidFileOf(dataDir);
  const server = await StoreProcess.start({
    command: place.binary,
    args: serverArguments(place, port),
    as: { cwd: dataDir, env: { PATH: process.env['PATH'], LC_ALL: 'C' } },
    logFile,
    pidFile,
    endings: ENDINGS,
  });
  const { pid, exited } = server;
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(pidFile, { force: true });
  };
  const answers = async (): Promise<boolean> => (await answeringPid(port)) === pid;
  if ((await server.untilReady(answers, READY_TIMEOUT_MS)) === 'ready') {
    return { url: `redis://127.0.0.1:${port}`, port, pid, logFile, exited, stop };
  }
  await stop();
  return complaintIn(await server.said('last'));
}

/** The last warning in a log, without process id and time. */
function complaintIn(log: string): string {
  const lines = log.slice(-LAST_WORDS_BYTES).trim().split('\n');
  const [, warning] = / # (.*)$/.exec(lines.findLast((line) => line.includes(' # ')) ?? '') ?? [];
  return warning ?? (lines.at(-1) || 'it said nothing');
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
