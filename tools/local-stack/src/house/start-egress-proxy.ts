import { z } from 'zod';
import type { Child } from '../processes/child.ts';
import type { Children } from '../processes/children.ts';
import { inheritedEnvironment } from '../services/stack-env.ts';
import { readJsonLine } from './json-line.ts';

const READY_TIMEOUT_MS = 30_000;

/**
 * Where the proxy's calls come from, as if it were another machine. The whole of 127.0.0.0/8 is this machine on Linux; other
 * systems have to be told of it (`ifconfig lo0 alias 127.0.0.2`).
 */
export const EGRESS_ADDRESS = '127.0.0.2';

/** The line that the proxy prints when it listens. */
const readyLine = z.looseObject({ event: z.literal('ready'), url: z.url() });

export interface EgressProxyProcess {
  url: string;
}

export interface EgressProxyWishes {
  script: string;
  logFile: string;
  /** 0 takes a free one. */
  port: number;
  /** URLs; only their hosts and ports are reached. */
  targets: readonly string[];
}

/** The proxy that calls to the bank leave through, a process of its own. `onStart` hears of it before it listens. */
export async function startEgressProxy(
  children: Children,
  wishes: EgressProxyWishes,
  signal: AbortSignal,
  onStart: (proxy: Child) => void,
): Promise<EgressProxyProcess> {
  const proxy = await children.start({
    name: 'egress proxy',
    script: wishes.script,
    args: [
      ...wishes.targets.flatMap((url) => ['--allow', new URL(url).host]),
      ...['--port', String(wishes.port), '--source-address', EGRESS_ADDRESS],
      '--exit-with-parent',
    ],
    env: {},
    inherited: inheritedEnvironment([], {}),
    logFile: wishes.logFile,
  });
  onStart(proxy);
  const read = (line: string): EgressProxyProcess | undefined => readJsonLine(line, readyLine);
  return proxy.lineThat(read, 'said that it listens', READY_TIMEOUT_MS, signal);
}
