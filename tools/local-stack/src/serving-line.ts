import { z } from 'zod';

/** The line that the services' process prints when it serves. */
const servingLine = z.looseObject({ event: z.literal('serving'), url: z.url(), managementPort: z.int() });

export type Serving = z.output<typeof servingLine>;

/** Undefined for any other line. */
export function readServingLine(line: string): Serving | undefined {
  if (!line.startsWith('{"event"')) return undefined;
  try {
    return servingLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
