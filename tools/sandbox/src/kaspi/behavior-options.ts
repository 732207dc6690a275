import type { ShapeFault } from '../faults/fault.ts';

/** The nested options of an answer, with camelCase keys where a fault asks for them (kaspi-qr.md §13.3). */
export function behaviorOptions(
  shapes: ReadonlySet<ShapeFault>,
  values: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  if (!shapes.has('camel_case_options')) return values;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  );
}
