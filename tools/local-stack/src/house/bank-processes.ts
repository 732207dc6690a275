import { join } from 'node:path';
import type { Child } from '../processes/child.ts';
import type { Children } from '../processes/children.ts';
import type { StackPrograms } from '../services/programs.ts';
import type { PlainFailure } from '../terminal/plain-failure.ts';
import type { Progress } from '../terminal/progress.ts';
import type { StackFolder } from '../tolem-folder/tolem-folder.ts';
import type { DistributedHouseInput } from './distributed-house-input.ts';
import type { SandboxReady } from './sandbox.ts';
import type { StackPorts } from './stack-ports.ts';
import { EGRESS_ADDRESS, startEgressProxy } from './start-egress-proxy.ts';
import { startSandbox } from './start-sandbox.ts';

const GRACE_MS = 5_000;

export interface BankProcessesInput {
  children: Children;
  programs: Pick<StackPrograms, 'sandbox' | 'egressProxy'>;
  folder: StackFolder;
  ports: StackPorts;
  wishes: Pick<DistributedHouseInput, 'egressProxy' | 'timers'>;
  progress: Progress;
  /** Ends every wait. */
  ending: AbortSignal;
  /** Ends every grace. */
  hurry: AbortSignal;
  /** Hears of a process that ended by itself. */
  onEnd: (failure: PlainFailure) => void;
}

/** The bank of a house, and where it was asked for the proxy that is the only way there. */
export class BankProcesses {
  private readonly input: BankProcessesInput;
  private children: { sandbox: Child | undefined; proxy: Child | undefined } = { sandbox: undefined, proxy: undefined };
  private ready: SandboxReady | undefined;
  private url: string | undefined;

  constructor(input: BankProcessesInput) {
    this.input = input;
  }

  get sandbox(): SandboxReady {
    if (this.ready === undefined) throw new Error('the sandbox has not been started');
    return this.ready;
  }

  get proxyUrl(): string | undefined {
    return this.url;
  }

  /** What was started, whether it still runs or not. */
  get started(): Readonly<{ sandbox: Child | undefined; proxy: Child | undefined }> {
    return this.children;
  }

  async startSandbox(): Promise<SandboxReady> {
    const { folder, ports, programs, wishes, ending } = this.input;
    const wanted = {
      script: programs.sandbox,
      dataDir: folder.sandbox,
      logFile: join(folder.logs, 'sandbox.log'),
      controlPort: await ports.sandboxControl(),
      kaspiPorts: { r1: await ports.kaspi('r1'), r2: await ports.kaspi('r2'), r3: await ports.kaspi('r3') },
      ...(wishes.egressProxy === true ? { allowedAddresses: [EGRESS_ADDRESS] } : {}),
      ...(wishes.timers === undefined ? {} : { timers: wishes.timers }),
    };
    this.ready = await startSandbox(this.input.children, wanted, ending, (sandbox) => {
      this.children.sandbox = this.watched(sandbox);
    });
    return this.ready;
  }

  async startProxy(): Promise<string> {
    const { folder, ports, programs, ending } = this.input;
    const wanted = {
      script: programs.egressProxy,
      logFile: join(folder.logs, 'egress-proxy.log'),
      port: await ports.egressProxy(),
      targets: Object.values(this.sandbox.kaspi),
    };
    const { url } = await startEgressProxy(this.input.children, wanted, ending, (proxy) => {
      this.children.proxy = this.watched(proxy);
    });
    this.url = url;
    return url;
  }

  /** The way there first. */
  async stop(): Promise<void> {
    const { progress, hurry } = this.input;
    const { proxy, sandbox } = this.children;
    if (proxy?.running === true) await progress.step('Stopping the egress proxy', () => proxy.stop(GRACE_MS, hurry));
    if (sandbox?.running === true) await progress.step('Stopping the sandbox', () => sandbox.stop(GRACE_MS, hurry));
  }

  private watched(child: Child): Child {
    void child.exited.then(async (how) => this.input.onEnd(await child.ended(how)));
    return child;
  }
}
