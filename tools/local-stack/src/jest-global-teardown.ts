import { removePostgresHome } from './stores/postgres/postgres-home.ts';
import { testCluster } from './stores/test-cluster.ts';

/** Stops what the test run has started and removes its data. */
export default async function stopTestCluster(): Promise<void> {
  const cluster = testCluster.running;
  if (cluster === undefined) return;
  testCluster.running = undefined;
  await cluster.stores.close();
  if (cluster.postgres === undefined) return;
  await cluster.postgres.server.stop();
  await removePostgresHome(cluster.postgres.dataDir);
}
