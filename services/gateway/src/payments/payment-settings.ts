/** What operators may tune about payments. */
export interface PaymentSettings {
  /** Most requests that wait with `?wait=` at once in this process; the next one is refused. */
  readonly maxWaiters: number;
  /** A waiter looks again this often even if nobody woke it. */
  readonly rereadEveryMs: number;
  readonly sweepEveryMs: number;
  /** Most payments that one turn of the sweeper asks about. */
  readonly sweepBatch: number;
  /** A `created` payment that is silent this long is started again. */
  readonly startAgainAfterMs: number;
  /** This long after `start_by` a payment still `created` is asked about. */
  readonly startGraceMs: number;
  /** How often that question is repeated. */
  readonly startReportEveryMs: number;
  /** An open payment that is silent this long is asked about, and again each time as much has passed. */
  readonly reportAfterMs: number;
  readonly pressureEveryMs: number;
  /** No payment is taken while the oldest message has waited longer to leave. */
  readonly maxOutboxAgeMs: number;
}

/** Injection token of `PaymentSettings`. */
export const PAYMENT_SETTINGS = Symbol('payment settings');

export const DEFAULT_PAYMENT_SETTINGS: PaymentSettings = {
  maxWaiters: 5_000,
  rereadEveryMs: 2_000,
  sweepEveryMs: 1_000,
  sweepBatch: 200,
  startAgainAfterMs: 5_000,
  startGraceMs: 2_000,
  startReportEveryMs: 30_000,
  reportAfterMs: 300_000,
  pressureEveryMs: 1_000,
  maxOutboxAgeMs: 3_000,
};
