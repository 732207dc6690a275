import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { createPayments } from './measure-create.ts';
import type { Measurement } from './measurement.ts';
import { measured } from './measured.ts';
import { percentilesOf } from './percentiles.ts';
import { pollingIn } from './polling-in.ts';

const MOST_CREATES_PER_SECOND = 50;
/** The sandbox runs with the bank's own timers here: a code lives for 180 s and may be asked about every 5 s. */
const INTERVAL_S = 5;
/** What creating did must have passed before the window opens. */
const CALM_MS = 6_000;
const SCAN_TIMER_MS = 180_000;

/** Open payments that no buyer comes to: what asking the bank about them costs. */
export async function measurePoll(bench: Bench): Promise<Measurement> {
  const { open } = bench.options;
  // Whole rounds, so that each payment is asked about as often as the others.
  const seconds = Math.ceil(bench.options.seconds / INTERVAL_S) * INTERVAL_S;
  // Spread over one interval where that is possible, for that is how they arrive in a shop.
  const createRate = Math.min(MOST_CREATES_PER_SECOND, open / INTERVAL_S);
  await bench.ledger.setBuyers(null, bench.signal);
  const bornMs = performance.now();
  const made = await bench.step(`Opening ${open} payments`, (step) =>
    createPayments(bench, { label: 'open', rate: createRate, seconds: open / createRate }, (text) => step.note(text)),
  );
  if (made.errors[0] !== undefined) throw new Error(`opening the payments broke: ${made.errors[0]}`);
  await pause(CALM_MS, undefined, { signal: bench.signal });

  let fromMs = 0;
  let toMs = 0;
  // The house asks all the time here, so it is up to speed.
  const ramp = (): Promise<number> => Promise.resolve(0);
  const run = await measured(bench, ramp, async (atFullLoad) => {
    fromMs = Date.now();
    await bench.step(`Asking about ${open} open payments for ${seconds} s, measured`, async () => {
      await pause(seconds * 1_000, undefined, { signal: bench.signal });
      await atFullLoad();
    });
    toMs = Date.now();
  });
  const stillOpen = performance.now() - bornMs < SCAN_TIMER_MS;
  const bank = await bench.ledger.readAll(bench.signal);
  const polling = pollingIn(bank.values(), { fromMs, toMs, intervalMs: INTERVAL_S * 1_000 });
  const notes = stillOpen ? [] : ['the payments expired before the window closed: take fewer --open or --seconds'];
  return {
    operation: 'question',
    goodRate: null,
    steps: [],
    notes,
    run: {
      ...run,
      rate: open / INTERVAL_S,
      sent: polling.asked,
      operations: polling.asked - polling.unanswered,
      errors: polling.unanswered,
      latencies: { poll_lateness: percentilesOf(polling.latenessMs) },
      further: {},
      facts: [`${open} payments, each due ${INTERVAL_S} s after the previous answer`],
    },
    profiled: (runSeconds) => pause(runSeconds * 1_000, undefined, { signal: bench.signal }),
  };
}
