/** What operators and specs may tune about looking up payers. */
export interface PayerSettings {
  /** How long the provider has to answer; past it nothing is asked and nobody waits. */
  readonly deadlineMs: number;
  /** Most look-ups that wait at once in this process; the next one is refused. */
  readonly maxWaiting: number;
}

/** Injection token of `PayerSettings`. */
export const PAYER_SETTINGS = Symbol('payer settings');

export const DEFAULT_PAYER_SETTINGS: PayerSettings = { deadlineMs: 10_000, maxWaiting: 512 };
