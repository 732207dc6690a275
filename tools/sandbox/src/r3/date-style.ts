import type { ShapeFault } from '../faults/fault.ts';
import type { DateStyle } from './bank-date.ts';

/** The form of dates that the chosen faults ask for. */
export function dateStyle(shapes: ReadonlySet<ShapeFault>): DateStyle {
  if (shapes.has('short_dates')) return 'short_offset';
  if (shapes.has('naive_dates')) return 'naive';
  return shapes.has('one_digit_day') ? 'one_digit_day' : 'full';
}
