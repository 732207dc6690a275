import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deliveryOutcome } from './delivery-outcome.ts';
import { MAX_ATTEMPTS, pauseAfter, retryAfterMs } from './retry-plan.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;
const answered = (status: number, retryAfter?: string) => ({ kind: 'answered', status, retryAfter }) as const;

describe('the plan of attempts', () => {
  it('makes 12 attempts, the last one 3 days after the first and at most a tenth later', () => {
    expect(MAX_ATTEMPTS).toBe(12);
    const total = (random: number): number =>
      Array.from({ length: MAX_ATTEMPTS - 1 }, (_, n) => pauseAfter(n + 1, random) ?? Number.NaN).reduce(
        (a, b) => a + b,
      );
    const days = 72 * HOUR_MS;
    expect(total(0)).toBeGreaterThanOrEqual(days);
    expect(total(0)).toBeLessThan(days + HOUR_MS);
    expect(total(1)).toBeLessThanOrEqual(days * 1.1 + HOUR_MS);
    expect(pauseAfter(MAX_ATTEMPTS, 0.5)).toBeUndefined();
  });

  it('waits longer where the receiver asks for it, an hour at most, and never shorter than planned', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 11 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(1e9),
        (attempt, random, asked) => {
          const planned = pauseAfter(attempt, random) ?? 0;
          const pause = pauseAfter(attempt, random, asked) ?? 0;
          expect(pause).toBe(Math.max(planned, Math.min(asked, HOUR_MS)));
        },
      ),
    );
  });

  it.each([
    [undefined, 0],
    ['120', 120_000],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['soon', 0],
    ['-1', 0],
    ['99999999999', 0],
  ])('reads Retry-After %s', (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms);
  });
});

describe('what becomes of a delivery', () => {
  it.each([200, 201, 204, 299])('%i is delivered', (status) => {
    expect(deliveryOutcome(answered(status), 1, 0, NOW)).toMatchObject({ outcome: 'delivered', status, error: null });
  });

  it.each([400, 401, 404, 429, 500, 503])('%i is tried again, and has failed after the last attempt', (status) => {
    expect(deliveryOutcome(answered(status), 1, 0, NOW)).toMatchObject({
      outcome: 'retry',
      status,
      error: 'http_status',
      wait_ms: 5_000,
    });
    expect(deliveryOutcome(answered(status), 12, 0, NOW)).toMatchObject({ outcome: 'failed', status });
  });

  it('a redirect is not followed and counts as a failure', () => {
    expect(deliveryOutcome(answered(302), 1, 0, NOW)).toMatchObject({ outcome: 'retry', error: 'redirect' });
  });

  it('410 means that the endpoint wants nothing more', () => {
    expect(deliveryOutcome(answered(410), 1, 0, NOW)).toMatchObject({ outcome: 'gone', status: 410 });
  });

  it('what we broke off ourselves is no attempt', () => {
    expect(deliveryOutcome({ kind: 'failed', error: 'aborted' }, 1, 0, NOW)).toMatchObject({
      outcome: 'released',
      wait_ms: 0,
    });
  });

  it('waits as the receiver asks', () => {
    expect(deliveryOutcome(answered(503, '90'), 1, 0, NOW)).toMatchObject({ outcome: 'retry', wait_ms: 90_000 });
  });
});
