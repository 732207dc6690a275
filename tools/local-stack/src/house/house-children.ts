import { join } from 'node:path';
import type { Child } from '../processes/child.ts';
import { type ChildRegister, Children } from '../processes/children.ts';
import { waitUntilReady } from '../processes/ready.ts';
import type { HousePrograms } from '../services/programs.ts';
import { runMigrations } from '../services/run-migrations.ts';
import { inheritedEnvironment, SERVICES } from '../services/stack-env.ts';
import type { PlainFailure } from '../terminal/plain-failure.ts';
import type { Progress } from '../terminal/progress.ts';
import type { TolemFolder } from '../tolem-folder/tolem-folder.ts';
import type { HousePorts } from './house-ports.ts';
import type { SandboxReady } from './sandbox.ts';
import { readServingLine } from './serving-line.ts';
import { startSandbox } from './start-sandbox.ts';

export const SERVICES_LOG = 'standalone.log';
const SERVICES_READY_TIMEOUT_MS = 60_000;
const SERVICES_GRACE_MS = 15_000;
export const SANDBOX_GRACE_MS = 5_000;

/** The Node processes of a house in one process: the sandbox, the migrations (which end by themselves) and the services. */
export class HouseChildren {
  private readonly house: { folder: TolemFolder; programs: HousePrograms; hurry: AbortSignal };
  private readonly ending: AbortSignal;
  private readonly onEnd: (failure: PlainFailure) => void;
  private readonly children: Children;
  private sandbox: Child | undefined;
  private services: Child | undefined;
  private stopped = false;

  /** `ending` ends every wait; `onEnd` hears of a process that ended though it should live. */
  constructor(
    register: ChildRegister,
    house: { folder: TolemFolder; programs: HousePrograms; hurry: AbortSignal },
    ending: AbortSignal,
    onEnd: (failure: PlainFailure) => void,
  ) {
    this.children = new Children({ register, ending, hurry: house.hurry });
    this.house = house;
    this.ending = ending;
    this.onEnd = onEnd;
  }

  startSandbox(ports: HousePorts): Promise<SandboxReady> {
    const { folder, programs } = this.house;
    const wishes = {
      script: programs.sandbox,
      dataDir: folder.sandbox,
      logFile: join(folder.logs, 'sandbox.log'),
      controlPort: ports.sandboxControl,
      kaspiPorts: ports.kaspi,
    };
    return startSandbox(this.children, wishes, this.ending, (sandbox) => {
      this.sandbox = sandbox;
      this.watch(sandbox);
    });
  }

  /** `environment` is that of a process with the services named. */
  migrate(environment: (services: readonly string[]) => Record<string, string>, adminUrl: string): Promise<void> {
    const { folder, programs } = this.house;
    return runMigrations(this.children, { migrations: programs.migrations, logs: folder.logs, adminUrl, environment });
  }

  async startServices(env: Record<string, string>): Promise<void> {
    const { folder, programs } = this.house;
    const services = await this.children.start({
      name: 'gateway',
      script: programs.services,
      args: ['--exit-with-parent'],
      env,
      inherited: inheritedEnvironment(SERVICES, env),
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
    await this.children.close();
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

  private watch(child: Child): void {
    void child.exited.then(async (how) => {
      if (!this.stopped) this.onEnd(await child.ended(how));
    });
  }
}
