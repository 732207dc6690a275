import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DistributedHouse,
  forgetPostgres,
  forgetStack,
  isAlive,
  type Onboarded,
  type Progress,
  stackFolder,
  tolemFolder,
} from '@tolem/local-stack';
import type { DatabaseCounter } from './database-counts.ts';
import type { WatchedProcess } from './process-usage.ts';
import type { SharedCounter } from './shared-counter.ts';

export const REMEDY = 'run it again, for every measurement starts with new data';

export interface BenchHouseInput {
  /** Where results, logs and, while it runs, data lie. */
  folder: string;
  /** `bank`: the bank's own timers (5 s between questions); `local`: short ones (1 s). */
  timers: 'bank' | 'local';
  /** Opens the services' inspectors on loopback ports. */
  inspect: boolean;
  /** For the services, beside their own. */
  environment?: Readonly<Record<string, string>>;
  /** Before the sandbox starts: fills the folder that its books lie in. */
  prepareBank?: (folder: string) => Promise<void>;
  progress: Progress;
  /** Ends every wait. */
  stopping: AbortSignal;
  hurry: AbortSignal;
}

export interface OpenHouse {
  mode: 'embedded' | 'distributed';
  /** The API; every one of them serves the same. */
  gatewayUrls: readonly string[];
  sandboxControl: string;
  operatorKey: string;
  /** The authorities of the bank, as a path. */
  bankCa: string;
  /** A superuser's address of the services' database. */
  databaseUrl: string;
  /** Where /metrics of the processes are that ask the bank. */
  managementUrls: readonly string[];
  chain: Onboarded;
  processes: readonly WatchedProcess[];
  counter: DatabaseCounter;
  inspectors: readonly { name: string; port: number }[];
  /** What only a house of many processes has. */
  distributed: { house: DistributedHouse; counter: SharedCounter } | undefined;
}

/** A house of its own for one measurement: other ports and other data than `npm start`, and nothing of it is kept. */
export interface BenchHouse {
  /** Rejects with the reason when a process of the house ends by itself. */
  readonly failure: Promise<never>;
  open(): Promise<OpenHouse>;
  /** In order: who asks the bank and the stores, then who is asked. The data goes, the logs stay until the next run. */
  close(): Promise<void>;
}

export interface BenchFolder {
  dir: string;
  logs: string;
}

export const benchFolder = (folder: string): BenchFolder => ({
  dir: join(folder, `house-${process.pid}`),
  logs: join(folder, 'logs'),
});

/** New and empty folders; forgets the data of measurements that were killed, whose processes end by themselves. */
export async function makeBenchFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const pid = /^house-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await forgetHouse(join(folder, name));
  }
  const { dir, logs } = benchFolder(folder);
  await rm(logs, { recursive: true, force: true });
  // The server runs as another user when we are root; its own folder inside is closed.
  for (const path of [dir, stackFolder(tolemFolder(dir)).dir]) {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o711);
  }
  await mkdir(logs, { recursive: true });
}

export async function forgetHouse(dir: string): Promise<void> {
  await forgetPostgres(join(dir, 'postgres'));
  await forgetStack(stackFolder(tolemFolder(dir)));
  await rm(dir, { recursive: true, force: true });
}
