import { TolemError } from '@tolem/domain';
import { RedisAway } from './redis-away.ts';
import type { RedisHandle } from './redis-handle.ts';

/** The first version whose scripts and sorted sets behave as ours expect. */
const OLDEST = { major: 6, minor: 2 };

/**
 * What makes a Redis unfit, from its answer to INFO, in a sentence that says what to change; undefined for one that is
 * fit. INFO rather than CONFIG, which many operators forbid.
 */
export function unfitness(info: string): string | undefined {
  const value = (name: string): string => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = value('redis_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)) {
    return `Redis ${version} is too old: Tolem needs ${OLDEST.major}.${OLDEST.minor} or later, or Valkey.`;
  }
  const policy = value('maxmemory_policy');
  // Also where no limit is set yet: whoever sets one later would not think of this.
  if (policy !== 'noeviction') {
    return `Redis may throw away keys that are still needed (maxmemory-policy is "${policy}"): set "maxmemory-policy noeviction", or give Tolem a Redis of its own.`;
  }
  if (value('cluster_enabled') === '1') {
    return 'This Redis is a node of a cluster, whose other nodes Tolem would not ask: give it a Redis (with replicas and an address that follows the primary) instead.';
  }
  return undefined;
}

/**
 * Looks whether Redis is fit for use: of the right version, and evicting nothing. An evicting Redis would lose slots and
 * leases one by one, which is worse than losing everything, because nobody notices.
 *
 * @param timeoutMs how long to wait for the first connection
 * @returns `fit`, or `away` where nobody answered: everything works without Redis too, only slower
 * @throws TolemError `redis_unfit` that says what to change
 */
export async function checkRedis(redis: RedisHandle, timeoutMs = 5_000): Promise<'fit' | 'away'> {
  if (!(await redis.whenReady(timeoutMs))) return 'away';
  try {
    const wrong = unfitness(await redis.run((client) => client.info()));
    if (wrong !== undefined) throw new TolemError('redis_unfit', wrong);
    return 'fit';
  } catch (error) {
    if (error instanceof RedisAway) return 'away';
    throw error;
  }
}

/**
 * Looks again whenever a connection stands: what comes back after a restart or a failover may be another Redis, or the
 * same one with other settings. Returns how to stop it.
 */
export function watchFitness(redis: RedisHandle, onUnfit: (error: unknown) => void): () => void {
  return redis.onReady(() => void checkRedis(redis).catch(onUnfit));
}
