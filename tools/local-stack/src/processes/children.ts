import { stat } from 'node:fs/promises';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { REPOSITORY } from '../tolem-folder/tolem-folder.ts';
import { Child, type ChildOptions } from './child.ts';
import { untilAborted } from './until-aborted.ts';

const TASK_TIMEOUT_MS = 120_000;
const TASK_GRACE_MS = 5_000;

/** A list of running processes that outlives us, so that the next start can end what a kill -9 left behind. */
export interface ChildRegister {
  addChild(child: { name: string; pid: number; script: string }): Promise<void>;
  removeChild(pid: number): Promise<void>;
}

export interface ChildrenInput {
  register?: ChildRegister;
  /** Ends every wait. */
  ending: AbortSignal;
  /** Ends every grace. */
  hurry: AbortSignal;
}

/** The Node processes that one house starts. */
export class Children {
  private readonly input: ChildrenInput;
  private readonly starting = new Set<Promise<Child>>();
  private closed = false;

  constructor(input: ChildrenInput) {
    this.input = input;
  }

  start(options: Omit<ChildOptions, 'cwd'>): Promise<Child> {
    const starting = this.launch(options).finally(() => this.starting.delete(starting));
    this.starting.add(starting);
    return starting;
  }

  private async launch(options: Omit<ChildOptions, 'cwd'>): Promise<Child> {
    // A part that broke while others were still starting must not be followed by processes that nobody would end.
    if (this.closed) throw new PlainFailure('The house is being taken down.');
    if ((await stat(options.script).catch(() => undefined)) === undefined) {
      throw new PlainFailure(`${options.script} is missing: run "npm run build" and look at what it says.`);
    }
    const child = await Child.start({ ...options, cwd: REPOSITORY });
    const { register, hurry } = this.input;
    try {
      await register?.addChild(child);
    } catch (error) {
      await child.stop(TASK_GRACE_MS, hurry);
      throw error;
    }
    // What cannot be taken off the list does no harm: the next start sees that nobody has this process id.
    void child.exited.then(() => register?.removeChild(child.pid)).catch(() => undefined);
    return child;
  }

  /** Runs something that ends by itself. @throws PlainFailure with its last words when it ends otherwise than well. */
  async runToEnd(options: Omit<ChildOptions, 'cwd'>): Promise<void> {
    const { ending, hurry } = this.input;
    const child = await this.start(options);
    try {
      const deadline = AbortSignal.any([AbortSignal.timeout(TASK_TIMEOUT_MS), ending]);
      const how = await Promise.race([child.exited, untilAborted(deadline)]);
      ending.throwIfAborted();
      if (how === undefined) {
        throw new PlainFailure(
          `The ${options.name} did not end within ${TASK_TIMEOUT_MS / 1000} s; the log is ${options.logFile}`,
        );
      }
      if (how !== 'code 0') throw await child.ended(how);
    } finally {
      await child.stop(TASK_GRACE_MS, hurry);
    }
  }

  /** Nothing is started any more; resolves when what was being started is known to whoever started it. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled([...this.starting]);
  }
}
