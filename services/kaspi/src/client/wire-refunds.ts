/** Shapes of the bank's answers about refunds (Kaspi QR v3.9 §4.5), as tolerant and as strict as those of wire.ts. */
import { z } from 'zod';
import { type ReturnOptions, returnOptions } from './behavior-options.ts';
import { amountMinor, amountMinorOrNull, bankId, dateMsOrNull, qrText, statusWord } from './wire-values.ts';

export interface CreatedReturn {
  /** Content of the QR picture that the buyer scans to be known, opaque. */
  readonly qrToken: string;
  readonly qrReturnId: string;
  /** Epoch ms, null when absent or unreadable; information only, the timer of `options` decides. */
  readonly expiresAtMs: number | null;
  readonly options: ReturnOptions;
}

/** `return/create` (§3.4.1). */
export const createdReturn = z
  .object({
    qrtoken: qrText,
    qrreturnid: bankId,
    expiredate: dateMsOrNull,
    qrreturnbehavioroptions: z.unknown().optional(),
    returnbehavioroptions: z.unknown().optional(),
  })
  .transform((row): CreatedReturn => ({
    qrToken: row.qrtoken,
    qrReturnId: row.qrreturnid,
    expiresAtMs: row.expiredate,
    options: returnOptions(row.qrreturnbehavioroptions ?? row.returnbehavioroptions),
  }));

export interface ReturnStatus {
  /** The bank's word, with its case; its meaning is in statuses.ts (`returnStatusMeaning`). */
  readonly status: string;
}

/** `return/status` (§3.4.2). */
export const returnStatus = z.object({ status: statusWord }).transform((row): ReturnStatus => row);

/** One of the buyer's recent purchases. */
export interface ReturnOperation {
  readonly qrPaymentId: string;
  /** Epoch ms, null when absent or unreadable. */
  readonly transactionAtMs: number | null;
  /** The whole purchase; null when unreadable: what can be refunded is asked for by `payment/details` anyway. */
  readonly amountMinor: number | null;
}

// The document allows ten. A longer list is not read at all, because part of one would look whole.
const MAX_OPERATIONS = 100;

/** `return/operations` (§3.4.3). A row without an id makes the list unreadable: it might be the purchase we look for. */
export const returnOperations = z
  .array(
    z
      .object({ qrpaymentid: bankId, transactiondate: dateMsOrNull, amount: amountMinorOrNull })
      .transform((row): ReturnOperation => ({
        qrPaymentId: row.qrpaymentid,
        transactionAtMs: row.transactiondate,
        amountMinor: row.amount,
      })),
  )
  .max(MAX_OPERATIONS);

export interface PaymentDetails {
  readonly qrPaymentId: string;
  readonly totalAmountMinor: number;
  /** What can still be refunded. */
  readonly availableReturnAmountMinor: number;
  /** Epoch ms, null when absent or unreadable. */
  readonly transactionAtMs: number | null;
}

/** `payment/details` (§4.4): both amounts are required, refunds are decided on them. */
export const paymentDetails = z
  .object({
    qrpaymentid: bankId,
    totalamount: amountMinor,
    availablereturnamount: amountMinor,
    transactiondate: dateMsOrNull,
  })
  .transform((row): PaymentDetails => ({
    qrPaymentId: row.qrpaymentid,
    totalAmountMinor: row.totalamount,
    availableReturnAmountMinor: row.availablereturnamount,
    transactionAtMs: row.transactiondate,
  }));

export interface ReturnedPayment {
  readonly returnOperationId: string;
}

/** `payment/return` (§4.5). */
export const returnedPayment = z
  .object({ returnoperationid: bankId })
  .transform((row): ReturnedPayment => ({ returnOperationId: row.returnoperationid }));
