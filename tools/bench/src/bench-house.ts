import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  anyFreePort,
  Child,
  DATABASE,
  ensureDatabase,
  forgetPostgres,
  HOUSE_PROGRAMS,
  isAlive,
  makeSecrets,
  migrateEnvironment,
  onboard,
  type Onboarded,
  PlainFailure,
  type Progress,
  readSandboxLine,
  REPOSITORY,
  type RunningPostgres,
  type SandboxReady,
  serviceEnvironment,
  startPostgres,
  waitUntilReady,
} from '@tolem/local-stack';
import { askForStatementCounts, DatabaseCounter, installStatementCounts } from './database-counts.ts';
import type { Pids } from './process-usage.ts';

const READY_TIMEOUT_MS = 60_000;
const MIGRATE_TIMEOUT_MS = 120_000;
const SERVICES_GRACE_MS = 15_000;
const SANDBOX_GRACE_MS = 5_000;
const REMEDY = 'run it again, for every measurement starts with new data';

export interface BenchHouseInput {
  /** Where results, logs and, while it runs, data lie. */
  folder: string;
  /** `bank`: the bank's own timers (5 s between questions); `local`: short ones (1 s). */
  timers: 'bank' | 'local';
  /** Opens the services' inspector on a loopback port. */
  inspect: boolean;
  progress: Progress;
  /** Ends every wait. */
  stopping: AbortSignal;
  hurry: AbortSignal;
}

export interface OpenHouse {
  gatewayUrl: string;
  sandboxControl: string;
  chain: Onboarded;
  pids: Pids;
  counter: DatabaseCounter;
  inspectPort: number | undefined;
}

/** A house of its own for one measurement: other ports and other data than `npm start`, and nothing of it is kept. */
export class BenchHouse {
  private readonly input: BenchHouseInput;
  private readonly dir: string;
  private readonly logs: string;
  private postgres: RunningPostgres | undefined;
  private sandbox: Child | undefined;
  private services: Child | undefined;
  private closing = false;
  /** Rejects when a part that should live has ended; raced against the whole measurement. */
  private readonly broken = Promise.withResolvers<never>();

  constructor(input: BenchHouseInput) {
    this.input = input;
    this.dir = join(input.folder, `house-${process.pid}`);
    this.logs = join(input.folder, 'logs');
    this.broken.promise.catch(() => undefined);
  }

  /** Rejects with the reason when a process of the house ends by itself. */
  get failure(): Promise<never> {
    return this.broken.promise;
  }

  async open(): Promise<OpenHouse> {
    const { folder, progress, stopping } = this.input;
    await mkdir(folder, { recursive: true });
    await forgetEarlierHouses(folder);
    await rm(this.logs, { recursive: true, force: true });
    await mkdir(this.logs, { recursive: true });
    await mkdir(this.dir, { recursive: true });
    // The server runs as another user when we are root; its own folder inside is closed.
    await chmod(this.dir, 0o711);

    const { postgres, counts } = await progress.step('PostgreSQL', () => this.startDatabase());
    stopping.throwIfAborted();
    const ready = await progress.step('Sandbox bank', () => this.startSandbox());
    const ports = { gateway: await anyFreePort(), management: await anyFreePort() };
    const secrets = makeSecrets();
    const environment = {
      ...serviceEnvironment(secrets, {
        gatewayPort: ports.gateway,
        managementPort: ports.management,
        postgresPort: postgres.port,
        kaspiR3Url: ready.kaspi.r3,
      }),
      // What a shell happens to have set must not change what is measured.
      TOLEM_LOG_LEVEL: 'info',
    };
    await progress.step('Migrations', () => this.migrate(migrateEnvironment(environment, postgres.adminUrl)));
    const inspectPort = this.input.inspect ? await anyFreePort() : undefined;
    const services = await progress.step('Gateway and provider services', () =>
      this.startServices(environment, ports.management, inspectPort),
    );
    const gatewayUrl = `http://127.0.0.1:${ports.gateway}`;
    const chain = await progress.step('Chain', () =>
      onboard({
        gatewayUrl,
        operatorKey: secrets.operatorKey,
        stateFile: join(this.dir, 'state.json'),
        tls: ready.tls,
        signal: stopping,
      }),
    );
    return {
      gatewayUrl,
      sandboxControl: ready.control,
      chain,
      pids: { standalone: services.pid, postgres: postgres.pid, sandbox: this.sandbox?.pid ?? 0 },
      counter: new DatabaseCounter(postgres.adminUrl, DATABASE, counts),
      inspectPort,
    };
  }

