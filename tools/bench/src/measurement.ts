import type { StepOutcome } from './breaking-rule.ts';
import type { BenchResult } from './bench-result.ts';
import type { Measured } from './measured.ts';
import type { Percentiles } from './percentiles.ts';
import type { PerProcess } from './process-usage.ts';

export interface BusyStep extends StepOutcome {
  broken: readonly string[];
  cpuMs: PerProcess;
  wallMs: number;
  /** Cores that other programs of this machine kept busy meanwhile. */
  othersCores: number | null;
}

export interface MeasuredRun extends Measured<unknown> {
  rate: number;
  sent: number;
  /** Those that ended as they should; what the costs are divided by. */
  operations: number;
  errors: number;
  latencies: Partial<BenchResult['latency_ms']>;
  /** Shown to people, not part of the result file; ms. */
  further: Record<string, Percentiles | null>;
  facts: string[];
}

/** What a measurement hands over to be shown and written. */
export interface Measurement {
  /** What the costs are divided by: payment, create, read, question. */
  operation: string;
  goodRate: number | null;
  steps: readonly BusyStep[];
  notes: readonly string[];
  run: MeasuredRun | undefined;
  /** The same load once more, for the profiler. */
  profiled: ((seconds: number, note: (text: string) => void) => Promise<unknown>) | undefined;
}
