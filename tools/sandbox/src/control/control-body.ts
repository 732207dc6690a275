import { isIP } from 'node:net';
import { checkBinIin } from '@tolem/domain';
import { z } from 'zod';
import { isApiKey } from '../bank/api-keys.ts';
import { CALLS, faultFits, parseFault } from '../faults/fault.ts';
import { SCHEME_NAMES } from '../kaspi/schemes.ts';
import { QUESTIONS_KEPT } from '../kaspi/timer-polling.ts';

const LONGEST_MS = 600_000;
const LONGEST_LIFE_DAYS = 36_500;

const timing = z
  .strictObject({
    scan_ms: z.int().min(0).max(LONGEST_MS),
    confirm_ms: z.int().min(0).max(LONGEST_MS),
    return_scan_ms: z.int().min(0).max(LONGEST_MS).nullable().default(null),
    invoice_pay_ms: z.int().min(0).max(LONGEST_MS).nullable().default(null),
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
        scheme: z.enum(SCHEME_NAMES).optional(),
      })
      .optional(),
  })
  .superRefine((body, context) => {
    const fault = parseFault(body.fault);
    if (fault === undefined || body.call === '*' || faultFits(fault, body.call)) return;
    context.addIssue({ code: 'custom', path: ['fault'], message: `cannot be seen in ${body.call}` });
  });

const taxId = z.string().refine((text) => checkBinIin(text).ok, { message: 'is no BIN or IIN' });
const buyer = z.string().regex(/^[\w-]{1,64}$/);

export const buyerBody = z.strictObject({ buyer: buyer.optional() });

/** Tenge, as the cashier types it. */
export const returnBody = z.strictObject({ amount: z.union([z.number(), z.string().max(40)]) });

export const apiKeyBody = z.strictObject({
  key: z.string().refine(isApiKey, { message: 'must be test_ or prod_ and a GUID' }),
  tax_id: taxId.nullable(),
});

export const certificateBody = z.strictObject({
  csr: z.string().max(20_000).optional(),
  tax_id: taxId.optional(),
  days: z.int().min(1).max(LONGEST_LIFE_DAYS).optional(),
  not_before: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .optional(),
});

export const addressesBody = z.strictObject({
  addresses: z
    .array(z.string().refine((text) => isIP(text) !== 0, { message: 'is no IP address' }))
    .max(1000)
    .nullable(),
});

export const switchesBody = z.strictObject({
  request_id_required: z.boolean().optional(),
  expired_invoice_status: z
    .string()
    .regex(/^\w{1,64}$/)
    .optional(),
  punish_polling: z
    .strictObject({
      equal_pauses: z
        .int()
        .min(2)
        .max(QUESTIONS_KEPT - 1)
        .default(5),
      tolerance: z.number().min(0).max(1).default(0.1),
    })
    .nullable()
    .optional(),
});

export const ledgerQuery = z.strictObject({
  provider: z.literal('kaspi').optional(),
  since: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .default(0),
});
