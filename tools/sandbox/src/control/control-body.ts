import { z } from 'zod';
import { CALLS, faultFits, parseFault } from '../faults/fault.ts';

const LONGEST_MS = 600_000;

const timing = z
  .strictObject({
    scan_ms: z.int().min(0).max(LONGEST_MS),
    confirm_ms: z.int().min(0).max(LONGEST_MS),
  })
  .refine((value) => value.confirm_ms >= value.scan_ms, {
    path: ['confirm_ms'],
    message: 'must not be less than scan_ms: both count from the creation of the purchase',
  });

export const autopilotBody = z.strictObject({ kaspi: timing.nullable() });

export const faultBody = z
  .strictObject({
    provider: z.literal('kaspi'),
    call: z.enum([...CALLS, '*']),
    fault: z.string().refine((text) => parseFault(text) !== undefined, { message: 'is no known fault' }),
    times: z.int().min(1).max(1_000_000).nullable().default(1),
    match: z
      .strictObject({
        amount: z.number().positive().optional(),
        bin: z.string().optional(),
        id: z.string().optional(),
      })
      .optional(),
  })
  .superRefine((body, context) => {
    const fault = parseFault(body.fault);
    if (fault === undefined || body.call === '*' || faultFits(fault, body.call)) return;
    context.addIssue({ code: 'custom', path: ['fault'], message: `cannot be seen in ${body.call}` });
  });

export const ledgerQuery = z.strictObject({
  provider: z.literal('kaspi').optional(),
  since: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .default(0),
});
