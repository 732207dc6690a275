import { readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { ChildRegister } from '../processes/children.ts';
import { commandLineOf, isAlive, waitForExit } from '../processes/running-process.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { systemErrorCode } from '../terminal/system-error-code.ts';
import { writeJsonFile } from './json-file.ts';

/** Children of a killed start end by themselves; this is how long they may take before they are asked, then made to. */
const LEFTOVER_GRACE_MS = 3_000;
const MAX_TRIES = 3;

const COMMANDS = ['npm start', 'npm run stack'] as const;
export type StartCommand = (typeof COMMANDS)[number];

const HOW_TO_STOP: Readonly<Record<StartCommand, string>> = {
  'npm start': 'stop it with Ctrl-C in its terminal',
  'npm run stack': 'stop it with Ctrl-C in its terminal or "npm run stack -- --stop"',
};

const lockSchema = z.strictObject({
  pid: z.number().int().positive(),
  command: z.enum(COMMANDS).default('npm start'),
  children: z.array(z.strictObject({ name: z.string(), pid: z.number().int().positive(), script: z.string() })),
});

type Lock = z.output<typeof lockSchema>;

/** One house per clone. The lock also names the children, so that the next start can end what a kill -9 left. */
export class StartLock implements ChildRegister {
  private readonly path: string;
  private lock: Lock;
  /** Children come and go at the same moment; the file is written by one at a time. */
  private written: Promise<void> = Promise.resolve();
  private released = false;

  private constructor(path: string, lock: Lock) {
    this.path = path;
    this.lock = lock;
  }

  /** @throws PlainFailure when another house of this clone runs. */
  static async take(
    path: string,
    command: StartCommand,
    onProgress: (step: string) => void = () => undefined,
  ): Promise<StartLock> {
    const lock: Lock = { pid: process.pid, command, children: [] };
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

  /** Who holds it; undefined when nobody who still runs does. */
  static async holder(path: string): Promise<{ pid: number; command: StartCommand } | undefined> {
    const lock = await readLock(path);
    return lock !== undefined && (await isStart(lock.pid)) ? { pid: lock.pid, command: lock.command } : undefined;
  }

  addChild({ name, pid, script }: Lock['children'][number]): Promise<void> {
    return this.write({ ...this.lock, children: [...this.lock.children, { name, pid, script }] });
  }

  removeChild(pid: number): Promise<void> {
    return this.write({ ...this.lock, children: this.lock.children.filter((child) => child.pid !== pid) });
  }

  async release(): Promise<void> {
    this.released = true;
    await this.written.catch(() => undefined);
    await rm(this.path, { force: true });
  }

  private write(lock: Lock): Promise<void> {
    this.lock = lock;
    const before = this.written.catch(() => undefined);
    this.written = before.then(() => (this.released ? undefined : writeJsonFile(this.path, this.lock)));
    return this.written;
  }
}

const readLock = async (path: string): Promise<Lock | undefined> =>
  lockSchema.safeParse(parseOrUndefined(await readFile(path, 'utf8').catch(() => ''))).data;

async function clearStale(path: string, onProgress: (step: string) => void): Promise<void> {
  const lock = await readLock(path);
  if (lock !== undefined) {
    if (lock.pid !== process.pid && (await isStart(lock.pid))) {
      throw new PlainFailure(
        `Tolem already runs from this folder (${lock.command}, process ${lock.pid}): use it, or ${HOW_TO_STOP[lock.command]}.`,
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
