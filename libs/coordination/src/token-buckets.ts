import type { Clock } from '@tolem/domain';

/** How much may be taken at once, and how fast it comes back. Both above zero, fractions allowed. */
export interface BucketLimits {
  readonly capacity: number;
  readonly refillPerSecond: number;
}

export type TokenTake =
  | { readonly ok: true }
  /** Nothing was taken. After so many whole milliseconds, and not before, there are enough if nobody else takes any. */
  | { readonly ok: false; readonly afterMs: number };

/** Rate limits: a bucket per key that begins full. */
export interface TokenBuckets {
  /**
   * Takes `tokens` or none. Throws a RangeError for a request that no waiting would ever fulfil (more than the
   * capacity) and for limits or amounts that are not positive.
   */
  tryTake(key: string, limits: BucketLimits, tokens?: number): Promise<TokenTake>;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

const MAX_BUCKETS = 100_000;
/** Far below any token that is asked for, far above what adding fractions gets wrong. */
export const TOKEN_ROUNDING = 1e-6;

export function checkTake({ capacity, refillPerSecond }: BucketLimits, tokens: number): void {
  for (const value of [capacity, refillPerSecond, tokens]) {
    if (!(value > 0 && value < Infinity)) throw new RangeError(`a token bucket cannot count with ${value}`);
  }
  if (tokens > capacity) throw new RangeError(`${tokens} tokens never fit into a bucket of ${capacity}`);
}

/**
 * Buckets of one process. Past the bound the bucket that was used least recently is forgotten, which makes it full
 * again: it is the one most likely to be so already.
 */
export class MemoryTokenBuckets implements TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    private readonly clock: Clock,
    private readonly maxBuckets = MAX_BUCKETS,
  ) {}

  async tryTake(key: string, limits: BucketLimits, tokens = 1): Promise<TokenTake> {
    checkTake(limits, tokens);
    const atMs = this.clock.monotonicMs();
    const level = levelOf(this.#buckets.get(key), limits, atMs);
    const enough = level + TOKEN_ROUNDING >= tokens;
    this.#keep(key, { tokens: enough ? Math.max(level - tokens, 0) : level, atMs });
    if (enough) return { ok: true };
    const missing = tokens - level - TOKEN_ROUNDING;
    return { ok: false, afterMs: Math.max(Math.ceil((missing * 1_000) / limits.refillPerSecond), 1) };
  }

  get size(): number {
    return this.#buckets.size;
  }

  #keep(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > this.maxBuckets && oldest !== undefined) this.#buckets.delete(oldest);
  }
}

function levelOf(bucket: Bucket | undefined, { capacity, refillPerSecond }: BucketLimits, atMs: number): number {
  if (bucket === undefined) return capacity;
  return Math.min(bucket.tokens + ((atMs - bucket.atMs) * refillPerSecond) / 1_000, capacity);
}
