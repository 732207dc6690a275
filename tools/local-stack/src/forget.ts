import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetPostgres } from './postgres.ts';
import { commandLineOf, isAlive, waitForExit } from './postmaster.ts';
import type { StackFolder, TolemFolder } from './tolem-folder.ts';

const END_TIMEOUT_MS = 10_000;

/** Removes all that earlier starts stored; the logs stay. */
export async function forget(folder: TolemFolder): Promise<void> {
  await forgetPostgres(folder.postgres);
  for (const path of [folder.sandbox, folder.state, folder.secrets, folder.local]) {
    await rm(path, { recursive: true, force: true });
  }
}

/** The same for a house of several processes. Whatever store still runs there is ended first. */
export async function forgetStack(folder: StackFolder): Promise<void> {
  await endStores(folder);
  await forget(folder);
  for (const path of [folder.kafka, folder.redis]) await rm(path, { recursive: true, force: true });
}

/** Ends the Kafka and the Redis that a killed run has left there. */
export async function endStores({ kafka, redis }: StackFolder): Promise<void> {
  await Promise.all([endByPidFile(join(kafka, 'kafka.pid'), kafka), endByPidFile(join(redis, 'redis.pid'), redis)]);
}

/** A process id may belong to anybody by now: only a process that names the store's folder is the store. */
async function endByPidFile(pidFile: string, dataDir: string): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(pid) || !(await commandLineOf(pid)).includes(dataDir)) return;
    process.kill(pid, signal);
    if (await waitForExit(pid, END_TIMEOUT_MS)) return;
  }
}
