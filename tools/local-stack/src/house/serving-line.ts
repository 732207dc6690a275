import { z } from 'zod';
import { readJsonLine } from './json-line.ts';

/** The line that a process prints when its services serve; `url` is where the API is, in the process that has it. */
const servingLine = z.looseObject({ event: z.literal('serving'), url: z.url().optional(), managementPort: z.int() });

export type Serving = z.output<typeof servingLine>;

/** Undefined for any other line. */
export const readServingLine = (line: string): Serving | undefined =>
  line.startsWith('{"event"') ? readJsonLine(line, servingLine) : undefined;
