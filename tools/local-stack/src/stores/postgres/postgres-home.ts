import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlainFailure } from '../../terminal/plain-failure.ts';
import { SHARED_HOME } from './postgres-binaries.ts';
import { canReach, type Identity } from './postgres-identity.ts';
import { endPostmaster } from './postmaster.ts';

/** A new cluster takes about 40 MB and its write-ahead log grows from 16 MB; less than this ends in the middle. */
const LEAST_FREE_BYTES = 128 * 1024 * 1024;

/** The folder of one PostgreSQL: `cluster/` (the server's own), `superuser-password`, `postgres.log`. */
export interface PostgresHome {
  dir: string;
  clusterDir: string;
  passwordFile: string;
}

const homeAt = (dir: string): PostgresHome => ({
  dir,
  clusterDir: join(dir, 'cluster'),
  passwordFile: join(dir, 'superuser-password'),
});

const movedHome = (dataDir: string): PostgresHome =>
  homeAt(join(SHARED_HOME, 'clusters', createHash('sha256').update(dataDir).digest('hex').slice(0, 16)));

/**
 * The home for `dataDir`. When root runs a clone under a folder closed to others (/root has mode 700), the user
 * `postgres` could not reach a cluster inside it, so the cluster lives under /var/lib/tolem, keyed by the clone's path.
 * A note in `dataDir` says so; a moved cluster without that note belonged to a folder that somebody has deleted since.
 */
export async function postgresHome(dataDir: string, identity: Identity | undefined): Promise<PostgresHome> {
  await mkdir(dataDir, { recursive: true });
  if (identity === undefined || (await canReach(dataDir, identity))) return homeAt(dataDir);
  const home = movedHome(dataDir);
  const note = join(dataDir, 'the-cluster-is-at');
  if ((await readFile(note, 'utf8').catch(() => '')).trim() !== home.dir) {
    await endPostmaster(home.clusterDir);
    await rm(home.dir, { recursive: true, force: true });
    await writeFile(note, `${home.dir}\n`);
  }
  await mkdir(home.dir, { recursive: true, mode: 0o755 });
  return home;
}

/** Forgets everything that was stored for `dataDir`, wherever it lives. The server must not run. */
export async function removePostgresHome(dataDir: string): Promise<void> {
  await rm(movedHome(dataDir).dir, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}

/** Refuses before anything is half written. */
export async function checkFreeSpace(dir: string, leastBytes = LEAST_FREE_BYTES): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  if (bavail * bsize >= leastBytes) return;
  const freeMb = Math.floor((bavail * bsize) / 1_048_576);
  throw new PlainFailure(
    `The disk is full at ${dir} (${freeMb} MB left, ${leastBytes / 1_048_576} MB needed): free some space and run again.`,
  );
}

/** The superuser's password: made once, kept beside the cluster with mode 0600. */
export async function superuserPassword(home: PostgresHome): Promise<string> {
  const kept = await readFile(home.passwordFile, 'utf8').catch(() => '');
  if (/^[0-9a-f]{48}$/.test(kept.trim())) return kept.trim();
  const password = randomBytes(24).toString('hex');
  await writeFile(home.passwordFile, `${password}\n`, { mode: 0o600 });
  await chmod(home.passwordFile, 0o600);
  return password;
}

/** Gives a folder to the user that the server runs as, closed to everybody else. */
export async function closedFolder(dir: string, identity: Identity | undefined): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  if (identity !== undefined) await chown(dir, identity.uid, identity.gid);
}

export type ClusterState = 'absent' | 'whole' | { broken: string };

/** What lies in the cluster's folder, judged without starting anything. */
export async function clusterState(home: PostgresHome, majorVersion: string): Promise<ClusterState> {
  if ((await stat(home.clusterDir).catch(() => undefined)) === undefined) return 'absent';
  const version = (await readFile(join(home.clusterDir, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (version === '') return { broken: 'its version file is missing' };
  if (version !== majorVersion) return { broken: `it was written by PostgreSQL ${version}, not ${majorVersion}` };
  const control = await stat(join(home.clusterDir, 'global', 'pg_control')).catch(() => undefined);
  if (control === undefined || control.size === 0) return { broken: 'its control file is missing' };
  const password = await stat(home.passwordFile).catch(() => undefined);
  return password === undefined ? { broken: 'its password file is missing' } : 'whole';
}
