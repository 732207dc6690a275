/** Shapes of the bank's answers about invoices to a phone (Kaspi QR v3.9 §4.6). */
import { z } from 'zod';
import { bankId, shortText, shortTextOrNull } from './wire-values.ts';

export interface Payer {
  /** Full name of a person: shown to the cashier, kept nowhere, never in a log. */
  readonly clientName: string;
}

/** `remote/client-info` (§4.6.1). */
export const payer = z.object({ clientname: shortText }).transform((row): Payer => ({ clientName: row.clientname }));

export interface CreatedRemote {
  readonly qrPaymentId: string;
}

/** `remote/create` (§4.6.2). */
export const createdRemote = z
  .object({ qrpaymentid: bankId })
  .transform((row): CreatedRemote => ({ qrPaymentId: row.qrpaymentid }));

export interface CanceledRemote {
  /** The bank's word; null when the answer has none. Whether the invoice is over is asked by `payment/status`. */
  readonly status: string | null;
}

/** `remote/cancel` (§4.6.3): StatusCode 0 says that the bank took the request, the word is information. */
export const canceledRemote = z
  .object({ status: shortTextOrNull })
  .catch({ status: null })
  .transform((row): CanceledRemote => ({ status: row.status }));
