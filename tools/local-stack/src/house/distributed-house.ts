import { mkdir } from 'node:fs/promises';
import { type Onboarded, onboard } from '../onboarding/onboard.ts';
import { Children } from '../processes/children.ts';
import { ensureDatabase } from '../services/database.ts';
import { makeTopics } from '../services/make-topics.ts';
import { STACK_PROGRAMS, type StackPrograms } from '../services/programs.ts';
import { ONE_OF_EACH } from '../services/replicas.ts';
import { runMigrations } from '../services/run-migrations.ts';
import { databaseAdminUrl, serviceEnvironment } from '../services/stack-env.ts';
import type { StoreName, Stores } from '../stores/stores.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { displayDuration, Progress } from '../terminal/progress.ts';
import { makeSecrets, type Secrets } from '../tolem-folder/secrets.ts';
import type { StackFolder } from '../tolem-folder/tolem-folder.ts';
import { BankProcesses } from './bank-processes.ts';
import type { DistributedHouseInput, HouseProcess } from './distributed-house-input.ts';
import { houseProcesses } from './house-processes.ts';
import type { SandboxReady } from './sandbox.ts';
import { ServiceReplicas, type ServicePorts } from './service-replicas.ts';
import { SharedFate } from './shared-fate.ts';
import { ANY_PORTS } from './stack-ports.ts';
import { EGRESS_ADDRESS } from './start-egress-proxy.ts';
import { startStores } from './start-stores.ts';
import { storesFor } from './stores-for.ts';

/** The house as many processes: real stores, one process per replica of a service, the sandbox. */
export class DistributedHouse {
  readonly folder: StackFolder;
  readonly secrets: Secrets;
  private readonly input: DistributedHouseInput;
  private readonly fate: SharedFate;
  private readonly hurry: AbortSignal;
  private readonly progress: Progress;
  private readonly programs: StackPrograms;
  private readonly children: Children;
  private readonly stores: Stores;
  private readonly services: ServiceReplicas;
  private readonly bank: BankProcesses;
  private closed: Promise<void> | undefined;

  private constructor(input: DistributedHouseInput) {
    const never = new AbortController().signal;
    this.input = input;
    this.folder = input.folder;
    this.secrets = input.secrets ?? makeSecrets();
    this.progress = input.progress ?? new Progress({ isTerminal: false, write: () => undefined });
    this.programs = input.programs ?? STACK_PROGRAMS;
    this.hurry = input.hurry ?? never;
    const ports = input.ports ?? ANY_PORTS;
    const fate = new SharedFate(input.stopping ?? never);
    this.fate = fate;
    const { hurry } = this;
    const { ending } = fate;
    this.children = new Children({
      ...{ ending, hurry },
      ...(input.register === undefined ? {} : { register: input.register }),
    });
    this.stores = storesFor(input, this.secrets, (failure) => this.breakWith(failure));
    this.bank = new BankProcesses({
      ...{ children: this.children, programs: this.programs, folder: input.folder, ports, wishes: input },
      ...{ progress: this.progress, ending, hurry },
      onEnd: (failure) => this.breakWith(failure),
    });
    this.services = new ServiceReplicas({
      ...{ children: this.children, programs: this.programs.services, logs: input.folder.logs, ending, hurry },
      ports: (service) => ports.service(service),
      environment: (...of) => this.environment(...of),
      onEnd: (service, replica, failure) => {
        if (input.onServiceEnd === undefined) this.breakWith(failure);
        else if (this.closed === undefined) input.onServiceEnd(service, replica, failure);
      },
    });
  }

  /**
   * Starts everything; resolves when every replica is ready.
   *
   * @throws PlainFailure when a part cannot start; nothing runs any more by then
   */
  static async open(input: DistributedHouseInput): Promise<DistributedHouse> {
    const house = new DistributedHouse(input);
    try {
      await house.start();
      return house;
    } catch (error) {
      await house.close();
      throw house.fate.failure ?? error;
    }
  }

  /** Rejects with the reason when a part ends by itself. */
  get failure(): Promise<never> {
    return this.fate.broken;
  }

  /** Why a part ended by itself, once one has; whatever else failed then failed because of it. */
  get brokenBy(): PlainFailure | undefined {
    return this.fate.failure;
  }

  /** Ends every wait: asked to stop, or a part has ended by itself. */
  get ending(): AbortSignal {
    return this.fate.ending;
  }

  /** The API, at each gateway that runs. */
  get gatewayUrls(): string[] {
    return this.services.processes().flatMap(({ url }) => (url === undefined ? [] : [url]));
  }

  get gatewayUrl(): string {
    const [first] = this.gatewayUrls;
    if (first === undefined) throw new PlainFailure('No gateway runs.');
    return first;
  }

  get sandbox(): SandboxReady {
    return this.bank.sandbox;
  }

  /** A superuser's address of the services' database. */
  get databaseAdminUrl(): string {
    return databaseAdminUrl(this.stores.database().adminUrl);
  }

  /** `host:port` each. */
  get brokers(): readonly string[] {
    return this.stores.shared().brokers;
  }

