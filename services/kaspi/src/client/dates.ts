/**
 * Dates as the bank really writes them. The document promises `YYYY-MM-DDThh:mm:ss±h`; five forms are in circulation
 * and no common parser reads all of them, Node's `Date` would even take a date without offset as machine-local time.
 */

// The whole of Kazakhstan is at UTC+5 since 2024-03-01.
// ASSUMPTION: a date without offset is Kazakhstan local time; the document does not say.
const OFFSET_WHEN_ABSENT_MINUTES = 5 * 60;

const MAX_OFFSET_MINUTES = 14 * 60;
const MAX_CHARACTERS = 48;
const FIRST_YEAR = 2000; // Earlier years are a framework's empty value (0001-01-01), not a purchase.

const FORM =
  /^(\d{4})-(\d{1,2})-(\d{1,2})[Tt ](\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,12}))? ?(?:([Zz])|([+-])(\d{1,2})(?::?(\d{2}))?)?$/;

/**
 * Epoch milliseconds of a date of the bank, or undefined when it is none. Fractions beyond milliseconds are cut off.
 * Reads `2020-01-16T10:30:00+06`, `…+06:00`, `….717+05:00`, `….1566667` (no offset: UTC+5) and `2021-11-3T…`, one- or
 * two-digit months, days and hours, and `Z`. A day that the calendar does not have is refused rather than rolled over.
 */
export function parseBankDate(text: string): number | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const parts = FORM.exec(text.trim());
  if (parts === null) return undefined;
  const number = (index: number): number => Number(parts[index] ?? 0);
  const [year, month, day] = [number(1), number(2), number(3)];
  const [hour, minute, second] = [number(4), number(5), number(6)];
  if (year < FIRST_YEAR || hour > 23 || minute > 59 || second > 59) return undefined;

  const midnight = Date.UTC(year, month - 1, day);
  const calendar = new Date(midnight);
  if (calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== day) return undefined;

  const offset = offsetMinutes(parts);
  if (offset === undefined) return undefined;
  const fractionMs = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3));
  return midnight + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fractionMs;
}

function offsetMinutes(parts: RegExpExecArray): number | undefined {
  if (parts[8] !== undefined) return 0;
  const sign = parts[9];
  if (sign === undefined) return OFFSET_WHEN_ABSENT_MINUTES;
  const minutesPart = Number(parts[11] ?? 0);
  const total = Number(parts[10] ?? 0) * 60 + minutesPart;
  if (minutesPart > 59 || total > MAX_OFFSET_MINUTES) return undefined;
  return sign === '-' ? -total : total;
}
