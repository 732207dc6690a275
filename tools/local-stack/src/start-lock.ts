import { readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { PlainFailure } from './plain-failure.ts';
import { commandLineOf, isAlive, waitForExit } from './postmaster.ts';
import { systemErrorCode } from './system-error-code.ts';

/** Children of a killed start end by themselves; this is how long they may take before they are asked, then made to. */
const LEFTOVER_GRACE_MS = 3_000;
const MAX_TRIES = 3;

const lockSchema = z.strictObject({
  pid: z.number().int().positive(),
  children: z.array(z.strictObject({ name: z.string(), pid: z.number().int().positive(), script: z.string() })),
});

type Lock = z.output<typeof lockSchema>;

/** One `npm start` per clone. The lock also names the children, so that the next start can end what a kill -9 left. */
export class StartLock {
  private readonly path: string;
  private lock: Lock;

  private constructor(path: string, lock: Lock) {
    this.path = path;
    this.lock = lock;
  }

  /** @throws PlainFailure when another start of this clone runs. */
  static async take(path: string, onProgress: (step: string) => void = () => undefined): Promise<StartLock> {
    const lock: Lock = { pid: process.pid, children: [] };
    for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
      try {
        await writeFile(path, JSON.stringify(lock), { flag: 'wx', mode: 0o600 });
        return new StartLock(path, lock);
      } catch (error) {
        if (systemErrorCode(error) !== 'EEXIST') throw error;
      }
      await clearStale(path, onProgress);
    }
    throw new PlainFailure(`Another start has taken ${path} at the same moment: run the command again.`);
  }

  async addChild(child: { name: string; pid: number; script: string }): Promise<void> {
    this.lock = {
      ...this.lock,
      children: [...this.lock.children, { name: child.name, pid: child.pid, script: child.script }],
    };
    await writeFile(this.path, JSON.stringify(this.lock), { mode: 0o600 });
  }

  async release(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

async function clearStale(path: string, onProgress: (step: string) => void): Promise<void> {
  const lock = lockSchema.safeParse(parseOrUndefined(await readFile(path, 'utf8').catch(() => ''))).data;
  if (lock !== undefined) {
    if (lock.pid !== process.pid && (await isStart(lock.pid))) {
      throw new PlainFailure(
        `Tolem already runs from this folder (process ${lock.pid}): use it, or stop it with Ctrl-C in its terminal.`,
      );
    }
    for (const child of lock.children) await endLeftover(child, onProgress);
  }
  await rm(path, { force: true });
}

/** A process id alone may belong to anybody by now; only a start of this tool counts. */
async function isStart(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  return process.platform === 'win32' || (await commandLineOf(pid)).includes('local-stack');
}

async function endLeftover(child: Lock['children'][number], onProgress: (step: string) => void): Promise<void> {
  const isOurs = async (): Promise<boolean> =>
    isAlive(child.pid) && (await commandLineOf(child.pid)).includes(child.script);
  if (!(await isOurs())) return;
  onProgress(`waiting for the ${child.name} that a killed start had left`);
  if (await waitForExit(child.pid, LEFTOVER_GRACE_MS)) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await isOurs())) return;
    process.kill(child.pid, signal);
    if (await waitForExit(child.pid, LEFTOVER_GRACE_MS)) return;
  }
  throw new PlainFailure(
    `The ${child.name} of an earlier start (process ${child.pid}) does not end: end it and run again.`,
  );
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
