import type { Bench } from './bench.ts';
import { BusySpan } from './busy-span.ts';
import { brokenBy } from './breaking-rule.ts';
import type { BusyStep, Measurement } from './measurement.ts';
import { measured, MEASURING_MS, RAMP_S } from './measured.ts';
import { percentilesOf } from './percentiles.ts';
import { type PaymentsRun, runPayments } from './run-payments.ts';

/** Compilers and pools warm up outside the figures; an error there still ends the run. */
const WARM_UP = { label: 'warm-up', rate: 10, seconds: 5 };
/** Java compiles for longer; where the rate rises step by step, the steps are warm-up enough. */
const JAVA_WARM_UP = { label: 'warm-up', rate: 25, seconds: 20 };
/** Payments under way at the end of a step, and the bank's books. */
const STEP_TAIL_MS = 6_000;

/** Whole payments: the rate rises until something breaks, then half of the last good one is measured. */
export async function measurePayments(bench: Bench): Promise<Measurement> {
  const { options } = bench;
  await bench.ledger.setBuyers({ scan_ms: 500, confirm_ms: 1_500 }, bench.signal);
  const warmUp = await bench.step('Warming up', (step) =>
    runPayments(bench, options.steps || options.embedded ? WARM_UP : JAVA_WARM_UP, (text) => step.note(text)),
  );
  const reasons = brokenBy(warmUp.step);
  if (warmUp.step.errors > 0) throw new Error(`the warm-up broke: ${reasons.join('; ')}`);

  const steps: BusyStep[] = options.steps ? await risingSteps(bench) : [];
  const good = steps.filter(({ broken }) => broken.length === 0).at(-1)?.rate ?? 0;
  const rate = options.steps ? good / 2 : options.rate;
  const base = {
    goodRate: options.steps ? good : null,
    steps,
    notes: options.steps ? [endOf(steps)] : [],
    operation: 'payment',
  };
  if (rate === 0) return { ...base, run: undefined, profiled: undefined };

  const title = `${rate} payments/s for ${options.seconds} s, measured`;
  const ramp = async (): Promise<number> =>
    (await runPayments(bench, { label: 'ramp', rate, seconds: RAMP_S }, () => undefined)).step.ok;
  const run = await measured(bench, ramp, (atFullLoad) =>
    bench.step(
      title,
      (step) =>
        runPayments(bench, { label: 'run', rate, seconds: options.seconds }, (text) => step.note(text), atFullLoad),
      ({ step }) => `${step.ok} succeeded, ${step.errors} errors`,
    ),
  );
  const { latencies, step } = run.outcome;
  return {
    ...base,
    notes: [...base.notes, ...brokenBy(step).map((reason) => `the measured run broke: ${reason}`)],
    run: {
      ...run,
      rate,
      operations: step.ok,
      sent: step.sent,
      errors: step.errors,
      latencies: {
        create_to_qr: percentilesOf(latencies.createToQr),
        button_to_door: percentilesOf(latencies.buttonToDoor),
        fact_to_till: percentilesOf(latencies.factToTill),
      },
      further: {
        'create to QR, the bank’s own time with it': percentilesOf(latencies.createToQrWhole),
        'whole life (the buyer takes 1.5 s, the bank is asked each second)': percentilesOf(latencies.life),
      },
      facts: [`${(latencies.questions / Math.max(1, step.ok)).toFixed(2)} questions to the bank per payment`],
    },
    profiled: (seconds, note) => runPayments(bench, { label: 'profile', rate, seconds }, note),
  };
}

async function risingSteps(bench: Bench): Promise<BusyStep[]> {
  const { options, usage } = bench;
  const steps: BusyStep[] = [];
  // What comes after the steps has to fit too.
  const afterMs = options.seconds * 1_000 + MEASURING_MS + STEP_TAIL_MS + (options.flame ? 40_000 : 5_000);
  for (let rate = options.rate; ; rate += options.stepBy) {
    if (performance.now() + options.stepSeconds * 1_000 + STEP_TAIL_MS + afterMs > bench.deadlineMs) return steps;
    const span = await BusySpan.open(usage);
    const { step }: PaymentsRun = await bench.step(
      `${rate} payments/s for ${options.stepSeconds} s`,
      (shown) =>
        runPayments(bench, { label: `step-${rate}`, rate, seconds: options.stepSeconds }, (text) => shown.note(text)),
      (done) => brokenBy(done.step)[0] ?? 'good',
    );
    const broken = brokenBy(step);
    steps.push({ ...step, broken, ...(await span.close()) });
    if (broken.length > 0) return steps;
  }
}

function endOf(steps: readonly BusyStep[]): string {
  const last = steps.at(-1);
  if (last === undefined) return 'there was no time for a single step: give more --minutes';
  if (last.broken.length > 0) return `the steps ended at ${last.rate}/s: ${last.broken.join('; ')}`;
  return `nothing broke; the time was over after ${last.rate}/s, so the true limit is higher (give more --minutes)`;
}
