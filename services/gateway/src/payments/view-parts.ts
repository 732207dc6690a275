import { type CancelResult, cancelResultSchema, type Failure } from '@tolem/contracts';
import { CASHIER_KEYS, type CashierKey, cashierText, idFromUuid, TILL_SCREENS } from '@tolem/domain';
import { z } from 'zod';
import type { Resolution } from './payment-row.ts';

/** What payments and refunds show alike. */

const textSchema = z.object({ ru: z.string(), kk: z.string(), en: z.string() });

export const tillViewSchema = z.object({
  screen: z.enum(TILL_SCREENS),
  hand_over_goods: z.boolean(),
  may_start_another: z.boolean(),
  hide_qr: z.boolean(),
  seconds_left: z.int().nullable(),
  message: textSchema,
});

export const failureViewSchema = z.object({
  code: z.string(),
  provider_code: z.string().nullable(),
  provider_message: z.string().nullable(),
  cashier_message: textSchema,
});

export const resolutionViewSchema = z.object({
  attention: z.string().describe('`att_…`: who, why and on what evidence.'),
  outcome: z.enum(['succeeded', 'failed']),
  at: z.string(),
  confirmed: z.boolean().describe('The provider has said the same since.'),
});

export const cancelViewSchema = z.object({ requested_at: z.string(), result: cancelResultSchema });

/** @param usual what the cashier reads where the provider's side names no text that this release knows */
export function failureView(failure: Failure | null, usual: CashierKey): z.infer<typeof failureViewSchema> | null {
  if (failure === null) return null;
  return {
    code: failure.code,
    provider_code: failure.provider_code,
    provider_message: failure.provider_message,
    cashier_message: cashierText(cashierKeyOf(failure) ?? usual),
  };
}

export function cancelView(row: {
  readonly cancel_requested_at: string | null;
  readonly cancel_result: CancelResult | null;
}): z.infer<typeof cancelViewSchema> | null {
  return row.cancel_requested_at === null || row.cancel_result === null
    ? null
    : { requested_at: instant(row.cancel_requested_at), result: row.cancel_result };
}

export function resolutionView(resolution: Resolution | null | undefined): z.infer<typeof resolutionViewSchema> | null {
  if (resolution === null || resolution === undefined) return null;
  const { attention, outcome, at, confirmed } = resolution;
  return { attention: idFromUuid('att', attention), outcome, at: instant(at), confirmed };
}

/** A neighbouring release may know texts that this one does not; then the usual text of the status stands. */
export function cashierKeyOf(failure: Failure | null): CashierKey | null {
  return CASHIER_KEYS.find((key) => key === failure?.cashier_key) ?? null;
}

export function instant(fromDatabase: string): string {
  return new Date(fromDatabase).toISOString();
}
