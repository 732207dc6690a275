import { ONE_OF_EACH } from '../services/replicas.ts';
import { DockerStores } from '../stores/docker/docker-stores.ts';
import { NativeStores } from '../stores/native-stores.ts';
import type { Stores } from '../stores/stores.ts';
import type { PlainFailure } from '../terminal/plain-failure.ts';
import type { Secrets } from '../tolem-folder/secrets.ts';
import type { DistributedHouseInput } from './distributed-house-input.ts';

/** What a service may hold of the database, by the defaults of its pools, and what people and tools need besides. */
const CONNECTIONS_PER_PROCESS = 32;
const CONNECTIONS_BESIDES = 64;
const LEAST_CONNECTIONS = 160;

/** The stores of a house, with room in the database for all of its replicas and some that join later. */
export function storesFor(
  wishes: DistributedHouseInput,
  secrets: Secrets,
  onEnd: (failure: PlainFailure) => void,
): Stores {
  const { folder, durable = true, quickKafka = false, replicas = ONE_OF_EACH, docker = false } = wishes;
  const processes = [...replicas.values()].reduce((sum, count) => sum + count, 0);
  const maxConnections = Math.max(LEAST_CONNECTIONS, processes * CONNECTIONS_PER_PROCESS + CONNECTIONS_BESIDES);
  const input = { folder, durable, quickKafka, maxConnections, onEnd };
  return docker ? new DockerStores({ ...input, secrets }) : new NativeStores(input);
}
