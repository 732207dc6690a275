import type { ChainCounts } from './chain-server.ts';

/** What one drill has shown. Times in milliseconds. */
export interface DrillResult {
  name: string;
  title: string;
  payments: number;
  succeeded: number;
  /** Ended without money, by the reason that the API gave. */
  unpaid: Readonly<Record<string, number>>;
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
  /** Empty: bank, our books, events and webhooks agree. */
  differences: readonly string[];
}
