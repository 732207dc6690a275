/** How long kaspi waits after a return of money whose answer was lost; ms. */
export interface RefundWaits {
  writeTimeoutMs: number;
  resolveAfterMs: number;
  unchangedOverMs: number;
  /** Every refund has its end by then, from when it was asked for; what has none, `unknown` included, is a difference. */
  endsWithinMs: number;
}

/** What a bank needs: the defaults of docs/configuration.md. */
const WRITE_TIMEOUT_MS = 30_000;
const RESOLVE_AFTER_MS = 90_000;
const UNCHANGED_OVER_MS = 120_000;
/** Below it a busy machine, not the bank, would be what loses answers. */
const LEAST_SCALE = 0.1;
/** The return may be made twice, the second time after proof that the first one did nothing. */
const SENDS = 2;
/** The time to begin (60 s), a dead process's lease (20 s), and the second question about what is `unknown` (30 s). */
const BESIDES_MS = 120_000;

/** Scaled by the same factor as the drills' own waits. */
export function refundWaits(scale: number): RefundWaits {
  const factor = Math.max(scale, LEAST_SCALE);
  const [writeTimeoutMs, resolveAfterMs, unchangedOverMs] = [WRITE_TIMEOUT_MS, RESOLVE_AFTER_MS, UNCHANGED_OVER_MS].map(
    (ms) => Math.round(ms * factor),
  ) as [number, number, number];
  const endsWithinMs = BESIDES_MS + SENDS * (writeTimeoutMs + unchangedOverMs);
  return { writeTimeoutMs, resolveAfterMs, unchangedOverMs, endsWithinMs };
}

export function refundWaitsEnvironment(waits: RefundWaits): Record<string, string> {
  return {
    TOLEM_KASPI_WRITE_TIMEOUT_MS: String(waits.writeTimeoutMs),
    TOLEM_KASPI_RESOLVE_AFTER_MS: String(waits.resolveAfterMs),
    TOLEM_KASPI_UNCHANGED_OVER_MS: String(waits.unchangedOverMs),
  };
}
