export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/**
 * Exact percentiles by nearest rank, rounded to hundredths: the runs are bounded, so all their samples are kept and no
 * histogram has to round them. Null for no samples.
 */
export function percentilesOf(samples: readonly number[]): Percentiles | null {
  if (samples.length === 0) return null;
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number): number =>
    Math.round((sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0) * 100) / 100;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Of a few samples, rounded to hundredths; the median of an even number is the lower one. Null for none. */
export function spreadOf(samples: readonly number[]): { least: number; median: number; most: number } | null {
  if (samples.length === 0) return null;
  const sorted = Float64Array.from(samples).sort();
  const at = (index: number): number => Math.round((sorted[index] ?? 0) * 100) / 100;
  return { least: at(0), median: at(Math.ceil(sorted.length / 2) - 1), most: at(sorted.length - 1) };
}
