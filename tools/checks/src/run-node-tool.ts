import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { CheckContext } from './check.ts';
import { type ProcessEnd, type ProcessOrder, runProcess } from './run-process.ts';

/** Folder of the installed packages: that of this file's own workspace, whatever is being checked. */
const PACKAGES = join(import.meta.dirname, '../../../node_modules');

export interface ToolOrder extends Pick<ProcessOrder, 'onText' | 'endsAfter' | 'gentle'> {
  /** File inside node_modules, such as `eslint/bin/eslint.js`. */
  script: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
}

/** Runs a tool from node_modules on the Node that runs us, with `node_modules/.bin` first on PATH for what it starts. */
export const runNodeTool = async (context: CheckContext, order: ToolOrder): Promise<ProcessEnd> => {
  const script = join(PACKAGES, order.script);
  if (!existsSync(script))
    return { kind: 'not_started', detail: `node_modules/${order.script} is missing: run npm ci` };
  return runProcess({
    command: process.execPath,
    args: [script, ...order.args],
    cwd: context.root,
    env: {
      ...process.env,
      PATH: [join(PACKAGES, '.bin'), process.env['PATH'] ?? ''].join(delimiter),
      NX_DAEMON: 'false',
      ...order.env,
    },
    timeoutMs: Math.max(0, context.timeLeftMs()),
    ...(order.gentle && { gentle: true }),
    ...(order.onText && { onText: order.onText }),
    ...(order.endsAfter && { endsAfter: order.endsAfter }),
  });
};

/** One sentence for an end that is no success; undefined for a success. */
export const troubleOf = (end: ProcessEnd): string | undefined => {
  switch (end.kind) {
    case 'exited':
      return end.code === 0 ? undefined : `ended with code ${end.code}`;
    case 'killed':
      return `was killed by ${end.signal}`;
    case 'stopped':
      return end.reason;
    case 'not_started':
      return `could not start: ${end.detail}`;
  }
};
