import type { ShapeFault } from '../faults/fault.ts';
import type { DateStyle } from './bank-date.ts';

/** The form of dates that the chosen faults ask for, else the method's own. */
export function dateStyle(shapes: ReadonlySet<ShapeFault>, own: DateStyle = 'full'): DateStyle {
  if (shapes.has('short_dates')) return 'short_offset';
  if (shapes.has('naive_dates')) return 'naive';
  if (shapes.has('one_digit_day')) return 'one_digit_day';
  return shapes.has('full_dates') ? 'full' : own;
}
