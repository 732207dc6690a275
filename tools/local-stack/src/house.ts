import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DEMO_AMOUNT_MINOR } from './demo-options.ts';
import { describeHouse } from './describe-house.ts';
import { forget } from './forget.ts';
import { ensureDatabase } from './database.ts';
import { type LocalJson, writeLocalJson } from './local-json.ts';
import { type Onboarded, onboard } from './onboard.ts';
import { payDemo } from './pay-demo.ts';
import { PlainFailure } from './plain-failure.ts';
import { HouseChildren, SERVICES_LOG, type HousePrograms } from './house-children.ts';
import { chooseHousePorts } from './house-ports.ts';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import type { Progress } from './progress.ts';
import { makeSecretsFile, readSecrets, type Secrets } from './secrets.ts';
import { migrateEnvironment, serviceEnvironment } from './stack-env.ts';
import { StartLock } from './start-lock.ts';
import type { StartOptions } from './start-options.ts';
import { FRESH_REMEDY, type TolemFolder } from './tolem-folder.ts';

export interface HouseInput {
  programs: HousePrograms;
  folder: TolemFolder;
  options: StartOptions;
  progress: Progress;
  /** Asks the house to stop. */
  stopping: AbortSignal;
  /** Asks it to stop without grace. */
  hurry: AbortSignal;
}

/**
 * Everything of one machine, from nothing to serving: PostgreSQL, migrations, sandbox, services, demo chain, demo
 * payment, `.tolem/local.json`. Returns when it was asked to stop and everything has ended.
 *
 * @throws PlainFailure when a part cannot start or ends by itself; everything else has been stopped by then.
 */
export async function runHouse(input: HouseInput): Promise<void> {
  const house = new House(input);
  try {
    await house.open();
    await house.serve();
  } catch (error) {
    // Whatever fails because of the request to stop is that request, not a failure.
    if (!input.stopping.aborted) throw house.failure ?? error;
  } finally {
    await house.close();
  }
}

class House {
  /** Why it broke; whatever else failed then failed because of it. */
  failure: PlainFailure | undefined;
  private readonly input: HouseInput;
  private lock: StartLock | undefined;
  private postgres: RunningPostgres | undefined;
  private children: HouseChildren | undefined;
  private closed = false;
  /** Rejects when a part that should live has ended; raced against every wait. */
  private readonly broken = Promise.withResolvers<never>();
  private readonly breaking = new AbortController();
  /** Ends every wait: asked to stop, or a part has ended by itself. */
  private readonly ending: AbortSignal;

  constructor(input: HouseInput) {
    this.input = input;
    this.broken.promise.catch(() => undefined);
    this.ending = AbortSignal.any([input.stopping, this.breaking.signal]);
  }

  async open(): Promise<void> {
    const { folder, options, progress, stopping } = this.input;
    await mkdir(folder.logs, { recursive: true });
    const lock = await StartLock.take(folder.lock, (step) => progress.line(`  … ${step}`));
    this.lock = lock;
    const children = new HouseChildren(lock, this.input, this.ending, (failure) => this.breakWith(failure));
    this.children = children;
    await rm(folder.local, { force: true });
    const ports = await chooseHousePorts(options.port);
    if (options.fresh) await progress.step('Forgetting what earlier starts stored', () => forget(folder));
    const secrets = await this.secrets();
    stopping.throwIfAborted();

    const postgres = await this.startDatabase();
    stopping.throwIfAborted();
    const ready = await progress.step(
      'Sandbox bank',
      () => children.startSandbox(ports),
      (listening) => `at ${listening.control}`,
    );
    const environment = serviceEnvironment(secrets, {
      gatewayPort: ports.gateway,
      managementPort: ports.management,
      postgresPort: postgres.port,
      kaspiR3Url: ready.kaspi.r3,
    });
    await progress.step('Migrations', () => children.migrate(migrateEnvironment(environment, postgres.adminUrl)));
    await progress.step(
      'Gateway and provider services',
      () => this.race(children.startServices(environment)),
      () => `at http://127.0.0.1:${ports.gateway}`,
    );

    const gatewayUrl = `http://127.0.0.1:${ports.gateway}`;
    const onboarded = await progress.step(
      'Demo chain',
      (step) =>
        this.withLog(
          onboard({
            gatewayUrl,
            operatorKey: secrets.operatorKey,
            stateFile: folder.state,
            tls: ready.tls,
            signal: this.ending,
            onProgress: (text) => step.note(text),
          }),
        ),
      (chain) => (chain.fresh ? 'made' : 'kept'),
    );
    if (options.demo) await this.withLog(this.demo(gatewayUrl, onboarded));
    const local = describeHouse(gatewayUrl, secrets.operatorKey, onboarded, ready);
    await writeLocalJson(folder.local, local);
    this.summary(local);
  }

