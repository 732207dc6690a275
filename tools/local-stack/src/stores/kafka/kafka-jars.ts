import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from '../../processes/running-process.ts';
import { PlainFailure } from '../../terminal/plain-failure.ts';
import { systemErrorCode } from '../../terminal/system-error-code.ts';
import { REPOSITORY } from '../../tolem-folder/tolem-folder.ts';
import { runMaven } from './java.ts';

export const KAFKA_FILES = join(REPOSITORY, 'tools/local-stack/kafka');

const FETCH_TIMEOUT_MS = 600_000;
const LOOK_EVERY_MS = 200;

/**
 * The folder with Kafka's jars (43 MB), fetched once for all clones of this user: TOLEM_CACHE_DIR, by default
 * ~/.cache/tolem. It is made beside and renamed when whole, and who comes second waits for the first.
 *
 * @throws PlainFailure where Maven is missing or cannot fetch.
 */
export async function kafkaJars(say: (step: string) => void): Promise<string> {
  const pom = join(KAFKA_FILES, 'pom.xml');
  // Named by what is asked for: another version is another folder.
  const wanted = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12);
  const cache = cacheDir();
  const jars = join(cache, `kafka-${wanted}`);
  if (await exists(jars)) return jars;
  await mkdir(cache, { recursive: true });
  await alone(`${jars}.lock`, async () => {
    if (await exists(jars)) return;
    say('fetching Kafka with Maven, once (43 MB)');
    const partial = `${jars}.partial`;
    await rm(partial, { recursive: true, force: true });
    await runMaven(
      ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`, '-DincludeScope=runtime'],
      FETCH_TIMEOUT_MS,
    );
    await rename(partial, jars);
  });
  return jars;
}

function cacheDir(): string {
  const asked = process.env['TOLEM_CACHE_DIR'] ?? '';
  return asked === '' ? join(homedir(), '.cache', 'tolem') : asked;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Only one process of this machine does the work at a time; the lock of a process that has ended does not count. */
async function alone(lock: string, work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 2 * FETCH_TIMEOUT_MS;
  while (!(await taken(lock))) {
    if (performance.now() > deadline) throw new PlainFailure(`Another process holds ${lock}: end it and run again.`);
    await pause(LOOK_EVERY_MS);
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
  const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
  // An empty lock is being written at this moment.
  if (owner > 0 && !isAlive(owner)) await unlink(lock).catch(() => undefined);
  return false;
}
