import type { SharedAddresses } from '../services/stack-env.ts';
import type { PlainFailure } from '../terminal/plain-failure.ts';

export const STORE_NAMES = ['postgres', 'kafka', 'redis'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

export const STORE_TITLES: Readonly<Record<StoreName, string>> = {
  postgres: 'PostgreSQL',
  kafka: 'Kafka',
  redis: 'Redis',
};

export interface StoresInput {
  /** False: what is stored need not survive a power cut. */
  durable: boolean;
  /** Kafka starts sooner and runs slower. */
  quickKafka: boolean;
  maxConnections: number;
  /** Hears of a store that ended though it should live. */
  onEnd: (failure: PlainFailure) => void;
}

export interface DatabaseServer {
  /** A superuser's, of the server's own database. */
  adminUrl: string;
  port: number;
}

export interface StoreProcess {
  name: StoreName;
  pid: number;
  logFile: string;
}

/** PostgreSQL, Kafka and Redis of one house. */
export interface Stores {
  /** Finds or fetches what the stores are run with. @throws PlainFailure that names what to install. */
  prepare(say: (step: string) => void): Promise<void>;
  /** A store that was stopped comes back on the same port, with its data (Redis: empty). Resolves when it answers. */
  start(store: StoreName, say?: (step: string) => void): Promise<void>;
  /** `SIGKILL` gives it no time; otherwise it ends in order. */
  stop(store: StoreName, signal?: NodeJS.Signals): Promise<void>;
  stopAll(): Promise<void>;
  /** True while there is nothing to stop. */
  readonly idle: boolean;
  /** Once PostgreSQL has been started. */
  database(): DatabaseServer;
  /** Once Kafka and Redis have been started. */
  shared(): SharedAddresses;
  /** Empty where the stores are not processes of ours. */
  processes(): StoreProcess[];
  /** For people, in one line. */
  where(store: StoreName): string;
}
