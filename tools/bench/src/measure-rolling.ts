import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, manyProcesses } from './bench.ts';
import type { BenchOutcome } from './bench-outcome.ts';
import type { AboutBench, BenchResult } from './bench-result.ts';
import { brokenBy } from './breaking-rule.ts';
import { disturbedRun, figuresOf } from './disturbed-run.ts';
import { rollingTable } from './rolling-table.ts';
import { runPayments } from './run-payments.ts';
import type { TillRecord } from './till.ts';

const SERVICE = 'kaspi';
const WARM_UP = { label: 'warm-up', rate: 10, seconds: 5 };
/** The part of the run that goes by before the first restart. */
const BEFORE = 0.25;

export interface Restarts {
  /** Epoch ms. */
  fromMs: number;
  toMs: number;
  each: { process: string; stop_ms: number; start_ms: number }[];
}

/** Payments go on while every process of the provider service is stopped in order and started again, one after the other. */
export async function measureRolling(bench: Bench, about: AboutBench): Promise<BenchOutcome> {
  const { options, signal } = bench;
  await bench.ledger.setBuyers({ scan_ms: 500, confirm_ms: 1_500 }, signal);
  const warmUp = await bench.step('Warming up', (step) => runPayments(bench, WARM_UP, (text) => step.note(text)));
  if (warmUp.step.errors > 0) throw new Error(`the warm-up broke: ${brokenBy(warmUp.step).join('; ')}`);

  const { rate, seconds } = options;
  const [run, restarts, memoryMb] = await bench.step(
    `${rate} payments/s for ${seconds} s, ${SERVICE} restarted meanwhile`,
    async (step) =>
      Promise.all([
        runPayments(bench, { label: 'run', rate, seconds }, (text) => step.note(text)),
        restartAll(bench, (text) => step.note(text)),
        bench.usage.memoryMb(),
      ]),
    ([{ step }]) => `${step.ok} succeeded, ${step.errors} errors`,
  );
  const lastSentMs = run.records.reduce((last, { sentAtMs }) => Math.max(last, sentAtMs), 0);
  const during = run.records.filter((record) => isDuring(record, restarts));
  const whole = disturbedRun(about, run, memoryMb);
  const result: BenchResult = {
    ...whole.result,
    rolling: {
      rate,
      restarts: restarts.each,
      restarts_ms: restarts.toMs - restarts.fromMs,
      during: figuresOf(during, run.bank),
      during_payments: during.length,
    },
  };
  const notes = [
    ...whole.notes,
    ...(restarts.toMs < lastSentMs ? [] : ['the restarts ended after the last arrival: give more --seconds']),
  ];
  return { result, table: rollingTable(result, notes), good: result.errors === 0, profiled: undefined };
}

async function restartAll(bench: Bench, note: (text: string) => void): Promise<Restarts> {
  const house = manyProcesses(bench);
  await pause(bench.options.seconds * 1_000 * BEFORE, undefined, { signal: bench.signal });
  const replicas = house.processes().filter(({ name }) => name === SERVICE);
  const restarts: Restarts = { fromMs: Date.now(), toMs: 0, each: [] };
  for (const { name, replica } of replicas) {
    note(`stopping ${name} ${replica}`);
    const stopMs = performance.now();
    const how = await house.stopService(name, replica);
    if (how !== 'code 0') throw new Error(`${name} ${replica} did not end in order: ${how ?? 'it did not run'}`);
    const startMs = performance.now();
    await house.startService(name, replica);
    restarts.each.push({
      process: `${name}-${replica}`,
      stop_ms: Math.round(startMs - stopMs),
      start_ms: Math.round(performance.now() - startMs),
    });
  }
  restarts.toMs = Date.now();
  return restarts;
}

/** Whether a till was waiting for its QR at any moment of the restarts; one that got none waited until its end. */
export function isDuring(record: TillRecord, restarts: Pick<Restarts, 'fromMs' | 'toMs'>): boolean {
  const shownAtMs = record.sentAtMs + (record.createToQrMs ?? record.lifeMs);
  return shownAtMs >= restarts.fromMs && record.sentAtMs <= restarts.toMs;
}
