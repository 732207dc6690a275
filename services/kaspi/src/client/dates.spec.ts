import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseBankDate } from './dates.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** The wall clock at an offset, built with nothing of the parser. */
function wallClock(epochMs: number, offsetMinutes: number): Record<'date' | 'shortDay' | 'time' | 'fraction', string> {
  const local = new Date(epochMs + offsetMinutes * 60_000);
  const month = `${local.getUTCFullYear()}-${two(local.getUTCMonth() + 1)}`;
  return {
    date: `${month}-${two(local.getUTCDate())}`,
    shortDay: `${month}-${local.getUTCDate()}`,
    time: `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`,
    fraction: String(local.getUTCMilliseconds()).padStart(3, '0'),
  };
}

const instants = fc.integer({ min: Date.UTC(2000, 0, 2), max: Date.UTC(2199, 11, 30) });
const offsets = fc.integer({ min: -14, max: 14 }).map((hours) => hours * 60);
const sign = (offsetMinutes: number): string => (offsetMinutes < 0 ? '-' : '+');
const hours = (offsetMinutes: number): string => two(Math.abs(offsetMinutes) / 60);

describe('dates of the bank', () => {
  it.each([
    ['2020-01-16T10:30:00+06', '2020-01-16T04:30:00.000Z'],
    ['2024-02-11T09:05:00+05', '2024-02-11T04:05:00.000Z'],
    ['2020-01-16T10:30:00+06:00', '2020-01-16T04:30:00.000Z'],
    ['2025-10-22T17:10:50.717+05:00', '2025-10-22T12:10:50.717Z'],
    ['2021-12-08T11:35:48.1566667', '2021-12-08T06:35:48.156Z'],
    ['2021-11-3T11:55:14.166+06:00', '2021-11-03T05:55:14.166Z'],
    ['2021-11-3T1:55:14', '2021-11-02T20:55:14.000Z'],
    ['2026-01-16T10:30:00Z', '2026-01-16T10:30:00.000Z'],
    ['2026-01-16 10:30:00.5 +05:00', '2026-01-16T05:30:00.500Z'],
    ['2026-01-16T10:30:00+0530', '2026-01-16T05:00:00.000Z'],
    ['2026-01-16T10:30:00-3', '2026-01-16T13:30:00.000Z'],
    ['2024-02-29T00:00:00+05', '2024-02-28T19:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    const parsed = parseBankDate(text);
    expect(parsed === undefined ? undefined : new Date(parsed).toISOString()).toBe(expected);
  });

  it.each([
    '',
    'soon',
    '2026-02-29T00:00:00+05',
    '2026-13-01T00:00:00+05',
    '2026-00-10T00:00:00+05',
    '2026-01-00T00:00:00+05',
    '2026-01-32T00:00:00+05',
    '2026-01-16T24:00:00+05',
    '2026-01-16T10:60:00+05',
    '2026-01-16T10:30:60+05',
    '2026-01-16T10:30:00+15',
    '2026-01-16T10:30:00+05:60',
    '2026-01-16T10:30:00+',
    '2026-01-16T10:30:00+05:00Z',
    '2026-01-16',
    '0001-01-01T00:00:00',
    '1490',
    '/Date(1700000000000)/',
    `2026-01-16T10:30:00.${'0'.repeat(1_000)}`,
  ])('is no date and does not become one: %.40s', (text) => {
    expect(parseBankDate(text)).toBeUndefined();
  });

  it('every instant with milliseconds and a colon offset is read exactly', () => {
    fc.assert(
      fc.property(instants, offsets, (epochMs, offset) => {
        const wall = wallClock(epochMs, offset);
        const text = `${wall.date}T${wall.time}.${wall.fraction}${sign(offset)}${hours(offset)}:00`;
        expect(parseBankDate(text)).toBe(epochMs);
      }),
    );
  });

  it('a short offset and no fraction mean the same second', () => {
    fc.assert(
      fc.property(instants, offsets, (epochMs, offset) => {
        const wall = wallClock(epochMs, offset);
        expect(parseBankDate(`${wall.date}T${wall.time}${sign(offset)}${hours(offset)}`)).toBe(
          Math.floor(epochMs / 1000) * 1000,
        );
      }),
    );
  });

  it('without offset and with seven decimals it is Kazakhstan time, wherever the machine stands', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 9_999 }), (epochMs, rest) => {
        const wall = wallClock(epochMs, 5 * 60);
        expect(parseBankDate(`${wall.date}T${wall.time}.${wall.fraction}${String(rest).padStart(4, '0')}`)).toBe(
          epochMs,
        );
      }),
    );
  });

  it('a one-digit day is the same day', () => {
    fc.assert(
      fc.property(instants, (epochMs) => {
        const wall = wallClock(epochMs, 6 * 60);
        expect(parseBankDate(`${wall.shortDay}T${wall.time}.${wall.fraction}+06:00`)).toBe(epochMs);
      }),
    );
  });

  it('any other text gives undefined or an instant, never NaN and never an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9TZ:+., -]{0,40}$/)), (text) => {
        const parsed = parseBankDate(text);
        expect(parsed === undefined || Number.isSafeInteger(parsed)).toBe(true);
      }),
    );
  });
});
