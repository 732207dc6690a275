import { removePostgresHome } from './postgres-home.ts';
import { testCluster } from './test-cluster.ts';

/** Stops the test run's PostgreSQL and removes its data. */
export default async function stopTestPostgres(): Promise<void> {
  const cluster = testCluster.running;
  if (cluster === undefined) return;
  testCluster.running = undefined;
  await cluster.postgres.stop();
  await removePostgresHome(cluster.dataDir);
}
