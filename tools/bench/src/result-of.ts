import type { BenchName } from './bench-options.ts';
import type { BenchResult } from './bench-result.ts';
import { roundTrips } from './database-counts.ts';
import type { Measurement } from './measurement.ts';
import { PROCESSES, type PerProcess } from './process-usage.ts';
import { perOperation } from './rounded.ts';

/** The result file of a measurement; everything that was not measured is null. */
export function resultOf(
  about: { name: BenchName; commit: string | null; cores: number },
  { goodRate, steps, run }: Measurement,
): BenchResult {
  const operations = run?.operations ?? 0;
  const statements = run?.counts.statements ?? null;
  const trips = statements === null ? undefined : roundTrips(statements);
  const messages = run === undefined ? null : run.counts.outboxRows + run.counts.progressEvents;
  return {
    name: about.name,
    mode: 'embedded',
    commit: about.commit,
    cores: about.cores,
    good_rate: goodRate,
    steps:
      steps.length > 0 || run === undefined
        ? steps.map(({ rate, sent, ok, errors }) => ({ rate, sent, ok, errors }))
        : [{ rate: run.rate, sent: run.sent, ok: run.operations, errors: run.errors }],
    latency_ms: { create_to_qr: null, button_to_door: null, fact_to_till: null, ...run?.latencies },
    cpu_ms_per_payment: {
      ...perProcess(run?.cpuMs, (used) => perOperation(used, operations)),
      total_ours_and_stores: perOperation(oursAndStores(run?.cpuMs), operations),
    },
    rss_mb: perProcess(run?.memoryMb, (megabytes) => megabytes),
    per_payment: {
      round_trips: perOperation(trips?.writing, operations),
      reads: perOperation(trips?.reading, operations),
      messages: perOperation(messages, operations + (run?.rampOperations ?? 0)),
      bytes: perOperation(run?.counts.walBytes, operations),
    },
    errors: run?.errors ?? steps.reduce((sum, { errors }) => sum + errors, 0),
  };
}

function perProcess(
  values: PerProcess | undefined,
  shown: (value: number | null) => number | null,
): Record<string, number | null> {
  return Object.fromEntries(PROCESSES.map((name) => [name, shown(values?.[name] ?? null)]));
}

/** Our processes and their stores, without the bank and without the tills. */
function oursAndStores(cpuMs: PerProcess | undefined): number | null {
  if (cpuMs === undefined || cpuMs.standalone === null || cpuMs.postgres === null) return null;
  return cpuMs.standalone + cpuMs.postgres;
}
