import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_JSON_AMOUNT_MINOR, decimalToMinor, displayMoney, minorToDecimal, minorToJsonNumber } from './money.ts';

const anyAmount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const anyJsonAmount = fc.integer({ min: 0, max: MAX_JSON_AMOUNT_MINOR });

describe('minor units and decimals', () => {
  it('convert to text and back without losing a minor unit', () => {
    fc.assert(
      fc.property(anyAmount, (amountMinor) => {
        expect(minorToDecimal(amountMinor)).toMatch(/^(0|[1-9]\d*)\.\d\d$/);
        expect(decimalToMinor(minorToDecimal(amountMinor))).toBe(amountMinor);
      }),
      { numRuns: 1_000 },
    );
  });

  it('convert to a JSON number and back through JSON without losing a minor unit', () => {
    fc.assert(
      fc.property(anyJsonAmount, (amountMinor) => {
        expect(decimalToMinor(JSON.parse(JSON.stringify(minorToJsonNumber(amountMinor))))).toBe(amountMinor);
      }),
      { numRuns: 2_000 },
    );
  });

  it('read back what is displayed', () => {
    fc.assert(
      fc.property(anyAmount, fc.constantFrom('KZT' as const, 'RUB' as const), (amountMinor, currency) => {
        expect(decimalToMinor(displayMoney({ amountMinor, currency }))).toBe(amountMinor);
      }),
    );
  });

  it.each([
    [0, '0.00'],
    [1, '0.01'],
    [10, '0.10'],
    [99, '0.99'],
    [100, '1.00'],
    [149000, '1490.00'],
    [Number.MAX_SAFE_INTEGER, '90071992547409.91'],
  ])('%d minor units are %s', (amountMinor, text) => {
    expect(minorToDecimal(amountMinor)).toBe(text);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1])(
    'refuse %d as an amount of minor units',
    (wrong) => {
      expect(() => minorToDecimal(wrong)).toThrow(RangeError);
      expect(() => minorToJsonNumber(wrong)).toThrow(RangeError);
      expect(() => displayMoney({ amountMinor: wrong, currency: 'KZT' })).toThrow(RangeError);
    },
  );

  it('refuse a JSON number that a double could not carry exactly', () => {
    expect(minorToJsonNumber(MAX_JSON_AMOUNT_MINOR)).toBe(9_999_999_999_999.99);
    expect(() => minorToJsonNumber(MAX_JSON_AMOUNT_MINOR + 1)).toThrow(RangeError);
  });
});

describe('decimalToMinor', () => {
  it.each<[string | number | bigint, number]>([
    ['1490', 149000],
    ['1490.5', 149050],
    ['1490.50', 149050],
    ['1490.5000', 149050],
    ['1490.00', 149000],
    ['1 490 ₸', 149000],
    ['1490.00 ₸', 149000],
    ['1\u00a0490\u00a0₸', 149000],
    ['1\u202f490.07\u202f₸', 149007],
    ['12 345 678.90 ₽', 1234567890],
    ['1 ₸', 100],
    ['1₸', 100],
    [' 1490 ', 149000],
    ['0', 0],
    ['0.01', 1],
    ['007', 700],
    ['90071992547409.91', Number.MAX_SAFE_INTEGER],
    [1490, 149000],
    [1490.1, 149010],
    [0.07, 7],
    [1.1, 110],
    [8.2, 820],
    [0, 0],
    [-0, 0],
    [9_999_999_999_999.99, MAX_JSON_AMOUNT_MINOR],
    [1490n, 149000],
    [90_071_992_547_409n, 9_007_199_254_740_900],
  ])('reads %p as %d', (value, amountMinor) => {
    expect(decimalToMinor(value)).toBe(amountMinor);
  });

  it.each<[string | number | bigint]>([
    ['1490.001'],
    ['1490.005'],
    ['1490.'],
    ['.5'],
    ['1,490.00'],
    ['1490,50'],
    ['1 49'],
    ['1 4900'],
    ['1490 00'],
    ['1 490 5'],
    ['-1'],
    ['+1'],
    ['-0'],
    ['1e3'],
    ['1E3'],
    ['0x10'],
    ['NaN'],
    ['Infinity'],
    [''],
    [' '],
    ['₸'],
    ['₸ 100'],
    ['1 ₸ ₸'],
    ['1.0.0'],
    ['١٤٩٠'],
    ['90071992547409.92'],
    ['9'.repeat(400)],
    [`1${' '.repeat(100)}`],
    [1490.001],
    [0.1 + 0.2],
    [-1],
    [-0.01],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [1e21],
    [1e-7],
    [10_000_000_000_000],
    [-1n],
    [90_071_992_547_410n],
    [10n ** 40n],
  ])('refuses %p', (value) => {
    expect(decimalToMinor(value)).toBeUndefined();
  });

  it('never gives anything but a safe amount, whatever text arrives', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9 .,eE+₸-]{0,20}$/));
    fc.assert(
      fc.property(text, (value) => {
        const amountMinor = decimalToMinor(value);
        expect(amountMinor === undefined || (Number.isSafeInteger(amountMinor) && amountMinor >= 0)).toBe(true);
      }),
    );
  });

  it('never takes a third decimal that is not zero', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 999 }), fc.nat(9), (whole, tail, tenth) => {
        const digits = String(tail).padStart(3, '0');
        const exact = digits.endsWith('0') ? whole * 100 + tail / 10 : undefined;
        expect(decimalToMinor(`${whole}.${digits}`)).toBe(exact);
        expect(decimalToMinor(`${whole}.${tenth}0${tail}`)).toBeUndefined();
      }),
    );
  });
});

describe('displayMoney', () => {
  it('groups in threes with narrow no-break spaces and ends with the sign', () => {
    expect(displayMoney({ amountMinor: 149000, currency: 'KZT' })).toBe('1\u202f490.00\u202f₸');
    expect(displayMoney({ amountMinor: 123456789, currency: 'RUB' })).toBe('1\u202f234\u202f567.89\u202f₽');
    expect(displayMoney({ amountMinor: 99999, currency: 'KZT' })).toBe('999.99\u202f₸');
    expect(displayMoney({ amountMinor: 5, currency: 'KZT' })).toBe('0.05\u202f₸');
  });
});
