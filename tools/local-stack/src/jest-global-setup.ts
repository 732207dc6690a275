import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './processes/running-process.ts';
import { startPostgres } from './stores/postgres/postgres.ts';
import { type TestCluster, testCluster } from './stores/test-cluster.ts';
import { openTestStores, TEST_STORE_PREFIX } from './stores/test-stores.ts';

const POSTGRES_PREFIX = 'tolem-test-postgres-';

/** A test run that was killed leaves its folders behind; the process id in the name tells whether anybody still uses one. */
async function removeAbandoned(): Promise<void> {
  for (const prefix of [POSTGRES_PREFIX, TEST_STORE_PREFIX]) {
    for (const name of (await readdir(tmpdir())).filter((each) => each.startsWith(prefix))) {
      const owner = Number.parseInt(name.slice(prefix.length), 10);
      // The guard of a killed run's server needs some seconds; a folder still in use cannot be removed and waits for the next run.
      if (!isAlive(owner)) await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

async function startTestPostgres(): Promise<TestCluster['postgres']> {
  if ((process.env['TOLEM_TEST_POSTGRES_URL'] ?? '') !== '') return undefined;
  const dataDir = await mkdtemp(join(tmpdir(), `${POSTGRES_PREFIX}${process.pid}-`));
  // Passable, because under root the server is another user's; what lies inside is closed by its own modes.
  await chmod(dataDir, 0o711);
  const server = await startPostgres({ dataDir, durable: false, maxConnections: 300 });
  process.env['TOLEM_TEST_POSTGRES_URL'] = server.adminUrl;
  return { server, dataDir };
}

/**
 * One throw-away PostgreSQL for a whole test run; specs find it in TOLEM_TEST_POSTGRES_URL (a superuser's URL). A run
 * that is given that variable uses the server it names and starts none. Kafka and Redis are started by the first spec that
 * asks for them (`sharedStore` of libs/testing), so that a run of pure specs does not pay for them.
 */
export default async function startTestCluster(): Promise<void> {
  await removeAbandoned();
  const postgres = await startTestPostgres();
  const stores = await openTestStores();
  process.env['TOLEM_TEST_STORES'] = stores.url;
  testCluster.running = { postgres, stores };
}
