import { type Bench, placeOf } from './bench.ts';
import type { Measurement } from './measurement.ts';
import { measured, RAMP_S } from './measured.ts';
import { runOpenLoop } from './open-loop.ts';
import { percentilesOf } from './percentiles.ts';
import { paymentIn, runTill } from './till.ts';

const PAID = { rate: 20, seconds: 10 };
const DRAIN_MS = 10_000;
const MOST_UNDER_WAY = 2_000;

/** GET of payments that are paid, without waiting. */
export async function measureRead(bench: Bench): Promise<Measurement> {
  const { rate, seconds } = bench.options;
  const payments = await bench.step('Making payments to read', () => paidPayments(bench));
  const ramp = async (): Promise<number> => (await read(bench, payments, { rate, seconds: RAMP_S })).readMs.length;
  const run = await measured(bench, ramp, (atFullLoad) =>
    bench.step(`${rate} reads/s for ${seconds} s, measured`, (step) =>
      read(bench, payments, { rate, seconds }, (text) => step.note(text), atFullLoad),
    ),
  );
  const { sent, readMs, errors } = run.outcome;
  return {
    operation: 'read',
    goodRate: null,
    steps: [],
    notes: errors.length === 0 ? [] : [`${errors.length} errors, the first: ${errors[0] ?? ''}`],
    run: {
      ...run,
      rate,
      sent,
      operations: readMs.length,
      errors: errors.length,
      latencies: { read: percentilesOf(readMs) },
      further: {},
      facts: [],
    },
    profiled: (profiledS, note) => read(bench, payments, { rate, seconds: profiledS }, note),
  };
}

async function paidPayments(bench: Bench): Promise<string[]> {
  await bench.ledger.setBuyers({ scan_ms: 200, confirm_ms: 400 }, bench.signal);
  const made: string[] = [];
  await runOpenLoop({
    ...PAID,
    mostUnderWay: MOST_UNDER_WAY,
    drainMs: DRAIN_MS,
    signal: bench.signal,
    fire: async (index) => {
      const { payment, error } = await runTill(bench.load, placeOf(bench, index), `${bench.runId}-paid-${index}`);
      if (payment !== null && error === undefined) made.push(payment);
    },
  });
  if (made.length < PAID.rate * PAID.seconds) throw new Error(`only ${made.length} payments succeeded`);
  return made;
}

async function read(
  bench: Bench,
  payments: readonly string[],
  run: { rate: number; seconds: number },
  note: (text: string) => void = () => undefined,
  atFullLoad: () => Promise<void> = async () => undefined,
): Promise<{ sent: number; readMs: number[]; errors: string[] }> {
  const readMs: number[] = [];
  const errors: string[] = [];
  const outcome = await runOpenLoop({
    ...run,
    mostUnderWay: MOST_UNDER_WAY,
    drainMs: DRAIN_MS,
    signal: bench.signal,
    fire: async (index) => {
      const path = `/v1/payments/${payments[index % payments.length] ?? ''}`;
      const startedMs = performance.now();
      try {
        const { status } = paymentIn('GET', await bench.load.request({ method: 'GET', path }), 200);
        if (status === 'succeeded') readMs.push(performance.now() - startedMs);
        else errors.push(`a paid payment was shown as ${status}`);
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error));
      }
    },
    onSecond: (second, underWay) => {
      note(`${second} s of ${run.seconds} s, ${underWay} under way`);
      if (second >= run.seconds - 2) void atFullLoad();
    },
  });
  if (outcome.left > 0) errors.push(`${outcome.left} reads were never answered`);
  return { sent: outcome.sent, readMs, errors };
}
