/** What the calls of the client ask for. Ids are decimal text, sums are minor units. */

/**
 * A device token together with the BIN (or IIN) it was issued for. The bank refuses any other pairing, so the two are
 * stored, passed and sent as one value. Where the scheme names no organizations, the BIN stays here.
 */
export interface DevicePair {
  readonly bin: string;
  readonly deviceToken: string;
}

export interface RegisterDevice {
  readonly bin: string;
  /** Our own name of the device: Latin letters, digits, dash, underscore. */
  readonly deviceId: string;
  /** Decimal text. */
  readonly tradePointId: string;
}

export interface CreateQr {
  readonly device: DevicePair;
  readonly amountMinor: number;
  /** Our purchase id; whether the bank deduplicates by it is unknown. */
  readonly externalId?: string;
}

export interface PaymentOnDevice {
  readonly device: DevicePair;
  /** Decimal text. */
  readonly qrPaymentId: string;
}

export interface ReturnPayment extends PaymentOnDevice {
  readonly amountMinor: number;
  /** Of the refund code that the buyer has scanned, decimal text; needed and sent where refunds take the buyer. */
  readonly qrReturnId?: string;
}

export interface CreateReturn {
  readonly device: DevicePair;
  /** Our refund id. */
  readonly externalId?: string;
}

export interface ListReturnOperations {
  readonly device: DevicePair;
  /** Decimal text. */
  readonly qrReturnId: string;
  /** From 1 to 10; the bank takes 10 when there is none. */
  readonly maxResult?: number;
}

export interface FindPayer {
  readonly device: DevicePair;
  /** Eleven digits. */
  readonly phoneNumber: string;
}

export interface CreateRemote extends FindPayer {
  readonly amountMinor: number;
  readonly comment?: string;
}

/** What the bank's emulators do in a buyer's place (§5.2). */
export type EmulatedStep = 'scan' | 'confirm' | 'scanerror' | 'confirmerror';
