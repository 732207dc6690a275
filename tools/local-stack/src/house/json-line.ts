import type { z } from 'zod';

/** What a process said in one line of JSON; undefined for any other line. */
export function readJsonLine<S extends z.ZodType>(line: string, schema: S): z.output<S> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
