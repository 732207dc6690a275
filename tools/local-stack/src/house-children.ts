import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PROVIDERS } from '@tolem/contracts';
import { Child, type ChildOptions } from './child.ts';
import type { HousePorts } from './house-ports.ts';
import { PlainFailure } from './plain-failure.ts';
import type { Progress } from './progress.ts';
import { waitUntilReady } from './ready.ts';
import { readServingLine } from './serving-line.ts';
import { readSandboxLine, type SandboxReady } from './sandbox.ts';
import type { StartLock } from './start-lock.ts';
import { REPOSITORY, type TolemFolder } from './tolem-folder.ts';

export const SERVICES_LOG = 'standalone.log';
const MIGRATE_TIMEOUT_MS = 120_000;
const SANDBOX_READY_TIMEOUT_MS = 30_000;
const SERVICES_READY_TIMEOUT_MS = 60_000;
const SERVICES_GRACE_MS = 15_000;
const SANDBOX_GRACE_MS = 5_000;

/** The scripts that make up a house; migrations run in this order. */
export interface HousePrograms {
  migrations: readonly { name: string; script: string }[];
  sandbox: string;
  services: string;
}

const service = (name: string, file: string): string => join(REPOSITORY, 'services', name, 'dist', file);

export const HOUSE_PROGRAMS: HousePrograms = {
  migrations: ['gateway', ...PROVIDERS.map((provider) => provider.name)].map((name) => ({
    name: `${name} migrations`,
    script: service(name, 'migrate.js'),
  })),
  sandbox: join(REPOSITORY, 'tools/sandbox/dist/main.js'),
  services: service('standalone', 'main.js'),
};

/** The Node processes of a house: the sandbox, the migrations (which end by themselves) and the services. */
export class HouseChildren {
  private readonly lock: StartLock;
  private readonly house: { folder: TolemFolder; programs: HousePrograms; hurry: AbortSignal };
  private readonly ending: AbortSignal;
  private readonly onEnd: (failure: PlainFailure) => void;
  private sandbox: Child | undefined;
  private services: Child | undefined;
  private stopped = false;

  /** `ending` ends every wait; `onEnd` hears of a process that ended though it should live. */
  constructor(
    lock: StartLock,
    house: { folder: TolemFolder; programs: HousePrograms; hurry: AbortSignal },
    ending: AbortSignal,
    onEnd: (failure: PlainFailure) => void,
  ) {
    this.lock = lock;
    this.house = house;
    this.ending = ending;
    this.onEnd = onEnd;
  }

  async startSandbox(ports: HousePorts): Promise<SandboxReady> {
    const { folder, programs } = this.house;
    const sandbox = await this.start({
      name: 'sandbox',
      script: programs.sandbox,
      args: [
        ...['--data', folder.sandbox],
        ...['--control-port', String(ports.sandboxControl)],
        ...['--r3-port', String(ports.kaspiR3)],
        '--exit-with-parent',
      ],
      env: {},
      logFile: join(folder.logs, 'sandbox.log'),
    });
    this.sandbox = sandbox;
    this.watch(sandbox);
    return sandbox.lineThat(readSandboxLine, 'said that it listens', SANDBOX_READY_TIMEOUT_MS, this.ending);
  }

  async migrate(env: Record<string, string>): Promise<void> {
    const logFile = join(this.house.folder.logs, 'migrate.log');
    for (const { name, script } of this.house.programs.migrations) {
      const child = await this.start({ name, script, args: [], env, logFile });
      try {
        const deadline = AbortSignal.any([AbortSignal.timeout(MIGRATE_TIMEOUT_MS), this.ending]);
        const how = await Promise.race([child.exited, whenAborted(deadline)]);
        this.ending.throwIfAborted();
        if (how === undefined) {
          throw new PlainFailure(
            `The ${name} did not end within ${MIGRATE_TIMEOUT_MS / 1000} s; their log is ${logFile}`,
          );
        }
        if (how !== 'code 0') throw await child.ended(how);
      } finally {
        await child.stop(SANDBOX_GRACE_MS, this.house.hurry);
      }
    }
  }

  async startServices(env: Record<string, string>): Promise<void> {
    const { folder, programs } = this.house;
    const services = await this.start({
      name: 'gateway',
      script: programs.services,
      args: ['--exit-with-parent'],
      env,
      logFile: join(folder.logs, SERVICES_LOG),
    });
    this.services = services;
    this.watch(services);
    // Its own word first: another house may answer on a port that was free a moment ago.
    const said = 'said that it serves';
    const serving = await services.lineThat(readServingLine, said, SERVICES_READY_TIMEOUT_MS, this.ending);
    const url = `http://127.0.0.1:${serving.managementPort}/readyz`;
    await waitUntilReady(url, 'gateway', SERVICES_READY_TIMEOUT_MS, this.ending);
  }

  /** The services first, because they ask the sandbox. */
  async stop(progress: Progress): Promise<void> {
    this.stopped = true;
    const { services, sandbox } = this;
    const { hurry } = this.house;
    if (services?.running === true) {
      const how = await progress.step('Stopping the services', () => services.stop(SERVICES_GRACE_MS, hurry));
      if (how === 'killed')
        progress.line(`    they did not end in time and were killed; their log is ${services.logFile}`);
    }
    if (sandbox?.running === true) {
      await progress.step('Stopping the sandbox', () => sandbox.stop(SANDBOX_GRACE_MS, hurry));
    }
  }

  private async start(options: Omit<ChildOptions, 'cwd'>): Promise<Child> {
    if ((await stat(options.script).catch(() => undefined)) === undefined) {
      throw new PlainFailure(`${options.script} is missing: run "npm run build" and look at what it says.`);
    }
    const child = await Child.start({ ...options, cwd: REPOSITORY });
    try {
      await this.lock.addChild(child);
    } catch (error) {
      await child.stop(SANDBOX_GRACE_MS, this.house.hurry);
      throw error;
    }
    return child;
  }

  private watch(child: Child): void {
    void child.exited.then(async (how) => {
      if (!this.stopped) this.onEnd(await child.ended(how));
    });
  }
}

const whenAborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
