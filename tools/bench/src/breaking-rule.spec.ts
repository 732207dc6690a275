import { describe, expect, it } from '@jest/globals';
import { brokenBy, type StepOutcome } from './breaking-rule.ts';

const good: StepOutcome = {
  rate: 50,
  sent: 1_000,
  ok: 1_000,
  errors: 0,
  firstError: null,
  generatorLateMs: 12,
  createToQrMs: { p50: 8, p95: 30, p99: 1_000 },
  lifeMs: { p50: 2_050, p95: 2_100, p99: 3_500 },
  overflowed: false,
};

describe('a step', () => {
  it('is good while every payment succeeds, the rate is kept and the tills need not wait', () => {
    expect(brokenBy(good)).toEqual([]);
  });

  it('that is empty breaks nothing by itself', () => {
    expect(brokenBy({ ...good, sent: 0, ok: 0, createToQrMs: null, lifeMs: null })).toEqual([]);
  });

  it.each([
    [{ ok: 999, errors: 1, firstError: 'POST answered 503' }, '1 errors, the first: POST answered 503'],
    [{ ok: 998 }, '2 payments never ended'],
    [{ overflowed: true }, 'more payments were under way than a run keeps'],
    [{ generatorLateMs: 1_001 }, 'the load generator was 1001 ms late'],
    [{ createToQrMs: { p50: 1, p95: 2, p99: 1_001 } }, 'p99 of create to QR was 1001 ms'],
    [{ lifeMs: { p50: 1, p95: 2, p99: 3_600 } }, 'the house was 1100 ms behind (p99)'],
  ])('breaks with %j', (change, reason) => {
    expect(brokenBy({ ...good, ...change })).toEqual([reason]);
  });
});
