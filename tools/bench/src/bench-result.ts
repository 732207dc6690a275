import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BENCH_NAMES } from './bench-options.ts';

const amount = z.number().min(0).nullable();
const percentiles = z.strictObject({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable();

/** Of a few samples, where percentiles would say more than is known. */
const spread = z.strictObject({ least: z.number(), median: z.number(), most: z.number() });
const latencies = z.strictObject({ create_to_qr: percentiles, fact_to_till: percentiles });

const startup = z.record(
  z.string(),
  z.strictObject({
    times: z.int().positive(),
    /** From the start of the process until it says that it serves. */
    serving_ms: spread,
    /** Until /readyz answers 200. */
    ready_ms: spread,
    /** What the process used until then. */
    cpu_ms: spread.nullable(),
    rss_mb: spread.nullable(),
  }),
);

const idle = z.strictObject({
  seconds: z.number(),
  /** Of one core. */
  cpu_percent: z.record(z.string(), amount),
  /** How often its threads were woken up. */
  wake_ups_per_second: z.record(z.string(), amount),
  statements_per_second: amount,
  redis_commands_per_second: amount,
  kafka_bytes_per_second: amount,
  wal_bytes_per_second: amount,
});

const rolling = z.strictObject({
  rate: z.number(),
  restarts: z.array(z.strictObject({ process: z.string(), stop_ms: z.number(), start_ms: z.number() })),
  /** From the first stop until the last one was ready again. */
  restarts_ms: z.number(),
  /** Of payments that were under way in that time. */
  during: latencies,
  during_payments: z.int().min(0),
});

const certificate = z.strictObject({
  rate: z.number(),
  /** From the request to the provider's answer under the new pair. */
  replacements_ms: z.array(z.number()),
  /** Of payments that were under way meanwhile. */
  during: latencies,
  during_payments: z.int().min(0),
});

const refunds = z.strictObject({
  rate: z.number(),
  latency_ms: z.strictObject({
    /** Request to the last byte that says succeeded, minus the bank's own time for its calls. */
    create_to_succeeded: percentiles,
    whole: percentiles,
  }),
  /** The same load, with answers of some returns lost. */
  with_lost_answers: z.strictObject({
    sent: z.int().min(0),
    lost: z.int().min(0),
    /** By status at the end. */
    ended: z.record(z.string(), z.int()),
    /** Of those whose answer was lost, ms. */
    lost_took_ms: percentiles,
    /** Refunds that the bank's books and ours tell differently about. */
    disagreements: z.int().min(0),
    /** Purchases of which more went back than was asked for. */
    returned_twice: z.int().min(0),
  }),
});

const waiting = z.strictObject({
  payments: z.int().positive(),
  interval_s: z.number(),
  seconds: z.number(),
  questions: z.int().min(0),
  questions_per_second: z.number(),
  /** Against the interval after the answer before. */
  lateness_ms: percentiles,
  cpu_ms_per_question: z.record(z.string(), amount),
  /** What each waiting payment takes. */
  bytes_per_payment: z.record(z.string(), z.number().nullable()),
  /** Rows that PostgreSQL wrote meanwhile, in all tables; null where no database took part. */
  rows_written: z.int().nullable(),
});

/**
 * The result file of a measurement. What was not measured is null. In `create`, `read` and `poll` a "payment" of
 * `cpu_ms_per_payment` and `per_payment` is one operation of that path, and `latency_ms` carries that path's own figure.
 */
export const benchResult = z.strictObject({
  name: z.enum(BENCH_NAMES),
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
  per_payment: z.strictObject({
    round_trips: amount,
    reads: amount,
    messages: amount,
    bytes: amount,
    redis_commands: amount.optional(),
    kafka_records: amount.optional(),
    kafka_bytes: amount.optional(),
  }),
  errors: z.int().min(0),
  startup: startup.optional(),
  idle: idle.optional(),
  rolling: rolling.optional(),
  certificate: certificate.optional(),
  refunds: refunds.optional(),
  waiting: waiting.optional(),
});

export type BenchResult = z.output<typeof benchResult>;
export type Spread = z.output<typeof spread>;

/** What is measured, and where. */
export type AboutBench = Pick<BenchResult, 'name' | 'mode' | 'commit' | 'cores'>;

/** A result of which nothing has been measured yet. */
export const emptyResult = (about: AboutBench): BenchResult => ({
  ...about,
  good_rate: null,
  steps: [],
  latency_ms: { create_to_qr: null, button_to_door: null, fact_to_till: null },
  cpu_ms_per_payment: {},
  rss_mb: {},
  per_payment: { round_trips: null, reads: null, messages: null, bytes: null },
  errors: 0,
});

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
