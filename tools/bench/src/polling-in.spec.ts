import { describe, expect, it } from '@jest/globals';
import { pollingIn } from './polling-in.ts';

const call = (at: number, answered_at: number | null, name = 'payment/status') => ({
  at,
  call: name,
  answered_at,
  status: 'QrTokenCreated',
});

describe('the questions in a window', () => {
  it('are those that came within it, late by what they waited beyond the interval after the last answer', () => {
    const calls = [
      call(0, 5, 'qr/create'),
      call(1_000, 1_010),
      call(2_030, 2_040),
      call(3_040, null),
      call(4_000, 4_001),
    ];
    expect(pollingIn([{ calls }], { fromMs: 2_000, toMs: 4_000, intervalMs: 1_000 })).toEqual({
      asked: 2,
      unanswered: 1,
      latenessMs: [20, 0],
    });
  });

  it('are none where the bank was not asked', () => {
    const window = { fromMs: 0, toMs: 10_000, intervalMs: 1_000 };
    expect(pollingIn([{ calls: [call(5, 6, 'qr/create')] }], window)).toEqual({
      asked: 0,
      unanswered: 0,
      latenessMs: [],
    });
  });
});
