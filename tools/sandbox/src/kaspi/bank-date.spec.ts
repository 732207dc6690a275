import { describe, expect, it } from '@jest/globals';
import { bankDate } from './bank-date.ts';

describe('dates as the bank writes them', () => {
  const moment = Date.UTC(2026, 1, 2, 20, 8, 0, 45);

  it.each([
    ['full', '2026-02-03T01:08:00.045+05:00'],
    ['short_offset', '2026-02-03T01:08:00+05'],
    ['naive', '2026-02-03T01:08:00.0456667'],
    ['one_digit_day', '2026-02-3T01:08:00.045+05:00'],
  ] as const)('%s, in the time of Kazakhstan', (style, text) => {
    expect(bankDate(moment, style)).toBe(text);
  });
});
