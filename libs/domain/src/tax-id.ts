/**
 * BIN and IIN of Kazakhstan, INN of Russia: form and control digits. They stay text (leading zeros occur); surrounding
 * white space is stripped, and `value` is the number to keep.
 */

export type Country = 'KZ' | 'RU';
export type TaxIdKind = 'BIN' | 'IIN' | 'LEGAL_ENTITY' | 'PERSON';
export type TaxIdRefusal = 'FORMAT' | 'CONTROL_DIGIT' | 'NEVER_ISSUED' | 'KIND';

/** `warnings`: oddities that do not make the number wrong. The only one today is `BIN_MONTH` (month 00 or above 12). */
export type TaxIdCheck<K extends TaxIdKind = TaxIdKind, R extends TaxIdRefusal = TaxIdRefusal> =
  { ok: true; kind: K; value: string; warnings: string[] } | { ok: false; reason: R };

const BIN_IIN_FIRST_PASS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const BIN_IIN_SECOND_PASS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2];
const INN_10TH = [2, 4, 10, 3, 5, 9, 4, 6, 8];
const INN_11TH = [7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
const INN_12TH = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];

/**
 * A BIN (organization) or an IIN (person): 12 digits. Dates inside an IIN are not looked at, because since decree No. 853
 * of 2013-08-26 its digits are not tied to the birth date; a BIN's impossible month only warns.
 */
export function checkBinIin(text: string): TaxIdCheck<'BIN' | 'IIN'> {
  const value = text.trim();
  const digits = digitsOf(value, [12]);
  if (digits === undefined) return { ok: false, reason: 'FORMAT' };
  let control = weightedSum(digits, BIN_IIN_FIRST_PASS) % 11;
  if (control === 10) control = weightedSum(digits, BIN_IIN_SECOND_PASS) % 11;
  if (control === 10) return { ok: false, reason: 'NEVER_ISSUED' };
  if (control !== digits[11]) return { ok: false, reason: 'CONTROL_DIGIT' };
  const type = Number(value.charAt(4));
  if (type <= 3) return { ok: true, kind: 'IIN', value, warnings: [] };
  if (type >= 7) return { ok: false, reason: 'KIND' };
  const month = Number(value.slice(2, 4));
  return { ok: true, kind: 'BIN', value, warnings: month >= 1 && month <= 12 ? [] : ['BIN_MONTH'] };
}

/** An INN: 10 digits (legal entity) or 12 (sole trader, person). */
export function checkInn(text: string): TaxIdCheck<'LEGAL_ENTITY' | 'PERSON', 'FORMAT' | 'CONTROL_DIGIT'> {
  const value = text.trim();
  const digits = digitsOf(value, [10, 12]);
  if (digits === undefined) return { ok: false, reason: 'FORMAT' };
  const legalEntity = digits.length === 10;
  const matches = legalEntity
    ? innControl(digits, INN_10TH) === digits[9]
    : innControl(digits, INN_11TH) === digits[10] && innControl(digits, INN_12TH) === digits[11];
  if (!matches) return { ok: false, reason: 'CONTROL_DIGIT' };
  return { ok: true, kind: legalEntity ? 'LEGAL_ENTITY' : 'PERSON', value, warnings: [] };
}

export function checkTaxId(country: Country, text: string): TaxIdCheck {
  switch (country) {
    case 'KZ':
      return checkBinIin(text);
    case 'RU':
      return checkInn(text);
  }
}

/** Undefined unless `value` is one of these lengths of ASCII digits. All zeros satisfies every formula and is nobody's. */
function digitsOf(value: string, lengths: readonly number[]): number[] | undefined {
  if (!lengths.includes(value.length) || !/^[0-9]+$/.test(value) || /^0+$/.test(value)) return undefined;
  return Array.from(value, Number);
}

function weightedSum(digits: readonly number[], weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * (digits[index] ?? 0), 0);
}

function innControl(digits: readonly number[], weights: readonly number[]): number {
  return (weightedSum(digits, weights) % 11) % 10;
}
