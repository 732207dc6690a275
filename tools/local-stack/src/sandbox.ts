import { z } from 'zod';

/** The line that the sandbox prints when it listens. */
const readyLine = z.looseObject({
  event: z.literal('ready'),
  control: z.url(),
  kaspi: z.looseObject({ r1: z.url().nullish(), r2: z.url().nullish(), r3: z.url() }),
  smartpay: z.url().nullish(),
  koshelek: z.url().nullish(),
  smart_cashier: z.url().nullish(),
  tls: z.looseObject({ ca: z.string(), cert: z.string(), key: z.string() }),
});

export type SandboxReady = z.output<typeof readyLine>;

/** Undefined for any other line. */
export function readSandboxLine(line: string): SandboxReady | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return readyLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
