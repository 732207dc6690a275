import { createHash } from 'node:crypto';
import type { Clock } from '@tolem/domain';
import type { RedisHandle } from './redis-handle.ts';

/**
 * Whose time the scripts go by: Redis' own, which is the same for all processes, or a clock that specs move.
 */
export type ScriptTime = 'redis' | Clock;

/** The first argument of a script that begins with `NOW`. */
export const timeArgument = (time: ScriptTime): string => (time === 'redis' ? '' : String(time.now()));

/** Lua: `now` in epoch milliseconds, from Redis unless the caller has brought a time. */
export const NOW = `
local now = tonumber(ARGV[1])
if now == nil then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/**
 * A Lua script, which Redis runs as one step. It is called by its hash and sent whole where Redis does not know it (a
 * restart, a failover, SCRIPT FLUSH). The client's own defineCommand does not do that for commands that travel together.
 */
export class RedisScript {
  readonly #hash: string;

  constructor(private readonly lua: string) {
    this.#hash = createHash('sha1').update(lua).digest('hex');
  }

  /** Rejects with RedisAway. Numbers in the reply are whole. */
  run(redis: RedisHandle, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return redis.run(async (client) => {
      try {
        return await client.evalsha(this.#hash, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return client.eval(this.lua, keys.length, ...keys, ...args);
      }
    });
  }
}
