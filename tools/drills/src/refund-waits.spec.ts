import { describe, expect, it } from '@jest/globals';
import { refundWaits, refundWaitsEnvironment } from './refund-waits.ts';

describe('the waits after a lost return of money', () => {
  it('are those of the product at full length', () => {
    expect(refundWaitsEnvironment(refundWaits(1))).toEqual({
      TOLEM_KASPI_WRITE_TIMEOUT_MS: '30000',
      TOLEM_KASPI_RESOLVE_AFTER_MS: '90000',
      TOLEM_KASPI_UNCHANGED_OVER_MS: '120000',
    });
  });

  it('have the factor of the drills’ own waits, but never so little that a busy machine loses answers', () => {
    expect(refundWaits(0.2)).toMatchObject({ writeTimeoutMs: 6_000, resolveAfterMs: 18_000, unchangedOverMs: 24_000 });
    expect(refundWaits(0.05)).toEqual(refundWaits(0.1));
    expect(refundWaits(0.1).writeTimeoutMs).toBe(3_000);
  });

  it('leave time for a second return after the first has proven to be nothing', () => {
    for (const scale of [0.05, 0.2, 1, 10]) {
      const { writeTimeoutMs, unchangedOverMs, endsWithinMs } = refundWaits(scale);
      expect(endsWithinMs).toBeGreaterThan(2 * (writeTimeoutMs + unchangedOverMs));
    }
  });
});
