import { describe, expect, it } from '@jest/globals';
import { isDuring } from './measure-rolling.ts';
import type { TillRecord } from './till.ts';

const restarts = { fromMs: 10_000, toMs: 20_000 };
const record = (sentAtMs: number, createToQrMs: number | null, lifeMs = 2_000): TillRecord => ({
  ...{ payment: 'pay_1', sentAtMs, createToQrMs, lifeMs, endedAtMs: sentAtMs + lifeMs, requests: 3 },
  error: undefined,
});

describe('a payment', () => {
  it.each<[string, TillRecord, boolean]>([
    ['whose QR was shown before the first stop', record(9_900, 50), false],
    ['that waited for its QR when the first one stopped', record(9_900, 150), true],
    ['that came in the middle', record(15_000, 20), true],
    ['that came when the last one was ready again', record(20_001, 20), false],
    ['that never got a QR and waited into the restarts', record(9_000, null, 1_500), true],
    ['that was given up before them', record(9_000, null, 900), false],
  ])('%s: during the restarts is %p', (_what, one, expected) => {
    expect(isDuring(one, restarts)).toBe(expected);
  });
});
