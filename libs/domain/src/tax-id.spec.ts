import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkBinIin, checkInn, checkTaxId } from './tax-id.ts';

const digitsText = (length: number): fc.Arbitrary<string> =>
  fc.array(fc.nat(9), { minLength: length, maxLength: length }).map((digits) => digits.join(''));

describe('checkBinIin', () => {
  it.each([
    ['180340021791', 'BIN'],
    ['971240001315', 'BIN'],
    ['160640004075', 'BIN'],
    ['210440028324', 'BIN'],
    ['100640009693', 'BIN'],
    ['991011000048', 'IIN'],
    ['061211600012', 'IIN'],
    ['260141000010', 'BIN'],
    ['260252000034', 'BIN'],
    ['260360000051', 'BIN'],
    ['990231300010', 'IIN'],
  ])('accepts %s as %s without a warning', (value, kind) => {
    expect(checkBinIin(value)).toEqual({ ok: true, kind, value, warnings: [] });
  });

  it.each([
    ['180340021790', 'CONTROL_DIGIT'],
    ['180304021791', 'CONTROL_DIGIT'],
    ['971240001316', 'CONTROL_DIGIT'],
    ['100640009690', 'CONTROL_DIGIT'],
    ['061211600010', 'CONTROL_DIGIT'],
    ['123456789012', 'CONTROL_DIGIT'],
    ['260340000340', 'NEVER_ISSUED'],
    ['260340001150', 'NEVER_ISSUED'],
    ['260390000015', 'KIND'],
    ['000000000000', 'FORMAT'],
    ['18034002179', 'FORMAT'],
    ['1803400217911', 'FORMAT'],
    ['18034002179A', 'FORMAT'],
    ['', 'FORMAT'],
    ['180 340 021 791', 'FORMAT'],
    ['18034002179１', 'FORMAT'],
    ['١٨٠٣٤٠٠٢١٧٩١', 'FORMAT'],
  ])('refuses %s: %s', (text, reason) => {
    expect(checkBinIin(text)).toEqual({ ok: false, reason });
  });

  it('warns about a BIN whose month does not exist, and accepts it', () => {
    const value = '261340000015';
    expect(checkBinIin(value)).toEqual({ ok: true, kind: 'BIN', value, warnings: ['BIN_MONTH'] });
  });

  it('warns about month 00 as well', () => {
    const month00 = Array.from({ length: 10 }, (_, control) => checkBinIin(`26004000001${control}`)).filter(
      (check) => check.ok,
    );
    expect(month00).toEqual([{ ok: true, kind: 'BIN', value: expect.any(String), warnings: ['BIN_MONTH'] }]);
  });

  it('strips white space around the number and keeps leading zeros', () => {
    expect(checkBinIin(' 061211600012\n')).toEqual({ ok: true, kind: 'IIN', value: '061211600012', warnings: [] });
  });

  it('finds every single mistyped digit of the first ten', () => {
    // The 11th digit has weight 11 in the first pass, so the formula itself is blind to a slip there.
    const valid = ['180340021791', '971240001315', '260252000034', '991011000048'];
    for (const value of valid) {
      for (let position = 0; position < 10; position += 1) {
        for (let digit = 0; digit <= 9; digit += 1) {
          const mistyped = value.slice(0, position) + digit + value.slice(position + 1);
          // A second pass may coincide, so a mistyped number is only sure to be refused while the first pass decides.
          const sum = Array.from(mistyped.slice(0, 11), Number).reduce((total, d, i) => total + d * (i + 1), 0);
          if (mistyped !== value && sum % 11 !== 10) expect(checkBinIin(mistyped).ok).toBe(false);
        }
      }
    }
  });

  it('gives a prefix at most one control digit', () => {
    fc.assert(
      fc.property(digitsText(11), (prefix) => {
        const accepted = Array.from({ length: 10 }, (_, control) => checkBinIin(prefix + control)).filter(
          ({ ok }) => ok,
        );
        expect(accepted.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('checkInn', () => {
  it.each([
    ['7707083893', 'LEGAL_ENTITY'],
    ['7800000002', 'LEGAL_ENTITY'],
    ['0500000016', 'LEGAL_ENTITY'],
    ['500100000015', 'PERSON'],
    ['770708389324', 'PERSON'],
  ])('accepts %s as %s', (value, kind) => {
    expect(checkInn(value)).toEqual({ ok: true, kind, value, warnings: [] });
  });

  it.each([
    ['7707083894', 'CONTROL_DIGIT'],
    ['500100000016', 'CONTROL_DIGIT'],
    ['500100000025', 'CONTROL_DIGIT'],
    ['770708389334', 'CONTROL_DIGIT'],
    ['0000000000', 'FORMAT'],
    ['000000000000', 'FORMAT'],
    ['77070838931', 'FORMAT'],
    ['770708389', 'FORMAT'],
    ['770708389A', 'FORMAT'],
    ['', 'FORMAT'],
  ])('refuses %s: %s', (text, reason) => {
    expect(checkInn(text)).toEqual({ ok: false, reason });
  });

  it('gives nine digits exactly one control digit', () => {
    fc.assert(
      fc.property(digitsText(9), (prefix) => {
        fc.pre(!/^0+$/.test(prefix));
        const accepted = Array.from({ length: 10 }, (_, control) => checkInn(prefix + control)).filter(({ ok }) => ok);
        expect(accepted).toHaveLength(1);
      }),
    );
  });

  it('gives ten digits of a person exactly one pair of control digits', () => {
    fc.assert(
      fc.property(digitsText(10), (prefix) => {
        fc.pre(!/^0+$/.test(prefix));
        const pairs = Array.from({ length: 100 }, (_, pair) => String(pair).padStart(2, '0'));
        expect(pairs.filter((pair) => checkInn(prefix + pair).ok)).toHaveLength(1);
      }),
    );
  });
});

describe('checkTaxId', () => {
  it('asks the rules of the country', () => {
    expect(checkTaxId('KZ', '180340021791')).toMatchObject({ ok: true, kind: 'BIN' });
    expect(checkTaxId('RU', '7707083893')).toMatchObject({ ok: true, kind: 'LEGAL_ENTITY' });
    expect(checkTaxId('KZ', '7707083893')).toEqual({ ok: false, reason: 'FORMAT' });
    expect(checkTaxId('RU', '180340021791')).toEqual({ ok: false, reason: 'CONTROL_DIGIT' });
  });
});
