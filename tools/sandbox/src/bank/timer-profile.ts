/** What the bank tells a client in `QrPaymentBehaviorOptions`; whole seconds, as on the wire. */
export interface TimerProfile {
  readonly pollIntervalS: number;
  readonly scanWaitS: number;
  readonly confirmWaitS: number;
  /** How long an invoice to a phone can be paid. Never told to a client. */
  readonly invoiceLifeS: number;
}

export type TimerProfileName = 'local' | 'bank';

/** `bank`: the values of every sample in the document (Kaspi QR v3.9 §4.6). `local`: short ones for one machine.
 * An invoice lives 24 hours (Kaspi QR v3.9 §4.6). */
export const TIMER_PROFILES: Record<TimerProfileName, TimerProfile> = {
  local: { pollIntervalS: 1, scanWaitS: 30, confirmWaitS: 15, invoiceLifeS: 600 },
  bank: { pollIntervalS: 5, scanWaitS: 180, confirmWaitS: 65, invoiceLifeS: 86_400 },
};
