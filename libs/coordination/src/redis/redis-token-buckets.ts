import { type Clock, systemClock } from '@tolem/domain';
import {
  type BucketLimits,
  checkTake,
  MemoryTokenBuckets,
  TOKEN_ROUNDING,
  type TokenBuckets,
  type TokenTake,
} from '../token-buckets.ts';
import { RedisAway } from './redis-away.ts';
import type { RedisHandle } from './redis-handle.ts';
import { NOW, RedisScript, type ScriptTime, timeArgument } from './redis-script.ts';

/**
 * One key holds "tokens:at". ARGV: time, capacity, refill per second, tokens. Reply: 0 for taken, else the milliseconds to
 * wait. A bucket is forgotten a minute after it has become full again, which is what an unknown one is.
 */
const TAKE = new RedisScript(`${NOW}
local capacity, refill, tokens = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local level = capacity
local known = redis.call('GET', KEYS[1])
if known then
  local left, at = string.match(known, '^(.-):(.-)$')
  level = math.min(left + math.max(now - at, 0) * refill / 1000, capacity)
end
local afterMs = 0
if level + ${TOKEN_ROUNDING} >= tokens then
  level = math.max(level - tokens, 0)
else
  afterMs = math.max(math.ceil((tokens - level - ${TOKEN_ROUNDING}) * 1000 / refill), 1)
end
local fullMs = math.min((capacity - level) * 1000 / refill, 1e12)
redis.call('SET', KEYS[1], string.format('%.17g:%.0f', level, now), 'PX', string.format('%.0f', fullMs + 60000))
return afterMs
`);

/**
 * Rate limits shared by all processes. While Redis is away each process counts for itself, up to the same limits.
 */
export class RedisTokenBuckets implements TokenBuckets {
  readonly #own: MemoryTokenBuckets;
  readonly #time: ScriptTime;

  constructor(
    private readonly redis: RedisHandle,
    options: { readonly clock?: Clock; readonly time?: ScriptTime } = {},
  ) {
    this.#own = new MemoryTokenBuckets(options.clock ?? systemClock);
    this.#time = options.time ?? 'redis';
  }

  async tryTake(key: string, limits: BucketLimits, tokens = 1): Promise<TokenTake> {
    checkTake(limits, tokens);
    const { capacity, refillPerSecond } = limits;
    try {
      const args = [timeArgument(this.#time), capacity, refillPerSecond, tokens];
      const afterMs = Number(await TAKE.run(this.redis, [`${this.redis.prefix}{bucket:${key}}`], args));
      return afterMs === 0 ? { ok: true } : { ok: false, afterMs };
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      return this.#own.tryTake(key, limits, tokens);
    }
  }
}
