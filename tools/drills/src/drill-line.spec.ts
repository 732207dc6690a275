import { describe, expect, it } from '@jest/globals';
import { drillLines } from './drill-line.ts';
import type { DrillResult } from './drill-result.ts';

const NONE = { requests: 40, refused: 0, cut: 0, timedOut: 0, unavailable: 0, broken: 0, failed: 0 };
const RESULT: DrillResult = {
  name: 'redis-flush',
  title: 'Redis FLUSHALL',
  payments: 20,
  succeeded: 20,
  unpaid: {},
  refunds: { asked: 6, succeeded: 6, inferred: 0, unknown: 0, unreturned: {}, slowestMs: 900 },
  faultMs: 5,
  recoveryMs: 300,
  createToQrP99Ms: 80,
  requests: NONE,
  ended: [],
  notes: [],
  failures: [],
  differences: [],
};

describe('what a person reads of a drill', () => {
  it('says that the books agree, and nothing that did not happen', () => {
    const text = drillLines(RESULT).join('\n');
    expect(text).toContain('books      agree');
    expect(text).toContain('repeats    none of 40 requests');
    expect(text).toContain('after 0.3 s');
    expect(text).toContain('refunds    6, 6 succeeded, the slowest took 0.9 s');
    expect(text).not.toMatch(/note|DIFFER|FAILED/);
  });

  it('shows what differs, what failed, what ended and what never recovered', () => {
    const bad: DrillResult = {
      ...RESULT,
      recoveryMs: null,
      unpaid: { not_started: 2 },
      refunds: {
        asked: 6,
        succeeded: 4,
        inferred: 3,
        unknown: 1,
        unreturned: { refund_too_much: 2 },
        slowestMs: 14_000,
      },
      requests: { ...NONE, unavailable: 3, failed: 1 },
      ended: ['kaspi 1'],
      failures: ['kaspi 2 took 31.0 s to end'],
      differences: ['pay_1 was paid 2 times at the bank'],
    };
    const text = drillLines(bad).join('\n');
    for (const part of [
      '2 not_started',
      '3 503, 1 FAILED',
      'kaspi 1 ended',
      'FAILED     kaspi 2 took 31.0 s to end',
      'NOT WITHIN',
      'DIFFER in 1',
      'paid 2 times',
      '6, 4 succeeded (3 found out by reading), 2 refund_too_much, 1 unknown meanwhile, the slowest took 14.0 s',
    ]) {
      expect(text).toContain(part);
    }
  });
});
