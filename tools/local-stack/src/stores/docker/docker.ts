import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlainFailure } from '../../terminal/plain-failure.ts';
import { systemErrorCode } from '../../terminal/system-error-code.ts';
import { REPOSITORY } from '../../tolem-folder/tolem-folder.ts';

const run = promisify(execFile);

const ANSWER_TIMEOUT_MS = 5_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const SHOWN_CHARACTERS = 600;
const WITHOUT = 'Without --docker none is needed: Java and Maven are enough.';

export const COMPOSE_FILE = join(REPOSITORY, 'docker-compose.yml');

/** @throws PlainFailure where no Docker answers within 5 s, or it knows no `docker compose`. */
export async function checkDocker(): Promise<void> {
  for (const args of [['info'], ['compose', 'version']]) {
    try {
      await run('docker', args, { timeout: ANSWER_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, env: process.env });
    } catch (error) {
      throw new PlainFailure(`${complaint(args, error)}. ${WITHOUT}`, { cause: error });
    }
  }
}

/** `docker compose` over our file, as one project. */
export class Compose {
  private readonly project: string;
  private readonly env: () => Record<string, string>;

  constructor(project: string, env: () => Record<string, string>) {
    this.project = project;
    this.env = env;
  }

  async run(args: readonly string[], timeoutMs: number): Promise<void> {
    try {
      await run('docker', this.arguments(args), {
        timeout: timeoutMs,
        maxBuffer: MAX_OUTPUT_BYTES,
        env: { ...process.env, ...this.env() },
      });
    } catch (error) {
      throw new PlainFailure(`"docker compose ${args.join(' ')}" failed: ${lastWords(error)}`, { cause: error });
    }
  }

  /** Containers would outlive a kill -9 of ours: a shell waits for the end of our pipe and takes them down. */
  guard(): () => void {
    const guard = spawn('/bin/sh', ['-c', 'read _; sleep 5; exec "$0" "$@"', 'docker', ...this.arguments(['down'])], {
      env: { ...process.env, ...this.env() },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    guard.on('error', () => undefined);
    guard.unref();
    if (guard.stdin !== null && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
    return () => void guard.kill('SIGKILL');
  }

  private arguments(args: readonly string[]): string[] {
    return ['compose', '--file', COMPOSE_FILE, '--project-name', this.project, ...args];
  }
}

function complaint(args: readonly string[], error: unknown): string {
  if (systemErrorCode(error) === 'ENOENT') return 'The command "docker" is missing';
  const asked = `"docker ${args.join(' ')}"`;
  if (propertyOf(error, 'killed') === 'true') return `${asked} did not answer within ${ANSWER_TIMEOUT_MS / 1000} s`;
  return `${asked} failed (${lastWords(error).split('\n').at(-1) ?? ''})`;
}

function lastWords(error: unknown): string {
  const said = propertyOf(error, 'stderr');
  const words = said === '' ? propertyOf(error, 'message') : said;
  return words.length > SHOWN_CHARACTERS ? `…${words.slice(-SHOWN_CHARACTERS)}` : words;
}

const propertyOf = (error: unknown, name: string): string =>
  typeof error === 'object' && error !== null ? String(Reflect.get(error, name) ?? '').trim() : '';
