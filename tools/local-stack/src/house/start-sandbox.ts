import type { Child } from '../processes/child.ts';
import type { Children } from '../processes/children.ts';
import { inheritedEnvironment } from '../services/stack-env.ts';
import { readSandboxLine, type SandboxReady } from './sandbox.ts';
import type { KaspiPorts } from './usual-ports.ts';

const READY_TIMEOUT_MS = 30_000;

export interface SandboxWishes {
  script: string;
  /** Where its ledger and its certificates lie. */
  dataDir: string;
  logFile: string;
  /** 0 takes a free one. */
  controlPort: number;
  /** 0 takes a free one. */
  kaspiPorts: KaspiPorts;
  /** The only source addresses that scheme 3 serves; everybody if left out. */
  allowedAddresses?: readonly string[];
  /** `bank`: the bank's own timers (5 s between questions); `local`: short ones (1 s), the default. */
  timers?: 'bank' | 'local';
}

/** The simulated bank, a process of its own. `onStart` hears of it before it listens. */
export async function startSandbox(
  children: Children,
  wishes: SandboxWishes,
  signal: AbortSignal,
  onStart: (sandbox: Child) => void,
): Promise<SandboxReady> {
  const sandbox = await children.start({
    name: 'sandbox',
    script: wishes.script,
    args: [
      ...['--data', wishes.dataDir],
      ...['--control-port', String(wishes.controlPort)],
      ...Object.entries(wishes.kaspiPorts).flatMap(([scheme, port]) => [`--${scheme}-port`, String(port)]),
      ...(wishes.allowedAddresses === undefined ? [] : ['--allow-ip', wishes.allowedAddresses.join(',')]),
      ...(wishes.timers === undefined ? [] : ['--timers', wishes.timers]),
      '--exit-with-parent',
    ],
    env: {},
    inherited: inheritedEnvironment([], {}),
    logFile: wishes.logFile,
  });
  onStart(sandbox);
  return sandbox.lineThat(readSandboxLine, 'said that it listens', READY_TIMEOUT_MS, signal);
}
