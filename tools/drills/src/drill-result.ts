import type { ChainCounts } from './chain-server.ts';

/** What one drill has shown. Times in milliseconds. */
export interface DrillResult {
  name: string;
  title: string;
  payments: number;
  succeeded: number;
  /** Ended without money, by the reason that the API gave. */
  unpaid: Readonly<Record<string, number>>;
  refunds: RefundsResult;
  faultMs: number;
  /** From the end of the fault until a new payment has its QR within a second and no till has waited for 5 s; null: not in time. */
  recoveryMs: number | null;
  /** From POST to QR: 99 of 100 payments, whenever they began. */
  createToQrP99Ms: number | null;
  /** What tills had to repeat. */
  requests: ChainCounts;
  /** Processes that ended by themselves and were started again. */
  ended: readonly string[];
  notes: readonly string[];
  /** Why the drill was not passed, the books among it; empty: it was. */
  failures: readonly string[];
  /** Empty: bank, our books, events and webhooks agree. */
  differences: readonly string[];
}

/** What became of the money that was to go back. */
export interface RefundsResult {
  asked: number;
  succeeded: number;
  /** Of those: their answer was lost, and the bank's books showed it. */
  inferred: number;
  /** Shown as `unknown` before their end. */
  unknown: number;
  /** Ended without money having gone back, by the reason that the API gave. */
  unreturned: Readonly<Record<string, number>>;
  /** The longest time from asking to the end; null where nothing ended. */
  slowestMs: number | null;
}
