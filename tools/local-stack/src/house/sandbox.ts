import { z } from 'zod';
import { readJsonLine } from './json-line.ts';

/** The line that the sandbox prints when it listens. */
const readyLine = z.looseObject({
  event: z.literal('ready'),
  control: z.url(),
  /** One address for each scheme. */
  kaspi: z.object({ r1: z.url(), r2: z.url(), r3: z.url() }),
  smartpay: z.url().nullish(),
  koshelek: z.url().nullish(),
  smart_cashier: z.url().nullish(),
  tls: z.looseObject({ ca: z.string(), cert: z.string(), key: z.string() }),
});

export type SandboxReady = z.output<typeof readyLine>;

/** Undefined for any other line. */
export const readSandboxLine = (line: string): SandboxReady | undefined => readJsonLine(line, readyLine);
