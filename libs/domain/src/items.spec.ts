import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type LineItem, MAX_ITEMS, MAX_ITEM_PROBLEMS, checkItems, lineSum, quantityMicro } from './items.ts';

const milk: LineItem = { name: 'Milk 1 l', quantity: '2', unit: 'piece', priceMinor: 55_000, totalMinor: 110_000 };

function codesOf(items: readonly LineItem[]): string[] {
  const check = checkItems(items);
  return check.ok ? [] : check.problems.map(({ pointer, code }) => `${pointer} ${code}`);
}

describe('quantityMicro', () => {
  it.each([
    ['1', 1_000_000n],
    ['1.125', 1_125_000n],
    ['0.000001', 1n],
    ['999999999.999999', 999_999_999_999_999n],
  ])('reads %s', (text, micro) => {
    expect(quantityMicro(text)).toBe(micro);
  });

  it.each([
    '0',
    '0.000000',
    '',
    '-1',
    '+1',
    '1.',
    '.5',
    '01',
    '1.1234567',
    '1,5',
    '1e3',
    '1 000',
    ' 1',
    '1000000000',
    '١',
  ])('refuses %p', (text) => {
    expect(quantityMicro(text)).toBeUndefined();
  });
});

describe('lineSum', () => {
  it('computes a weighed line exactly, where doubles would not', () => {
    const cheese: LineItem = { ...milk, quantity: '1.125', priceMinor: 399_999, totalMinor: 449_999 };
    expect(lineSum(cheese)).toEqual({ exactMicro: 449_998_875_000n, roundedMinor: 449_999n, totalDiffers: false });
  });

  it('subtracts the discount', () => {
    expect(lineSum({ ...milk, discountMinor: 10_000, totalMinor: 100_000 })).toMatchObject({
      roundedMinor: 100_000n,
      totalDiffers: false,
    });
  });

  it.each([
    [449_997, true],
    [449_998, false],
    [449_999, false],
    [450_000, true],
  ])('a total of %d beside 449998.875 differs by more than rounding: %p', (totalMinor, differs) => {
    expect(lineSum({ ...milk, quantity: '1.125', priceMinor: 399_999, totalMinor })?.totalDiffers).toBe(differs);
  });

  it('rounds halves away from zero on both sides', () => {
    const half: LineItem = { ...milk, quantity: '0.5', priceMinor: 1, totalMinor: 1 };
    expect(lineSum(half)?.roundedMinor).toBe(1n);
    expect(lineSum({ ...half, discountMinor: 1 })?.roundedMinor).toBe(-1n);
  });

  it('knows nothing about a line that cannot be read', () => {
    expect(lineSum({ ...milk, quantity: 'two' })).toBeUndefined();
    expect(lineSum({ ...milk, priceMinor: 0.5 })).toBeUndefined();
  });

  it('agrees with whole-number arithmetic for every quantity, price and discount', () => {
    const quantity = fc.integer({ min: 1, max: 999_999_999 });
    const decimals = fc.integer({ min: 0, max: 6 });
    const amount = fc.integer({ min: 0, max: 1_000_000_000 });
    fc.assert(
      fc.property(quantity, decimals, amount, amount, (units, places, priceMinor, discountMinor) => {
        const padded = String(units).padStart(places + 1, '0');
        const text = places === 0 ? padded : `${padded.slice(0, -places)}.${padded.slice(-places)}`;
        const exact = BigInt(units) * BigInt(priceMinor) - BigInt(discountMinor) * 10n ** BigInt(places);
        const sum = lineSum({ ...milk, quantity: text, priceMinor, discountMinor, totalMinor: 0 });
        expect(sum?.exactMicro).toBe(exact * 10n ** BigInt(6 - places));
      }),
    );
  });

  it('never calls its own rounding a difference', () => {
    const micro = fc.integer({ min: 1, max: 999_999_999 });
    fc.assert(
      fc.property(micro, fc.integer({ min: 0, max: 10_000_000 }), (quantity, priceMinor) => {
        const padded = String(quantity).padStart(7, '0');
        const line = { ...milk, quantity: `${padded.slice(0, -6)}.${padded.slice(-6)}`, priceMinor, totalMinor: 0 };
        const totalMinor = Number(lineSum(line)?.roundedMinor);
        expect(lineSum({ ...line, totalMinor })?.totalDiffers).toBe(false);
        expect(lineSum({ ...line, totalMinor: totalMinor + 2 })?.totalDiffers).toBe(true);
      }),
    );
  });
});

describe('checkItems', () => {
  it('adds up the totals of lines that are in order', () => {
    const weighed: LineItem = {
      name: 'Cheese',
      article: '4870001',
      quantity: '1.125',
      unit: 'kg',
      priceMinor: 399_999,
      totalMinor: 449_999,
      discountMinor: 0,
      tax: 'vat_12',
    };
    expect(checkItems([milk, weighed])).toEqual({ ok: true, totalMinor: 559_999 });
  });

  it('lets a total differ from its arithmetic: that is for the provider who cares', () => {
    expect(checkItems([{ ...milk, totalMinor: 1 }])).toEqual({ ok: true, totalMinor: 1 });
  });

  it('takes a thousand lines and not one more', () => {
    const items = Array.from({ length: MAX_ITEMS }, () => milk);
    expect(checkItems(items)).toEqual({ ok: true, totalMinor: 110_000_000 });
    expect(codesOf([...items, milk])).toEqual([' too_many_items']);
    expect(codesOf([])).toEqual([' items_empty']);
  });

  it.each<[Partial<LineItem>, string]>([
    [{ name: '' }, '/1/name text_length'],
    [{ name: '   ' }, '/1/name text_length'],
    [{ name: 'x'.repeat(257) }, '/1/name text_length'],
    [{ article: '' }, '/1/article text_length'],
    [{ unit: '' }, '/1/unit text_length'],
    [{ tax: 'x'.repeat(65) }, '/1/tax text_length'],
    [{ quantity: '0' }, '/1/quantity quantity_format'],
    [{ quantity: '1.1234567' }, '/1/quantity quantity_format'],
    [{ priceMinor: 1.5 }, '/1/price amount_range'],
    [{ priceMinor: -1 }, '/1/price amount_range'],
    [{ totalMinor: Number.NaN }, '/1/total amount_range'],
    [{ totalMinor: Number.MAX_SAFE_INTEGER + 1 }, '/1/total amount_range'],
    [{ discountMinor: -1 }, '/1/discount amount_range'],
    [{ discountMinor: 110_001 }, '/1/discount discount_above_price'],
  ])('refuses a line with %p', (change, problem) => {
    expect(codesOf([milk, { ...milk, ...change }])).toEqual([problem]);
  });

  it('refuses totals that add up beyond what is exact', () => {
    const dear: LineItem = { ...milk, totalMinor: Number.MAX_SAFE_INTEGER };
    expect(codesOf([dear, { ...milk, totalMinor: 1 }])).toEqual([' amount_range']);
  });

  it('names a bounded number of problems', () => {
    const wrong = Array.from({ length: MAX_ITEMS }, () => ({ ...milk, name: '', unit: '', quantity: '' }));
    expect(codesOf(wrong)).toHaveLength(MAX_ITEM_PROBLEMS);
  });
});
