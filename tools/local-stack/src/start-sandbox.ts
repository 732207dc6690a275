import type { Child } from './child.ts';
import type { Children } from './children.ts';
import { readSandboxLine, type SandboxReady } from './sandbox.ts';
import { inheritedEnvironment } from './stack-env.ts';

const READY_TIMEOUT_MS = 30_000;

export interface SandboxWishes {
  script: string;
  /** Where its ledger and its certificates lie. */
  dataDir: string;
  logFile: string;
  /** 0 takes a free one. */
  controlPort: number;
  /** Of Kaspi scheme 3; 0 takes a free one. */
  kaspiR3Port: number;
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
      ...['--r3-port', String(wishes.kaspiR3Port)],
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
