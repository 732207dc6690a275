import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { demoPayment } from '../onboarding/demo-payment.ts';
import { onboard } from '../onboarding/onboard.ts';
import { untilAborted } from '../processes/until-aborted.ts';
import { ensureDatabase } from '../services/database.ts';
import type { HousePrograms } from '../services/programs.ts';
import { serviceEnvironment } from '../services/stack-env.ts';
import { databaseEnded } from '../stores/postgres/database-ended.ts';
import { type RunningPostgres, startPostgres } from '../stores/postgres/postgres.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import type { Progress } from '../terminal/progress.ts';
import { forget } from '../tolem-folder/forget.ts';
import { type LocalJson, writeLocalJson } from '../tolem-folder/local-json.ts';
import { keptSecrets } from '../tolem-folder/secrets.ts';
import { StartLock } from '../tolem-folder/start-lock.ts';
import type { TolemFolder } from '../tolem-folder/tolem-folder.ts';
import { describeHouse } from './describe-house.ts';
import { HouseChildren, SERVICES_LOG } from './house-children.ts';
import { chooseHousePorts } from './house-ports.ts';
import { SharedFate } from './shared-fate.ts';
import { type PreferredPorts, USUAL_PORTS } from './usual-ports.ts';

const COMMAND = 'npm start';

export interface HouseOptions {
  /** Forget everything that earlier starts stored. */
  fresh: boolean;
  /** With a demo payment. */
  demo: boolean;
  /** Of the API; undefined: the default, or the next free one. */
  port: number | undefined;
}

export interface HouseInput {
  programs: HousePrograms;
  folder: TolemFolder;
  options: HouseOptions;
  /** Default: the usual ones. */
  ports?: PreferredPorts;
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
    if (!input.stopping.aborted) throw house.fate.failure ?? error;
  } finally {
    await house.close();
  }
}

class House {
  readonly fate: SharedFate;
  private readonly input: HouseInput;
  private lock: StartLock | undefined;
  private postgres: RunningPostgres | undefined;
  private children: HouseChildren | undefined;
  private closed = false;

  constructor(input: HouseInput) {
    this.input = input;
    this.fate = new SharedFate(input.stopping);
  }

  async open(): Promise<void> {
    const { folder, options, progress, stopping } = this.input;
    const { fate } = this;
    await mkdir(folder.logs, { recursive: true });
    const lock = await StartLock.take(folder.lock, COMMAND, (step) => progress.line(`  … ${step}`));
    this.lock = lock;
    const children = new HouseChildren(lock, this.input, fate.ending, (failure) => fate.breakWith(failure));
    this.children = children;
    await rm(folder.local, { force: true });
    const ports = await chooseHousePorts(options.port, this.input.ports ?? USUAL_PORTS);
    if (options.fresh) await progress.step('Forgetting what earlier starts stored', () => forget(folder));
    const secrets = await keptSecrets(folder);
    stopping.throwIfAborted();

    const postgres = await this.startDatabase();
    stopping.throwIfAborted();
    const ready = await progress.step(
      'Sandbox bank',
      () => children.startSandbox(ports),
      (listening) => `at ${listening.control}`,
    );
    const environment = (services?: readonly string[]): Record<string, string> =>
      serviceEnvironment(
        secrets,
        {
          gatewayPort: ports.gateway,
          managementPort: ports.management,
          postgresPort: postgres.port,
          kaspiUrls: ready.kaspi,
        },
        services,
      );
    await progress.step('Migrations', () => children.migrate(environment, postgres.adminUrl));
    const gatewayUrl = `http://127.0.0.1:${ports.gateway}`;
    await progress.step(
      'Gateway and provider services',
      () => fate.race(children.startServices(environment())),
      () => `at ${gatewayUrl}`,
    );

    const onboarded = await progress.step(
      'Demo chain',
      (step) =>
        this.withLog(
          onboard({
            gatewayUrl,
            operatorKey: secrets.operatorKey,
            stateFile: folder.state,
            remedy: folder.remedy,
            tls: ready.tls,
            kaspiUrls: ready.kaspi,
            signal: fate.ending,
            onProgress: (text) => step.note(text),
          }),
        ),
      (chain) => (chain.fresh ? 'made' : 'kept'),
    );
    if (options.demo) {
      await this.withLog(demoPayment(gatewayUrl, onboarded, { progress, signal: fate.ending, command: COMMAND }));
    }
    const local = describeHouse(gatewayUrl, secrets.operatorKey, onboarded, ready);
    await writeLocalJson(folder.local, local);
    this.summary(local);
  }

  /** Until it is asked to stop. */
  async serve(): Promise<void> {
    await this.fate.race(untilAborted(this.input.stopping));
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

  /** What the API refuses is explained in the log of the services. */
  private async withLog<T>(work: Promise<T>): Promise<T> {
    try {
      return await this.fate.race(work);
    } catch (error) {
      if (!(error instanceof PlainFailure) || this.fate.ending.aborted) throw error;
      const log = join(this.input.folder.logs, SERVICES_LOG);
      throw new PlainFailure(`${error.message.replace(/\.$/, '')}; the services' log is ${log}`, { cause: error });
    }
  }

  private async startDatabase(): Promise<RunningPostgres> {
    const { folder, progress } = this.input;
    const postgres = await progress.step(
      'PostgreSQL',
      async (step) => {
        const started = await startPostgres({
          dataDir: folder.postgres,
          remedy: folder.remedy,
          onProgress: (text) => step.note(text),
        });
        this.postgres = started;
        await ensureDatabase(started.adminUrl);
        return started;
      },
      (started) => `on port ${started.port}`,
    );
    void postgres.exited.then(async () => {
      if (!this.closed) this.fate.breakWith(await databaseEnded(postgres));
    });
    return postgres;
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
