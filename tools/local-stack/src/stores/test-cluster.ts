import type { RunningPostgres } from './postgres/postgres.ts';
import type { TestStores } from './test-stores.ts';

export interface TestCluster {
  /** Nothing where the run was given a server. */
  postgres: { server: RunningPostgres; dataDir: string } | undefined;
  stores: TestStores;
}

const KEY = Symbol.for('tolem.test-cluster');

/**
 * Set-up and teardown of a test run are loaded as two separate module graphs, so what the one hands to the other lies
 * on the process' own global object.
 */
export const testCluster = {
  get running(): TestCluster | undefined {
    const kept: unknown = Reflect.get(globalThis, KEY);
    return kept as TestCluster | undefined;
  },
  set running(cluster: TestCluster | undefined) {
    Reflect.set(globalThis, KEY, cluster);
  },
};
