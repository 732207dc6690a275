/**
 * Money is an integer of minor units (tiyn, kopecks). Providers speak decimals; the conversions here are exact in both
 * directions or refuse. Nothing in this file rounds.
 */

export const CURRENCIES = ['KZT', 'RUB'] as const;

export type Currency = (typeof CURRENCIES)[number];

export interface Money {
  amountMinor: number;
  currency: Currency;
}

/** 15 significant digits are what a double carries faithfully through JSON; beyond that two amounts share one number. */
export const MAX_JSON_AMOUNT_MINOR = 999_999_999_999_999;

const CURRENCY_SIGNS: Record<Currency, string> = { KZT: '₸', RUB: '₽' };
const NARROW_NO_BREAK_SPACE = '\u202f';
const SPACES = /[ \u00a0\u2009\u202f]/g;
const DECIMAL = /^(\d+|\d{1,3}(?: \d{3})+)(?:\.(\d{1,2})0*)?(?: ?[₸₽])?$/;
const MAX_TEXT_LENGTH = 64;

/** Whole minor units as the decimal that providers take: 149000 → `1490.00`. RangeError unless a safe integer ≥ 0. */
export function minorToDecimal(amountMinor: number): string {
  assertMinor(amountMinor, Number.MAX_SAFE_INTEGER);
  const digits = String(amountMinor).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The same as a number for a JSON body: 149010 → 1490.1. RangeError above `MAX_JSON_AMOUNT_MINOR`. */
export function minorToJsonNumber(amountMinor: number): number {
  assertMinor(amountMinor, MAX_JSON_AMOUNT_MINOR);
  return amountMinor / 100;
}

/**
 * What a provider calls an amount, in minor units: `1490`, `'1490.5'`, `'1 490 ₸'` (Kaspi QR status v02 sends the amount
 * as a number or as text with spaces and a currency sign). Undefined when it is not exactly a number of minor units:
 * more than two decimals, negative, an exponent, anything but digits, or too large to be exact. Numbers are trusted up to
 * `MAX_JSON_AMOUNT_MINOR`, text and bigint up to Number.MAX_SAFE_INTEGER.
 */
export function decimalToMinor(value: string | number | bigint): number | undefined {
  switch (typeof value) {
    case 'bigint':
      return value < 0n ? undefined : bounded(value * 100n, Number.MAX_SAFE_INTEGER);
    case 'number':
      // String() prints the shortest decimal that means this number, so 1490.1 reads 1490.1; NaN and 1e21 do not match.
      return parseDecimal(String(value), MAX_JSON_AMOUNT_MINOR);
    case 'string':
      return parseDecimal(value, Number.MAX_SAFE_INTEGER);
  }
}

/** For people: `1 490.00 ₸`, with narrow no-break spaces so that no screen breaks the line inside an amount. */
export function displayMoney(money: Money): string {
  const [whole = '', fraction = ''] = minorToDecimal(money.amountMinor).split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, NARROW_NO_BREAK_SPACE);
  return `${grouped}.${fraction}${NARROW_NO_BREAK_SPACE}${CURRENCY_SIGNS[money.currency]}`;
}

function parseDecimal(text: string, maxMinor: number): number | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  const match = DECIMAL.exec(text.trim().replace(SPACES, ' '));
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  return bounded(BigInt(whole.replaceAll(' ', '') + fraction.padEnd(2, '0')), maxMinor);
}

function bounded(amountMinor: bigint, maxMinor: number): number | undefined {
  return amountMinor <= BigInt(maxMinor) ? Number(amountMinor) : undefined;
}

function assertMinor(amountMinor: number, maxMinor: number): void {
  if (!Number.isSafeInteger(amountMinor) || amountMinor < 0 || amountMinor > maxMinor) {
    throw new RangeError(`not an amount in minor units between 0 and ${maxMinor}: ${amountMinor}`);
  }
}
