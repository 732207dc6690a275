import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DATABASE,
  DistributedHouse,
  type HouseProcess,
  type Replicas,
  type RunningPostgres,
  type StackFolder,
  stackFolder,
  startPostgres,
  tolemFolder,
} from '@tolem/local-stack';
import {
  type BenchHouse,
  type BenchHouseInput,
  benchFolder,
  forgetHouse,
  makeBenchFolder,
  type OpenHouse,
  REMEDY,
} from './bench-house.ts';
import { askForStatementCounts, DatabaseCounter, installStatementCounts } from './database-counts.ts';
import type { WatchedProcess } from './process-usage.ts';
import { SharedCounter } from './shared-counter.ts';

/** Every service in processes of its own, over Kafka, Redis and PostgreSQL as they are run for a long time. */
export class ManyProcesses implements BenchHouse {
  private readonly input: BenchHouseInput & { replicas: Replicas };
  private readonly dir: string;
  private readonly folder: StackFolder;
  private house: DistributedHouse | undefined;
  private readonly broken = Promise.withResolvers<never>();

  constructor(input: BenchHouseInput & { replicas: Replicas }) {
    this.input = input;
    const { dir, logs } = benchFolder(input.folder);
    this.dir = dir;
    this.folder = { ...stackFolder(tolemFolder(dir)), logs, remedy: REMEDY };
    this.broken.promise.catch(() => undefined);
  }

  get failure(): Promise<never> {
    return this.broken.promise;
  }

  async open(): Promise<OpenHouse> {
    const { folder, progress, stopping, hurry, replicas, timers, inspect, environment } = this.input;
    await makeBenchFolder(folder);
    const counts = await progress.step('Telling PostgreSQL to count statements', () => this.prepareDatabase());
    stopping.throwIfAborted();
    await this.input.prepareBank?.(this.folder.sandbox);
    const house = await DistributedHouse.open({
      ...{ folder: this.folder, progress, stopping, hurry, replicas, timers },
      // What a shell happens to have set must not change what is measured.
      environment: () => ({
        TOLEM_LOG_LEVEL: 'info',
        NODE_OPTIONS: inspect ? '--inspect=127.0.0.1:0' : '',
        ...environment,
      }),
    });
    this.house = house;
    house.failure.catch((error: unknown) => this.broken.reject(error));
    const chain = await progress.step('Chain', () => house.onboard());
    const serverUrl = new URL(house.databaseAdminUrl);
    serverUrl.pathname = '/postgres';
    const processes = house.processes();
    return {
      mode: 'distributed',
      gatewayUrls: house.gatewayUrls,
      sandboxControl: house.sandbox.control,
      operatorKey: house.secrets.operatorKey,
      bankCa: house.sandbox.tls.ca,
      databaseUrl: house.databaseAdminUrl,
      managementUrls: processes.flatMap(({ name, managementUrl }) =>
        name === 'kaspi' && managementUrl !== undefined ? [managementUrl] : [],
      ),
      chain,
      processes: watched(processes),
      counter: new DatabaseCounter(serverUrl.href, DATABASE, counts),
      inspectors: inspect ? await inspectorsOf(processes) : [],
      distributed: { house, counter: new SharedCounter(house.redisUrl, join(this.folder.kafka, 'log')) },
    };
  }

  async close(): Promise<void> {
    await this.house?.close();
    await this.input.progress.step('Removing its data', () => forgetHouse(this.dir));
  }

  /** Counting begins with a start of the server, so that it is asked for before the house starts it. */
  private async prepareDatabase(): Promise<boolean> {
    const postgres: RunningPostgres = await startPostgres({
      dataDir: this.folder.postgres,
      remedy: REMEDY,
      durable: true,
    });
    try {
      const counts = await askForStatementCounts(postgres.adminUrl);
      if (counts) await installStatementCounts(postgres.adminUrl);
      return counts;
    } finally {
      await postgres.stop();
    }
  }
}

/** Under their own names, numbered where a service runs more than once. */
export function watched(processes: readonly Pick<HouseProcess, 'name' | 'replica' | 'pid'>[]): WatchedProcess[] {
  return processes.map((one) => ({
    name: displayName(one, processes),
    pid: one.pid,
    family: one.name === 'postgres',
  }));
}

function displayName(
  { name, replica }: Pick<HouseProcess, 'name' | 'replica'>,
  all: readonly Pick<HouseProcess, 'name'>[],
): string {
  return all.filter((other) => other.name === name).length > 1 ? `${name}-${replica}` : name;
}

/** Each service chose a free port for its inspector and said so in its log. */
async function inspectorsOf(processes: readonly HouseProcess[]): Promise<OpenHouse['inspectors']> {
  const services = processes.filter(({ role }) => role === 'service');
  return Promise.all(
    services.map(async (service) => {
      const port = inspectorPortIn(await readFile(service.logFile, 'utf8'));
      if (port === undefined) throw new Error(`${service.logFile} tells of no inspector`);
      return { name: displayName(service, processes), port };
    }),
  );
}

/** The last one that Node told of; undefined where it told of none. */
export function inspectorPortIn(log: string): number | undefined {
  const port = [...log.matchAll(/^Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)\//gm)].at(-1)?.[1];
  return port === undefined ? undefined : Number(port);
}
