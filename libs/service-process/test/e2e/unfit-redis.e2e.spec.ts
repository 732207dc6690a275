import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectRedis } from '@tolem/coordination';
import { LONG_MS, runProgram } from '../run-program.ts';

const REDIS = join(import.meta.dirname, '../../../../tools/local-stack/src/redis-program.ts');
const START_MS = 200_000;

let folder: string;
let server: ChildProcess;
let url: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tolem-redis-spec-'));
  const started = spawn(process.execPath, ['--conditions=@tolem/source', REDIS, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  server = started;
  const [line] = (await once(createInterface({ input: started.stdout }), 'line')) as [string];
  ({ url } = JSON.parse(line) as { url: string });
}, START_MS);
afterAll(async () => {
  server.stdin?.end();
  await once(server, 'exit');
  await rm(folder, { recursive: true, force: true });
});

async function evict(policy: string): Promise<void> {
  const redis = connectRedis({ url, onError: () => undefined });
  await redis.whenReady(LONG_MS);
  await redis.run((client) => client.config('SET', 'maxmemory-policy', policy));
  await redis.close();
}

describe('a service', () => {
  it(
    'ends with 1 and one sentence where its Redis throws keys away, and serves once that is mended',
    async () => {
      const environment = {
        TOLEM_REDIS_URL: url,
        // Nobody there: a service starts without its brokers, so that only Redis can keep it from serving.
        TOLEM_KAFKA_BROKERS: '127.0.0.1:9',
        TOLEM_LOG_LEVEL: 'error',
      };
      await evict('allkeys-lru');
      const refused = await runProgram('serve-nothing.ts', { built: true, environment });
      expect(refused.code).toBe(1);
      expect(refused.said.trim().split('\n')).toEqual([
        'Redis may throw away keys that are still needed (maxmemory-policy is "allkeys-lru"): set "maxmemory-policy noeviction", or give Tolem a Redis of its own.',
      ]);
      await evict('noeviction');
      const served = await runProgram('serve-nothing.ts', {
        ...{ built: true, args: ['--exit-with-parent'] },
        environment,
        once: (stdin) => void stdin.end(),
      });
      expect(served.code).toBe(0);
      expect(served.said).toContain('"event":"serving","service":"kaspi"');
    },
    2 * LONG_MS,
  );
});
