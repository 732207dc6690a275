import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository: this file lies in tools/local-stack/src or, compiled, in tools/local-stack/dist. */
export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

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
}

export const tolemFolder = (dir: string = join(REPOSITORY, '.tolem')): TolemFolder => ({
  dir,
  lock: join(dir, 'start.lock'),
  local: join(dir, 'local.json'),
  secrets: join(dir, 'secrets.json'),
  state: join(dir, 'state.json'),
  logs: join(dir, 'logs'),
  postgres: join(dir, 'postgres'),
  sandbox: join(dir, 'sandbox'),
});

export const FRESH_REMEDY = 'run "npm start -- --fresh" to forget it';