  /** In order: who asks the bank and the database, then who is asked. The data goes, the logs stay until the next run. */
  async close(): Promise<void> {
    this.closing = true;
    const { progress, hurry } = this.input;
    await progress.step('Taking the house down', async () => {
      await this.services?.stop(SERVICES_GRACE_MS, hurry);
      await this.sandbox?.stop(SANDBOX_GRACE_MS, hurry);
      await this.postgres?.stop();
      await forgetHouse(this.dir);
    });
  }

  private async startDatabase(): Promise<{ postgres: RunningPostgres; counts: boolean }> {
    const options = { dataDir: join(this.dir, 'postgres'), remedy: REMEDY, durable: true };
    let postgres = await startPostgres(options);
    this.postgres = postgres;
    const counts = await askForStatementCounts(postgres.adminUrl);
    if (counts) {
      await postgres.stop();
      postgres = await startPostgres(options);
      this.postgres = postgres;
      await installStatementCounts(postgres.adminUrl);
    }
    await ensureDatabase(postgres.adminUrl);
    void postgres.exited.then(async () => {
      if (this.closing) return;
      const { detail } = await postgres.lastWords();
      this.broken.reject(new PlainFailure(`PostgreSQL ended by itself (${detail}).`));
    });
    return { postgres, counts };
  }

  private async startSandbox(): Promise<SandboxReady> {
    const sandbox = await this.start('sandbox', HOUSE_PROGRAMS.sandbox, [
      ...['--data', join(this.dir, 'sandbox')],
      ...['--control-port', '0', '--r3-port', '0'],
      ...['--timers', this.input.timers],
      '--exit-with-parent',
    ]);
    this.sandbox = sandbox;
    this.watch(sandbox);
    return sandbox.lineThat(readSandboxLine, 'said that it listens', READY_TIMEOUT_MS, this.input.stopping);
  }

  private async migrate(env: Record<string, string>): Promise<void> {
    for (const { name, script } of HOUSE_PROGRAMS.migrations) {
      const child = await this.start(name.replaceAll(' ', '-'), script, [], env);
      const patience = AbortSignal.any([AbortSignal.timeout(MIGRATE_TIMEOUT_MS), this.input.stopping]);
      const over = new Promise<undefined>((resolve) => patience.addEventListener('abort', () => resolve(undefined)));
      try {
        const how = await Promise.race([child.exited, over]);
        this.input.stopping.throwIfAborted();
        if (how !== 'code 0') throw await child.ended(how ?? 'still running');
      } finally {
        await child.stop(SANDBOX_GRACE_MS, this.input.hurry);
      }
    }
  }

  private async startServices(
    environment: Record<string, string>,
    managementPort: number,
    inspectPort: number | undefined,
  ): Promise<Child> {
    const env = {
      ...environment,
      NODE_OPTIONS: inspectPort === undefined ? '' : `--inspect=127.0.0.1:${inspectPort}`,
    };
    const services = await this.start('standalone', HOUSE_PROGRAMS.services, ['--exit-with-parent'], env);
    this.services = services;
    this.watch(services);
    const ready = waitUntilReady(
      `http://127.0.0.1:${managementPort}/readyz`,
      'gateway',
      READY_TIMEOUT_MS,
      this.input.stopping,
    );
    await Promise.race([ready, this.failure]);
    return services;
  }

  private async start(name: string, script: string, args: string[], env: Record<string, string> = {}): Promise<Child> {
    // A part that broke while others were still starting must not be followed by processes that nobody would end.
    if (this.closing) throw new PlainFailure('The house is being taken down.');
    if ((await stat(script).catch(() => undefined)) === undefined) {
      throw new PlainFailure(`${script} is missing: run "npm run build" and look at what it says.`);
    }
    return Child.start({ name, script, args, env, cwd: REPOSITORY, logFile: join(this.logs, `${name}.log`) });
  }

  private watch(child: Child): void {
    void child.exited.then(async (how) => {
      if (!this.closing) this.broken.reject(await child.ended(how));
    });
  }
}

async function forgetHouse(dir: string): Promise<void> {
  await forgetPostgres(join(dir, 'postgres'));
  await rm(dir, { recursive: true, force: true });
}

/** A measurement that was killed leaves its data; its processes end by themselves when it is gone. */
async function forgetEarlierHouses(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^house-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await forgetHouse(join(folder, name));
  }
}
