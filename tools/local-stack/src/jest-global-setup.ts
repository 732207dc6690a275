import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from './postgres.ts';
import { isAlive } from './postmaster.ts';
import { type TestCluster, testCluster } from './test-cluster.ts';

const PREFIX = 'tolem-test-postgres-';

/** A test run that was killed leaves its folder behind; the process id in the name tells whether anybody still uses it. */
async function removeAbandoned(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const owner = Number.parseInt(name.slice(PREFIX.length), 10);
    // The guard of a killed run's server needs some seconds; a folder still in use cannot be removed and waits for the next run.
    if (!isAlive(owner)) await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * One throw-away PostgreSQL for a whole test run; specs find it in TOLEM_TEST_POSTGRES_URL (a superuser's URL). A run
 * that is given that variable uses the server it names and starts nothing.
 */
export default async function startTestPostgres(): Promise<void> {
  if ((process.env['TOLEM_TEST_POSTGRES_URL'] ?? '') !== '') return;
  await removeAbandoned();
  const dataDir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // Passable, because under root the server is another user's; what lies inside is closed by its own modes.
  await chmod(dataDir, 0o711);
  const postgres = await startPostgres({ dataDir, durable: false, maxConnections: 300 });
  process.env['TOLEM_TEST_POSTGRES_URL'] = postgres.adminUrl;
  const cluster: TestCluster = { postgres, dataDir };
  testCluster.running = cluster;
}
