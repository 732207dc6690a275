import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository: this file lies in a folder of tools/local-stack/src or, compiled, of tools/local-stack/dist. */
export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** Everything that a house on this machine keeps, in one folder that can be deleted as a whole. */
export interface TolemFolder {
  dir: string;
  lock: string;
  local: string;
  secrets: string;
  state: string;
  logs: string;
  postgres: string;
  sandbox: string;
  /** What a person does about data that is broken. */
  remedy: string;
}

/** The same for a house of several processes, which keeps its data apart and has two more stores. */
export interface StackFolder extends TolemFolder {
  kafka: string;
  redis: string;
}

const FRESH_REMEDY = 'run "npm start -- --fresh" to forget it';

export const tolemFolder = (dir: string = join(REPOSITORY, '.tolem')): TolemFolder => ({
  dir,
  lock: join(dir, 'start.lock'),
  local: join(dir, 'local.json'),
  secrets: join(dir, 'secrets.json'),
  state: join(dir, 'state.json'),
  logs: join(dir, 'logs'),
  postgres: join(dir, 'postgres'),
  sandbox: join(dir, 'sandbox'),
  remedy: FRESH_REMEDY,
});

/**
 * Inside the folder of `npm start`, so that both sets of data survive each other. The lock and local.json are shared: of one
 * clone only one house runs at a time, and programs find whichever it is.
 */
export function stackFolder(shared: TolemFolder, name: 'stack' | 'stack-docker' = 'stack'): StackFolder {
  const dir = join(shared.dir, name);
  return {
    ...tolemFolder(dir),
    lock: shared.lock,
    local: shared.local,
    remedy: `run "npm run stack -- --fresh${name === 'stack' ? '' : ' --docker'}" to forget it`,
    kafka: join(dir, 'kafka'),
    redis: join(dir, 'redis'),
  };
}
