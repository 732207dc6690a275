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
const shared = z.object({
  CRASH_POINTS: z.array(crashPoint),
  MONEY_CRASH_POINTS: z.array(crashPoint.extend({ way: z.string(), match: z.string() })),
  CRASH_PRELOAD: z.string(),
});
const { CRASH_POINTS, MONEY_CRASH_POINTS, CRASH_PRELOAD } = shared.parse({ ...(await import(TESTING)) });

/** Steps that a payment takes as well, so that under load it would be the one to be cut there. */
const PAYMENTS_TOO = ['/payment/details', 'UPDATE subject'];

export { CRASH_POINTS, CRASH_PRELOAD };
/** The steps of a refund without the buyer. */
export const REFUND_CRASH_POINTS: readonly CrashPoint[] = MONEY_CRASH_POINTS.filter(
  ({ way, match }) => way === 'refund' && !PAYMENTS_TOO.includes(match),
);
