import { z } from 'zod';

const exact = new WeakMap<z.core.$ZodType, z.core.$ZodType>();

/** Says what a producer must write where a consumer reads generously. */
export function writtenAs(read: z.core.$ZodType, written: z.core.$ZodType): void {
  exact.set(read, written);
}

/**
 * The producer's side of a consumer's schema: every object in it closed, however deep, and every generous field exact.
 * What it cannot look into (a record's values) it leaves alone.
 */
export function asWritten(schema: z.core.$ZodType): z.core.$ZodType {
  const written = exact.get(schema);
  if (written !== undefined) return written;
  if (schema instanceof z.ZodObject) {
    const shape = Object.entries(schema.def.shape).map(([name, field]) => [name, asWritten(field)]);
    return z.core.clone(schema, { ...schema.def, shape: Object.fromEntries(shape), catchall: z.never() });
  }
  if (schema instanceof z.ZodNullable) {
    return z.core.clone(schema, { ...schema.def, innerType: asWritten(schema.def.innerType) });
  }
  if (schema instanceof z.ZodOptional) {
    return z.core.clone(schema, { ...schema.def, innerType: asWritten(schema.def.innerType) });
  }
  if (schema instanceof z.ZodArray) {
    return z.core.clone(schema, { ...schema.def, element: asWritten(schema.def.element) });
  }
  return schema;
}
