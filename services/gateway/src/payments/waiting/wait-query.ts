import { z } from 'zod';

/** Longest wait of one request, seconds. */
export const MAX_WAIT_S = 30;

export const waitShape = {
  wait: z
    .string()
    .regex(/^\d{1,2}$/, 'must be a whole number of seconds from 0 to 30')
    .transform(Number)
    .refine((seconds) => seconds <= MAX_WAIT_S, 'must be a whole number of seconds from 0 to 30')
    .optional()
    .describe('Longest time to wait for news, whole seconds from 0 to 30.'),
};

export const waitQuerySchema = z.strictObject(waitShape);
export type WaitQuery = z.infer<typeof waitQuerySchema>;