  /** Until it is asked to stop. */
  async serve(): Promise<void> {
    await this.race(
      new Promise<void>((resolve) => {
        if (this.input.stopping.aborted) resolve();
        else this.input.stopping.addEventListener('abort', () => resolve(), { once: true });
      }),
    );
  }

  /** In order: nobody is told that we serve, then who asks the database, then who is asked, then the database. */
  async close(): Promise<void> {
    this.closed = true;
    const { folder, progress } = this.input;
    const { children, postgres, lock } = this;
    if (lock === undefined) return;
    // What cannot be removed must not keep the processes alive; the next start removes it before anything else.
    await rm(folder.local, { force: true }).catch(() => undefined);
    await children?.stop(progress);
    if (postgres !== undefined) await progress.step('Stopping PostgreSQL', () => postgres.stop());
    await lock.release();
  }

  private race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.broken.promise]);
  }

  /** What the API refuses is explained in the log of the services. */
  private async withLog<T>(work: Promise<T>): Promise<T> {
    try {
      return await this.race(work);
    } catch (error) {
      if (!(error instanceof PlainFailure) || this.ending.aborted) throw error;
      const log = join(this.input.folder.logs, SERVICES_LOG);
      throw new PlainFailure(`${error.message.replace(/\.$/, '')}; the services' log is ${log}`, { cause: error });
    }
  }

  private breakWith(failure: PlainFailure): void {
    this.failure ??= failure;
    this.broken.reject(failure);
    this.breaking.abort();
  }

  private async secrets(): Promise<Secrets> {
    const { folder } = this.input;
    const known = await readSecrets(folder.secrets);
    if (known !== undefined) return known;
    if ((await stat(folder.postgres).catch(() => undefined)) !== undefined) {
      // A new master key could not open what the old one has closed.
      throw new PlainFailure(`The file ${folder.secrets} is missing beside the data that needs it: ${FRESH_REMEDY}.`);
    }
    return makeSecretsFile(folder.secrets);
  }

  private async startDatabase(): Promise<RunningPostgres> {
    const { folder, progress } = this.input;
    const postgres = await progress.step(
      'PostgreSQL',
      async (step) => {
        const started = await startPostgres({
          dataDir: folder.postgres,
          remedy: FRESH_REMEDY,
          onProgress: (text) => step.note(text),
        });
        this.postgres = started;
        await ensureDatabase(started.adminUrl);
        return started;
      },
      (started) => `on port ${started.port}`,
    );
    void postgres.exited.then(async () => {
      if (!this.closed) this.breakWith(await databaseEnded(postgres));
    });
    return postgres;
  }

  private async demo(gatewayUrl: string, chain: Onboarded): Promise<void> {
    const { progress } = this.input;
    progress.line();
    const outcome = await payDemo({
      gatewayUrl,
      apiKey: chain.apiKey,
      organization: chain.organization,
      desk: chain.desk,
      tradePoint: chain.tradePoint,
      amountMinor: DEMO_AMOUNT_MINOR,
      line: (text) => progress.line(text),
      isTerminal: progress.isTerminal,
      signal: this.ending,
    });
    if (outcome.status === 'succeeded') return;
    throw new PlainFailure(
      `The demo payment ${outcome.payment} ended as ${outcome.status} ("npm start -- --no-demo" serves without it).`,
    );
  }

  private summary(local: LocalJson): void {
    const { progress, folder } = this.input;
    progress.line();
    progress.line(`Tolem serves at ${local.gateway}`);
    progress.line(`  the API to read   ${local.docs}`);
    progress.line(`  keys and ids      ${folder.local}`);
    progress.line(`  logs              ${folder.logs}`);
    progress.line('  another payment   npm run demo -- kaspi_qr');
    progress.line('  stop              Ctrl-C');
  }
}

async function databaseEnded(postgres: RunningPostgres): Promise<PlainFailure> {
  const { kind, detail } = await postgres.lastWords();
  if (kind === 'disk_full')
    return new PlainFailure('The disk is full, so PostgreSQL ended: free some space and run again.');
  return new PlainFailure(`PostgreSQL ended by itself (${detail}); its log is ${postgres.logFile}`);
}
