import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const amount = z.number().min(0).nullable();
const percentiles = z.strictObject({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable();

/**
 * The result file of a measurement. What was not measured is null. In `create`, `read` and `poll` a "payment" of
 * `cpu_ms_per_payment` and `per_payment` is one operation of that path, and `latency_ms` carries that path's own figure.
 */
export const benchResult = z.strictObject({
  name: z.enum(['payments', 'create', 'read', 'poll']),
  mode: z.enum(['embedded', 'distributed']),
  commit: z.string().nullable(),
  cores: z.int().positive(),
  /** Payments per second of the last step that broke nothing. */
  good_rate: amount,
  steps: z.array(
    z.strictObject({ rate: z.number(), sent: z.int().min(0), ok: z.int().min(0), errors: z.int().min(0) }),
  ),
  latency_ms: z.strictObject({
    create_to_qr: percentiles,
    button_to_door: percentiles,
    fact_to_till: percentiles,
    create: percentiles.optional(),
    read: percentiles.optional(),
    poll_lateness: percentiles.optional(),
  }),
  cpu_ms_per_payment: z.record(z.string(), amount),
  rss_mb: z.record(z.string(), amount),
  per_payment: z.strictObject({ round_trips: amount, reads: amount, messages: amount, bytes: amount }),
  errors: z.int().min(0),
});

export type BenchResult = z.output<typeof benchResult>;

/** `2026-11-22T10-20-30Z`: sorts by time and is a file name everywhere. */
export const fileTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;

/** Writes `<name>-<time>.json` and the table beside it; answers the path without its ending. */
export async function writeResult(folder: string, result: BenchResult, table: string, nowMs: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${result.name}-${fileTime(nowMs)}`);
  await writeFile(`${path}.json`, `${JSON.stringify(benchResult.parse(result), null, 2)}\n`);
  await writeFile(`${path}.txt`, table);
  return path;
}
