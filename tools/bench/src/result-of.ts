import { type AboutBench, type BenchResult, emptyResult } from './bench-result.ts';
import { roundTrips } from './database-counts.ts';
import type { Measurement } from './measurement.ts';
import { mapValues, oursAndStores } from './process-usage.ts';
import { perOperation } from './rounded.ts';
import type { SharedCounts } from './shared-counter.ts';

/** The result file of a measurement; everything that was not measured is null. */
export function resultOf(about: AboutBench, { goodRate, steps, run }: Measurement): BenchResult {
  const shown = steps.map(({ rate, sent, ok, errors }) => ({ rate, sent, ok, errors }));
  const empty = emptyResult(about);
  if (run === undefined) {
    return { ...empty, good_rate: goodRate, steps: shown, errors: steps.reduce((sum, { errors }) => sum + errors, 0) };
  }
  const { operations, counts, cpuMs } = run;
  const trips = counts.statements === null ? undefined : roundTrips(counts.statements);
  const messages = counts.outboxRows + counts.progressEvents;
  return {
    ...empty,
    good_rate: goodRate,
    steps: shown.length > 0 ? shown : [{ rate: run.rate, sent: run.sent, ok: operations, errors: run.errors }],
    latency_ms: { ...empty.latency_ms, ...run.latencies },
    cpu_ms_per_payment: {
      ...mapValues(cpuMs, (used) => perOperation(used, operations)),
      total_ours_and_stores: perOperation(oursAndStores(cpuMs), operations),
    },
    rss_mb: { ...run.memoryMb },
    per_payment: {
      round_trips: perOperation(trips?.writing, operations),
      reads: perOperation(trips?.reading, operations),
      messages: perOperation(messages, operations + run.rampOperations),
      bytes: perOperation(counts.walBytes, operations),
      ...(run.shared === undefined ? {} : sharedPer(run.shared, operations)),
    },
    errors: run.errors,
  };
}

function sharedPer({ redis, kafka }: SharedCounts, operations: number) {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    redis_commands: perOperation(sum(redis.map(({ calls }) => calls)), operations),
    kafka_records: perOperation(sum(kafka.map(({ records }) => records)), operations),
    kafka_bytes: perOperation(sum(kafka.map(({ bytes }) => bytes)), operations),
  };
}
