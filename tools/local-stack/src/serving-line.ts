import { z } from 'zod';

/** The line that a process prints when its services serve; `url` is where the API is, in the process that has it. */
const servingLine = z.looseObject({ event: z.literal('serving'), url: z.url().optional(), managementPort: z.int() });

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
