import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  anyFreePort,
  Child,
  DATABASE,
  ensureDatabase,
  HOUSE_PROGRAMS,
  makeSecrets,
  migrateEnvironment,
  onboard,
  PlainFailure,
  readSandboxLine,
  REPOSITORY,
  type RunningPostgres,
  type SandboxReady,
  serviceEnvironment,
  startPostgres,
  waitUntilReady,
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
import { SANDBOX } from './process-usage.ts';

const READY_TIMEOUT_MS = 60_000;
const MIGRATE_TIMEOUT_MS = 120_000;
const SERVICES_GRACE_MS = 15_000;
const SANDBOX_GRACE_MS = 5_000;

/** Every service in one process, bus and schedule in its memory. */
export class EmbeddedHouse implements BenchHouse {
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
    const { dir, logs } = benchFolder(input.folder);
    this.dir = dir;
    this.logs = logs;
    this.broken.promise.catch(() => undefined);
  }

  get failure(): Promise<never> {
    return this.broken.promise;
  }

  async open(): Promise<OpenHouse> {
    const { folder, progress, stopping } = this.input;
    await makeBenchFolder(folder);
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
        kaspiUrls: ready.kaspi,
      }),
      // What a shell happens to have set must not change what is measured.
      TOLEM_LOG_LEVEL: 'info',
      ...this.input.environment,
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
        kaspiUrls: ready.kaspi,
        signal: stopping,
      }),
    );
    return {
      mode: 'embedded',
      gatewayUrls: [gatewayUrl],
      sandboxControl: ready.control,
      operatorKey: secrets.operatorKey,
      bankCa: ready.tls.ca,
      databaseUrl: houseDatabase(postgres.adminUrl),
      managementUrls: [`http://127.0.0.1:${ports.management}`],
      chain,
      processes: [
        { name: 'standalone', pid: services.pid, family: false },
        { name: 'postgres', pid: postgres.pid, family: true },
        { name: SANDBOX, pid: this.sandbox?.pid ?? 0, family: false },
      ],
      counter: new DatabaseCounter(postgres.adminUrl, DATABASE, counts),
      inspectors: inspectPort === undefined ? [] : [{ name: 'services', port: inspectPort }],
      distributed: undefined,
    };
  }

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
    await this.input.prepareBank?.(join(this.dir, 'sandbox'));
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

function houseDatabase(adminUrl: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${DATABASE}`;
  return url.href;
}
