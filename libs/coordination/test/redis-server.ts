import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(import.meta.dirname, '../../../tools/local-stack/src/redis-program.ts');

/** A real Redis of this spec's own, which can be frozen, killed and started again where it was. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts one, on a port given or any free one. It ends with the process that started it. */
export async function startRedisServer(port?: number): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'tolem-redis-spec-'));
  const args = ['--conditions=@tolem/source', PROGRAM, dir, ...(port === undefined ? [] : [String(port)])];
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const ended = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    ended.then(() => ''),
  ]);
  if (line === '') throw new Error('the Redis of the specs did not start');
  const { url, port: listening, pid } = JSON.parse(line) as { url: string; port: number; pid: number };
  return {
    url,
    port: listening,
    pid,
    async stop() {
      child.stdin.end();
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
