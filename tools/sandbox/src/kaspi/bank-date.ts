export type DateStyle = 'full' | 'short_offset' | 'naive' | 'one_digit_day';

/** The whole of Kazakhstan is UTC+5 since 2024-03-01. */
const OFFSET_MS = 5 * 3_600_000;

/**
 * A moment as the bank writes it (kaspi-qr.md §13.6): `2026-02-11T09:08:00.000+05:00` by default, with a short offset
 * and no fraction, without offset and with 7 decimals, or with a one-digit day.
 */
export function bankDate(atMs: number, style: DateStyle): string {
  const local = new Date(atMs + OFFSET_MS).toISOString().slice(0, -1);
  switch (style) {
    case 'full':
      return `${local}+05:00`;
    case 'short_offset':
      return `${local.slice(0, 19)}+05`;
    case 'naive':
      return `${local}6667`;
    case 'one_digit_day':
      return `${local.replace(/-0(\d)T/, '-$1T')}+05:00`;
  }
}