  /** What calls to the bank leave through, where the house was asked for one. */
  get egressProxyUrl(): string | undefined {
    return this.bank.proxyUrl;
  }

  get redisUrl(): string {
    return this.stores.shared().redisUrl;
  }

  /** What runs at this moment. */
  processes(): HouseProcess[] {
    return houseProcesses(this.services, this.stores, this.bank.started);
  }

  /** A replica that was stopped comes back on its ports; one that has not been before joins. Resolves when it is ready. */
  startService(name: string, replica: number): Promise<void> {
    return this.services.start(name, replica);
  }

  /** In order, or with another signal; tells how it ended (`code 0`, `signal SIGKILL`), undefined if it did not run. */
  stopService(name: string, replica: number, signal?: NodeJS.Signals): Promise<string | undefined> {
    return this.services.stop(name, replica, signal);
  }

  /** A store that was stopped comes back on its port, with its data (Redis: empty). Resolves when it answers. */
  startStore(store: StoreName): Promise<void> {
    return this.stores.start(store);
  }

  /** In order, or at once with SIGKILL. */
  stopStore(store: StoreName, signal?: NodeJS.Signals): Promise<void> {
    return this.stores.stop(store, signal);
  }

  /** Makes the demo tenant and its chain over the API, or finds what an earlier start has made. */
  onboard(onProgress: (step: string) => void = () => undefined): Promise<Onboarded> {
    return onboard({
      gatewayUrl: this.gatewayUrl,
      operatorKey: this.secrets.operatorKey,
      stateFile: this.folder.state,
      remedy: this.folder.remedy,
      tls: this.sandbox.tls,
      kaspiUrls: this.sandbox.kaspi,
      signal: this.fate.ending,
      onProgress,
    });
  }

  /** In order: who asks the bank and the stores, then who is asked. No process is left; the data stays. */
  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    const { progress, services, stores } = this;
    await this.children.close();
    if (!services.idle) {
      const killed = await progress.step('Stopping the services', () => services.stopAll());
      for (const log of killed) progress.line(`    one did not end in time and was killed; its log is ${log}`);
    }
    await this.bank.stop();
    if (!stores.idle) await progress.step('Stopping PostgreSQL, Kafka and Redis', () => stores.stopAll());
  }

  private async start(): Promise<void> {
    const { progress, stores, fate } = this;
    await mkdir(this.folder.logs, { recursive: true });
    const { kafka } = await startStores(stores, progress, fate.ending);
    await this.input.prepareDatabase?.(stores.database().adminUrl, async () => {
      await stores.stop('postgres');
      await stores.start('postgres');
    });
    await progress.step(
      'Sandbox bank',
      () => fate.race(this.bank.startSandbox()),
      ({ control }) => `at ${control}`,
    );
    if (this.input.egressProxy === true) {
      await progress.step(
        'Egress proxy',
        () => fate.race(this.bank.startProxy()),
        (url) => `at ${url}, calls come from ${EGRESS_ADDRESS}`,
      );
    }
    await progress.step('Migrations', () => fate.race(this.migrate()));
    await progress.step(
      'Kafka',
      () => fate.race(kafka),
      (tookMs) => `at ${stores.where('kafka')}, ${displayDuration(tookMs)} beside the others`,
    );
    fate.ending.throwIfAborted();
    await progress.step('Topics', () => fate.race(this.makeTopics()));
    const wanted = [...(this.input.replicas ?? ONE_OF_EACH)].flatMap(([name, count]) =>
      Array.from({ length: count }, (_, at) => ({ name, replica: at + 1 })),
    );
    await progress.step(
      'Services',
      () => fate.race(Promise.all(wanted.map(({ name, replica }) => this.startService(name, replica)))),
      () => wanted.map(({ name, replica }) => `${name} ${replica}`).join(', '),
    );
  }

  private async migrate(): Promise<void> {
    const { adminUrl, port } = this.stores.database();
    await ensureDatabase(adminUrl);
    const at = { gatewayPort: 0, managementPort: 0, postgresPort: port, kaspiUrls: this.sandbox.kaspi };
    await runMigrations(this.children, {
      ...{ migrations: this.programs.migrations, logs: this.folder.logs, adminUrl },
      environment: (services) => serviceEnvironment(this.secrets, at, services),
    });
  }

  /** Makes the topics that are missing, with the product's own command. */
  makeTopics(): Promise<void> {
    const { programs, folder, stores } = this;
    return makeTopics(this.children, { script: programs.topics, logs: folder.logs, shared: stores.shared() });
  }

  private environment(service: string, replica: number, ports: ServicePorts): Record<string, string> {
    const at = {
      ...ports,
      postgresPort: this.stores.database().port,
      kaspiUrls: this.sandbox.kaspi,
      ...(this.egressProxyUrl === undefined ? {} : { egressProxyUrl: this.egressProxyUrl }),
      shared: this.stores.shared(),
    };
    return { ...serviceEnvironment(this.secrets, at, [service]), ...this.input.environment?.(service, replica) };
  }

  /** What ends after it was asked to breaks nothing. */
  private breakWith(failure: PlainFailure): void {
    if (this.closed === undefined) this.fate.breakWith(failure);
  }
}
