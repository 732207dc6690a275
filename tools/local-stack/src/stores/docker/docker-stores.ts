import { createHash } from 'node:crypto';
import pg from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { choosePort } from '../../processes/ports.ts';
import type { SharedAddresses } from '../../services/stack-env.ts';
import { PlainFailure } from '../../terminal/plain-failure.ts';
import { databasePassword, type Secrets } from '../../tolem-folder/secrets.ts';
import { REPOSITORY } from '../../tolem-folder/tolem-folder.ts';
import { kafkaLeads } from '../kafka/kafka-probe.ts';
import {
  type DatabaseServer,
  STORE_NAMES,
  type StoreName,
  type StoreProcess,
  type Stores,
  type StoresInput,
} from '../stores.ts';
import { checkDocker, Compose } from './docker.ts';

/** Images are pulled at first. */
const UP_TIMEOUT_MS = 900_000;
const HEALTHY_S = 180;
const DOWN_TIMEOUT_MS = 90_000;
const ANSWER_TIMEOUT_MS = 60_000;
const PROBE_EVERY_MS = 200;

const PREFERRED_PORTS: Readonly<Record<StoreName, number>> = { postgres: 5432, kafka: 9092, redis: 6379 };

/** One project per clone, because its containers and volumes are named after it. */
const projectName = (): string => `tolem-${createHash('sha256').update(REPOSITORY).digest('hex').slice(0, 8)}`;

/** The stores of docker-compose.yml, on ports of the loopback address. Their data lies in volumes of Docker. */
export class DockerStores implements Stores {
  private readonly input: StoresInput & { secrets: Secrets };
  private readonly compose: Compose;
  private readonly ports = new Map<StoreName, number>();
  private stopGuard: (() => void) | undefined;

  constructor(input: StoresInput & { secrets: Secrets }) {
    this.input = input;
    this.compose = dockerProject(() => this.variables());
  }

  async prepare(say: (step: string) => void): Promise<void> {
    await checkDocker();
    // Containers of a killed run hold the ports that we are about to choose.
    say('taking down what an earlier run had left');
    await this.compose.run(['down', '--remove-orphans'], DOWN_TIMEOUT_MS);
    const taken = new Set<number>();
    for (const store of STORE_NAMES) {
      const port = await choosePort({ preferred: PREFERRED_PORTS[store] }, taken);
      taken.add(port);
      this.ports.set(store, port);
    }
    this.stopGuard = this.compose.guard();
  }

  async start(store: StoreName, say: (step: string) => void = () => undefined): Promise<void> {
    say('waiting for its container');
    await this.compose.run(['up', '--detach', '--wait', '--wait-timeout', String(HEALTHY_S), store], UP_TIMEOUT_MS);
    if (store === 'kafka') await this.answers(store, () => kafkaLeads(this.port(store)));
    if (store === 'postgres') await this.answers(store, () => connects(this.database().adminUrl));
  }

  async stop(store: StoreName, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.compose.run(signal === 'SIGKILL' ? ['kill', store] : ['stop', store], DOWN_TIMEOUT_MS);
  }

  async stopAll(): Promise<void> {
    if (this.stopGuard === undefined) return;
    this.stopGuard();
    this.stopGuard = undefined;
    await this.compose.run(['down'], DOWN_TIMEOUT_MS);
  }

  get idle(): boolean {
    return this.stopGuard === undefined;
  }

  database(): DatabaseServer {
    const port = this.port('postgres');
    return { adminUrl: `postgres://postgres:${this.password()}@127.0.0.1:${port}/postgres`, port };
  }

  shared(): SharedAddresses {
    return { brokers: [this.where('kafka')], redisUrl: `redis://${this.where('redis')}` };
  }

  processes(): StoreProcess[] {
    return [];
  }

  where(store: StoreName): string {
    return `127.0.0.1:${this.port(store)}`;
  }

  private variables(): Record<string, string> {
    return {
      TOLEM_POSTGRES_PASSWORD: this.password(),
      TOLEM_POSTGRES_MAX_CONNECTIONS: String(this.input.maxConnections),
      ...Object.fromEntries(
        [...this.ports].map(([store, port]) => [`TOLEM_${store.toUpperCase()}_PORT`, String(port)]),
      ),
    };
  }

  private password(): string {
    return databasePassword(this.input.secrets, 'postgres');
  }

  private port(store: StoreName): number {
    return this.ports.get(store) ?? PREFERRED_PORTS[store];
  }

  private async answers(store: StoreName, probe: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + ANSWER_TIMEOUT_MS;
    while (!(await probe())) {
      if (performance.now() > deadline) {
        throw new PlainFailure(`The container "${store}" runs and does not answer at ${this.where(store)}.`);
      }
      await pause(PROBE_EVERY_MS);
    }
  }
}

/** Removes the containers with all that they stored. */
export async function forgetDockerStores(): Promise<void> {
  await checkDocker();
  await dockerProject(() => ({ TOLEM_POSTGRES_PASSWORD: 'unused' })).run(
    ['down', '--volumes', '--remove-orphans'],
    DOWN_TIMEOUT_MS,
  );
}

const dockerProject = (env: () => Record<string, string>): Compose => new Compose(projectName(), env);

async function connects(adminUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}
