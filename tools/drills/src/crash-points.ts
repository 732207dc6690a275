import { z } from 'zod';

/** As much of a point as drills look at; the rest is for the process that dies there. */
const crashPoint = z.looseObject({
  name: z.string(),
  /** Which of the services take this step. */
  services: z.array(z.string()),
  /** The load cancels its payments while this point is armed. */
  cancels: z.literal(true).optional(),
  /** Taken for a desk that the bank does not know yet. */
  freshDesk: z.literal(true).optional(),
});
export type CrashPoint = z.output<typeof crashPoint>;

/**
 * The steps at which the specs of the one-process house die, too. Taken over at run time: tools are not built from what
 * specs stand on, and the drills, which are the specs of a running house, need this one list of it.
 */
const TESTING: string = '@tolem/testing';
const shared = z.object({ CRASH_POINTS: z.array(crashPoint), CRASH_PRELOAD: z.string() });

export const { CRASH_POINTS, CRASH_PRELOAD } = shared.parse({ ...(await import(TESTING)) });
