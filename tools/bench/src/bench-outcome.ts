import type { BenchResult } from './bench-result.ts';

/** What a measurement hands over to be written, shown and profiled. */
export interface BenchOutcome {
  result: BenchResult;
  /** The result for people. */
  table: string;
  /** False: something was wrong or could not be measured. */
  good: boolean;
  /** The same load once more, for the profiler; `rate` is what a profile's costs are divided by, per second. */
  profiled: { rate: number; run: (seconds: number, note: (text: string) => void) => Promise<unknown> } | undefined;
}
