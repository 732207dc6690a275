import { describe, expect, it } from '@jest/globals';
import { recoveredAtMs } from './recovered-at.ts';

const quick = (sentAtMs: number) => ({ sentAtMs, qrAtMs: sentAtMs + 100, endedAtMs: sentAtMs + 2_000 });
const steady = (fromMs: number) => Array.from({ length: 30 }, (_, index) => quick(fromMs + index * 100));

describe('when a house is itself again after a fault', () => {
  it('is the first sale after which none is slow', () => {
    expect(recoveredAtMs(steady(10_000), 10_000, 13_000)).toBe(10_000);
    const slow = { sentAtMs: 10_300, qrAtMs: 11_300, endedAtMs: 14_000 };
    expect(recoveredAtMs([...steady(10_000), slow], 10_000, 13_000)).toBe(10_400);
  });

  it('is not known before it has lasted', () => {
    expect(recoveredAtMs(steady(10_000).slice(0, 5), 10_000, 11_500)).toBeUndefined();
    expect(recoveredAtMs([], 10_000, 60_000)).toBeUndefined();
  });

  it('is not while a till of before still waits, and not before such a one had its answer', () => {
    const waiting = { sentAtMs: 6_000 };
    expect(recoveredAtMs([waiting, ...steady(10_000)], 10_000, 13_000)).toBeUndefined();
    const served = { sentAtMs: 6_000, qrAtMs: 12_100 };
    expect(recoveredAtMs([served, ...steady(10_000)], 10_000, 13_000)).toBe(12_100);
  });

  it('is not while a till waits for money that the buyer has brought long ago, unless it has canceled', () => {
    const shown = { sentAtMs: 6_000, qrAtMs: 6_100 };
    expect(recoveredAtMs([shown, ...steady(10_000)], 10_000, 13_000)).toBeUndefined();
    expect(recoveredAtMs([{ ...shown, endedAtMs: 12_500 }, ...steady(10_000)], 10_000, 13_000)).toBe(12_500);
    expect(recoveredAtMs([{ ...shown, cancels: true }, ...steady(10_000)], 10_000, 13_000)).toBe(10_000);
  });

  it('is not brought nearer by payments that end without a QR', () => {
    const refused = { sentAtMs: 12_000, endedAtMs: 12_100 };
    expect(recoveredAtMs([...steady(10_000), refused], 10_000, 14_200)).toBe(12_100);
  });
});
