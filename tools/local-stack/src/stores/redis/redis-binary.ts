import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { PlainFailure } from '../../terminal/plain-failure.ts';
import { systemErrorCode } from '../../terminal/system-error-code.ts';

const run = promisify(execFile);

/** A jar that carries a Redis 6.2 for the usual platforms; Maven fetches it where the system has none. */
const ARTIFACT = 'com.github.codemonstur:embedded-redis:1.4.4';
const IN_JAR: Readonly<Record<string, string>> = {
  'linux x64': 'redis-server-6.2.6-v5-linux-amd64',
  'linux arm64': 'redis-server-6.2.7-linux-arm64',
  'darwin x64': 'redis-server-6.2.6-v5-darwin-amd64',
  'darwin arm64': 'redis-server-6.2.6-v5-darwin-arm64',
};
const MAVEN_TIMEOUT_MS = 180_000;
const VERSION_TIMEOUT_MS = 5_000;

const INSTALL =
  'install one with "apt-get install redis-server" (or valkey-server), or Maven, which fetches one, with "apt-get install maven default-jre-headless"';

/** Where programs are kept that were fetched once for all copies of the repository. */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env['TOLEM_CACHE_DIR'] || join(homedir(), '.cache', 'tolem');

/**
 * The path of a Redis (or Valkey) server of 6.2 or later: the system's own, or one that Maven fetches into the cache.
 *
 * @throws PlainFailure that names the packages to install
 */
export async function redisBinary(
  env: NodeJS.ProcessEnv = process.env,
  onProgress: (step: string) => void = () => undefined,
): Promise<string> {
  return (await systemRedis(env['PATH'] ?? '')) ?? (await cachedRedis(env, onProgress));
}

async function systemRedis(path: string): Promise<string | undefined> {
  for (const dir of path.split(delimiter).filter((part) => part !== '')) {
    for (const name of ['redis-server', 'valkey-server']) {
      const file = join(dir, name);
      if ((await isProgram(file)) && (await isRecent(file))) return file;
    }
  }
  return undefined;
}

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

async function isRecent(file: string): Promise<boolean> {
  const said = await run(file, ['--version'], { timeout: VERSION_TIMEOUT_MS }).catch(() => undefined);
  const [, major, minor] = /\bv=(\d+)\.(\d+)/.exec(said?.stdout ?? '') ?? [];
  return Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 2);
}

async function cachedRedis(env: NodeJS.ProcessEnv, onProgress: (step: string) => void): Promise<string> {
  const name = IN_JAR[`${process.platform} ${process.arch}`];
  if (name === undefined) throw new PlainFailure(`There is no Redis on this machine: ${INSTALL}.`);
  const dir = join(cacheFolder(env), 'redis');
  const file = join(dir, name);
  if (await isProgram(file)) return file;
  await mkdir(dir, { recursive: true });
  onProgress('fetching Redis with Maven');
  // Made beside and renamed when whole: a run killed in the middle, or two at once, leave no half program.
  const partial = await mkdtemp(join(dir, 'partial-'));
  try {
    const unpacked = await unpack(name, partial, env);
    await chmod(unpacked, 0o755);
    await rename(unpacked, file);
    return file;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function unpack(name: string, into: string, env: NodeJS.ProcessEnv): Promise<string> {
  const outputDir = join(into, 'unpacked');
  const parameters = [`-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${outputDir}`, `-Dmdep.unpack.includes=${name}`];
  try {
    // Maven leaves marks of its own where it runs.
    await run('mvn', ['-q', '-B', 'dependency:unpack', ...parameters], { cwd: into, env, timeout: MAVEN_TIMEOUT_MS });
  } catch (error) {
    const why =
      systemErrorCode(error) === 'ENOENT' ? 'no Maven that could fetch one' : `Maven could not fetch ${ARTIFACT}`;
    throw new PlainFailure(`There is no Redis on this machine, and ${why}: ${INSTALL}.`, { cause: error });
  }
  return join(outputDir, name);
}
