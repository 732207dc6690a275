import { describe, expect, it } from '@jest/globals';
import { unfitness } from './check-redis.ts';

const info = (lines: Record<string, string>): string =>
  Object.entries({
    redis_version: '7.2.4',
    maxmemory: '0',
    maxmemory_policy: 'noeviction',
    cluster_enabled: '0',
    ...lines,
  })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('');

describe('a Redis', () => {
  it.each([{}, { redis_version: '6.2.0' }, { redis_version: '10.0.1' }, { maxmemory: '1000000' }])(
    'that keeps what it is given is fit: %p',
    (lines) => {
      expect(unfitness(info(lines))).toBeUndefined();
    },
  );

  it.each(['allkeys-lru', 'volatile-lru', 'volatile-ttl', 'allkeys-random', ''])(
    'that may throw keys away (%s) is unfit, and the sentence says what to set',
    (policy) => {
      expect(unfitness(info({ maxmemory_policy: policy }))).toContain('set "maxmemory-policy noeviction"');
    },
  );

  it.each(['6.0.20', '5.0.14', ''])('of version "%s" is too old', (version) => {
    expect(unfitness(info({ redis_version: version }))).toContain('too old');
  });

  it('that is one node of a cluster is unfit', () => {
    expect(unfitness(info({ cluster_enabled: '1' }))).toContain('cluster');
  });
});
