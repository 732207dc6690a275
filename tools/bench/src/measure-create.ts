import { type BankPayment, createCall } from './bank-ledger.ts';
import { type Bench, placeOf } from './bench.ts';
import type { Measurement } from './measurement.ts';
import { measured, RAMP_S } from './measured.ts';
import { runOpenLoop } from './open-loop.ts';
import { pollingIn } from './polling-in.ts';
import { percentilesOf } from './percentiles.ts';
import { createRequest, paymentIn } from './till.ts';
import { untilBankKnows } from './until-bank-knows.ts';

const DRAIN_MS = 20_000;
const MOST_UNDER_WAY = 2_000;
const WARM_UP = { label: 'warm-up', rate: 20, seconds: 3 };

interface CreateRun {
  sent: number;
  sentAtMs: Map<string, number>;
  createMs: number[];
  errors: string[];
  bank: Map<string, BankPayment>;
  window: { fromMs: number; toMs: number };
}

/** The create alone: POST without waiting, its command, the bank's create and what it told us; no buyer comes. */
export async function measureCreate(bench: Bench): Promise<Measurement> {
  const { rate, seconds } = bench.options;
  await bench.ledger.setBuyers(null, bench.signal);
  await bench.step('Warming up', () => createPayments(bench, WARM_UP));
  const ramp = async (): Promise<number> =>
    (await createPayments(bench, { label: 'ramp', rate, seconds: RAMP_S })).createMs.length;
  const run = await measured(bench, ramp, (atFullLoad) =>
    bench.step(`${rate} creates/s for ${seconds} s, measured`, (step) =>
      createPayments(bench, { label: 'run', rate, seconds }, (text) => step.note(text), atFullLoad),
    ),
  );
  const { sent, sentAtMs, createMs, errors, bank } = run.outcome;
  const door = [...sentAtMs].flatMap(([payment, atMs]) => {
    const create = createCall(bank.get(payment));
    return create === undefined ? [] : [create.atMs - atMs];
  });
  const books = await bench.ledger.readAll(bench.signal);
  // Those of payments that were open before count too: their work was done meanwhile.
  const questions = pollingIn(books.values(), { ...run.outcome.window, intervalMs: 0 }).asked;
  return {
    operation: 'create',
    goodRate: null,
    steps: [],
    notes: errors.length === 0 ? [] : [`${errors.length} errors, the first: ${errors[0] ?? ''}`],
    run: {
      ...run,
      rate,
      sent,
      operations: createMs.length,
      errors: errors.length,
      latencies: { create: percentilesOf(createMs), button_to_door: percentilesOf(door) },
      further: {},
      facts: [`${(questions / Math.max(1, createMs.length)).toFixed(2)} questions to the bank per create meanwhile`],
    },
    profiled: (profiledS, note) => createPayments(bench, { label: 'profile', rate, seconds: profiledS }, note),
  };
}

/** Creates payments and waits until each has arrived at the bank. */
export async function createPayments(
  bench: Bench,
  run: { label: string; rate: number; seconds: number },
  note: (text: string) => void = () => undefined,
  atFullLoad: () => Promise<void> = async () => undefined,
): Promise<CreateRun> {
  const sentAtMs = new Map<string, number>();
  const createMs: number[] = [];
  const errors: string[] = [];
  const fromMs = Date.now();
  const outcome = await runOpenLoop({
    rate: run.rate,
    seconds: run.seconds,
    mostUnderWay: MOST_UNDER_WAY,
    drainMs: DRAIN_MS,
    signal: bench.signal,
    fire: async (index) => {
      const atMs = Date.now();
      const startedMs = performance.now();
      try {
        const request = createRequest(placeOf(bench, index), `${bench.runId}-${run.label}-${index}`);
        const payment = paymentIn('POST', await bench.load.request(request), 201);
        createMs.push(performance.now() - startedMs);
        sentAtMs.set(payment.id, atMs);
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error));
      }
    },
    onSecond: (second, underWay) => {
      note(`${second} s of ${run.seconds} s, ${underWay} under way`);
      if (second >= run.seconds - 2) void atFullLoad();
    },
  });
  const bank = await untilBankKnows(bench, sentAtMs.keys());
  const unknown = [...sentAtMs.keys()].filter((payment) => !bank.has(payment));
  errors.push(...unknown.map((payment) => `the bank never heard of ${payment}`));
  if (outcome.left > 0) errors.push(`${outcome.left} creates were never answered`);
  if (outcome.overflowed) errors.push('more creates were under way than a run keeps');
  return { sent: outcome.sent, sentAtMs, createMs, errors, bank, window: { fromMs, toMs: Date.now() } };
}
